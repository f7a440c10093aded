"""Runs that were cut short and gone on with, by the real commands over real HTTP."""

from __future__ import annotations

from signal import SIGINT, SIGKILL
from typing import TYPE_CHECKING

import anyio
import pytest
from e2e_cli import Desk, Finished, desk, finished, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path
    from signal import Signals

pytestmark = pytest.mark.asyncio


async def broken_off(at: Desk, roster: Path, signal: Signals, *, after: int, flags: tuple[str, ...] = ()) -> None:
    """Starts a run and sends it a signal once the server has `after` seats."""
    async with at.started("run", "--json", str(roster), *flags) as process:
        with anyio.fail_after(60):
            while len(at.sandbox.school.enroll_writes) < after:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.01)
        process.send_signal(signal)
        if signal is SIGKILL:
            await process.communicate()
        else:
            await finished(process)


def complete(done: Finished, rows: int) -> None:
    """Asserts one result for every row, in input order, all enrolled."""
    results = done.rows()
    assert [row["enroll_row"] for row in results] == [str(number) for number in range(2, rows + 2)]
    assert {row["enroll_outcome"] for row in results} == {"enrolled"}
    assert done.summary["outcomes"]["enrolled"] == rows


async def test_after_kill_9_resume_loses_no_row_and_enrolls_none_twice(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(1_500))
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGKILL, after=120, flags=("--max-in-flight", "32"))
        assert len(at.sandbox.school.seats()) < 1_500
        done = await at.call("resume", "--json", "--max-in-flight", "32")
        writes = at.sandbox.school.enroll_writes
        assert (len(writes), writes.total()) == (1_500, 1_500)
    assert done.status == 0
    complete(done, 1_500)


async def test_after_ctrl_c_resume_goes_on_and_a_second_time_has_nothing_to_do(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(800))
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGINT, after=50)
        shown = await at.call("show")
        done = await at.call("resume", "--json")
        again = await at.call("resume")
        assert at.sandbox.school.enroll_writes.total() == 800
    assert f"batch-enroll resume {done.summary['run_id']} --env sandbox" in shown.out
    assert done.status == again.status == 0
    complete(done, 800)
    assert {row["enroll_attempts"] for row in done.rows()} == {"1"}
    assert done.summary["requests"]["sent"] == 800
    assert "Nothing is left to resume" in again.out


async def test_a_roster_that_changed_is_not_gone_on_with_unseen(tmp_path: Path) -> None:
    rows = term(400)
    roster = write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGINT, after=20)
        write_csv(roster, [*rows[:398], {**rows[398], "user_id": "another"}, rows[399], *term(401)[400:]])
        sent = at.sandbox.school.enroll_writes.total()
        refused = await at.call("resume")
        assert at.sandbox.school.enroll_writes.total() == sent
    assert refused.status == 2
    assert "1 changed (term.csv row 400); 1 at its end not recorded before" in refused.err


async def test_a_run_is_gone_on_with_at_its_own_server_only(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(400))
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGINT, after=20)
    async with desk(tmp_path) as other:
        refused = await other.call("resume")
        assert other.sandbox.school.seats() == []
    assert refused.status == 2
    assert "choose the same server" in refused.err
