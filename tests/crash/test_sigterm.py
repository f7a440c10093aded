"""A service manager stops the process in the middle of everything."""

from __future__ import annotations

from signal import SIGTERM
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import desk, finished, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400
IN_FLIGHT = 64


@pytest.mark.asyncio
async def test_sigterm_with_64_in_flight_loses_nothing(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(ROWS, courses=2))
    async with desk(tmp_path, "repeat-enroll=new_row", "latency-ms=400") as at:
        writes = at.sandbox.school.enroll_writes
        async with at.started("run", "--json", "--max-in-flight", str(IN_FLIGHT), str(roster)) as process:
            with anyio.fail_after(40):
                while process.returncode is None and at.sandbox.requests.in_flight < IN_FLIGHT:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.01)  # noqa: TID251
            process.send_signal(SIGTERM)
            stopped = await finished(process)
        written = len(writes)
        assert stopped.status == 143, stopped.err
        assert IN_FLIGHT <= written < ROWS
        assert stopped.summary["outcomes"]["enrolled"] == written
        assert stopped.summary["outcomes"]["not_attempted"] == ROWS - written
        resumed = await at.call("resume", "--json", "--max-in-flight", str(IN_FLIGHT))
    assert resumed.status == 0, resumed.err
    assert [row["enroll_outcome"] for row in resumed.rows()] == ["enrolled"] * ROWS
    assert (len(writes), writes.total()) == (ROWS, ROWS)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("verify", "term.csv"), "interrupted; nothing was sent; start it again"),
        (("check", "--online", "term.csv"), "interrupted; nothing was sent; start it again"),
        (("sync", "term.csv"), "interrupted; `batch-enroll resume` finishes the run if it had started"),
    ],
)
async def test_sigterm_while_the_server_is_only_asked_is_told_and_leaves_nothing_behind(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "term.csv", term(5))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    async with desk(tmp_path, "latency-ms=60000") as at, at.started(*arguments, "--json") as process:
        with anyio.fail_after(40):
            while process.returncode is None and not at.sandbox.requests.in_flight:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.01)  # noqa: TID251
        process.send_signal(SIGTERM)
        stopped = await finished(process)
    assert (stopped.status, stopped.summary["exit_status"]) == (143, 143)
    assert stopped.err.splitlines()[-1].startswith(f"error: {told}")
    assert list(scratch.iterdir()) == []
