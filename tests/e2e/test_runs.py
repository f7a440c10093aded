"""`runs` and `purge` by the real command."""

from __future__ import annotations

import os
import pty
import sys
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from support.e2e_cli import Desk

pytestmark = pytest.mark.asyncio


async def test_the_history_lists_runs_the_latest_first(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", term(3))
    bad = write_csv(tmp_path / "bad.csv", [*term(6)[3:], {**term(1)[0], "user_id": ""}])
    async with desk(tmp_path, measured=True) as at:
        none = await at.call("runs")
        assert not (tmp_path / "state").exists()
        runs = [await at.run(str(roster)) for roster in (good, bad)]
        listed, shown = await at.call("runs", "--json"), await at.call("runs")
        last = await at.call("runs", "--json", "--limit", "1")
    assert "There are no runs yet" in none.out
    past = listed.summary["runs"]
    assert [run["run_id"] for run in past] == [run.summary["run_id"] for run in reversed(runs)]
    assert [(run["rows"], run["exit_status"]) for run in past] == [(4, 1), (3, 0)]
    assert past[0]["outcomes"] == runs[1].summary["outcomes"]
    assert past[0]["environment"] == "sandbox"
    assert last.summary["runs"] == past[:1]
    assert shown.out.splitlines()[1].endswith(f"4         3     1  {past[0]['run_id']}")
    assert (listed.status, shown.status) == (0, 0)


async def test_a_killed_run_is_listed_with_what_is_known_of_it(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "long.csv", term(2_000))
    async with desk(tmp_path, "latency-ms=50") as at:
        async with at.started("run", "--json", str(roster)) as process:
            with anyio.fail_after(60):
                while len(at.sandbox.school.enroll_writes) < 20:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.02)
            process.kill()
            await process.communicate()
        listed, shown = await at.call("runs", "--json"), await at.call("runs")
    (run,) = listed.summary["runs"]
    assert run["finished_at"] is run["exit_status"] is None
    assert run["rows"] == sum(run["outcomes"].values()) > 0
    assert f"     -  {run['run_id']}" in shown.out


async def purged(at: Desk, *arguments: str) -> tuple[int, str]:
    done = await at.call("purge", *arguments)
    return done.status, done.out + done.err


async def test_purge_forgets_rows_and_still_knows_the_seats(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(5))
    async with desk(tmp_path) as at:
        done = await at.run(str(roster))
        assert await purged(at, "--older-than", "1d", "--yes") == (0, "0 runs removed from the ledger.\n")
        assert await purged(at, "--older-than", "0s", "--yes") == (0, "1 run removed from the ledger.\n")
        listed = await at.call("runs", "--json")
        again = await at.run(str(roster))
    assert listed.summary["runs"] == []
    assert again.summary["outcomes"]["already_enrolled"] == 5
    assert len(done.rows()) == 5  # the results are the user's own


async def test_purge_asks_nobody_without_a_terminal(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        no_ledger = await purged(at, "--older-than", "90d", "--yes")
        await at.run(str(write_csv(tmp_path / "term.csv", term(2))))
        unasked = await purged(at, "--older-than", "0s")
        odd = await purged(at, "--older-than", "soon", "--yes")
        too_old = await purged(at, "--older-than", "999999d", "--yes")
        listed = await at.call("runs", "--json")
    assert no_ledger[0] == 0
    assert [status for status, _ in (unasked, odd, too_old)] == [2, 2, 2]
    assert "pass --yes" in unasked[1]
    assert "90s, 30m, 2h or 90d" in odd[1]
    assert "no calendar" in too_old[1]
    assert len(listed.summary["runs"]) == 1


@pytest.mark.parametrize(("answer", "status", "told"), [("y", 0, "1 run removed"), ("n", 1, "Nothing was removed.")])
async def test_purge_asks_on_a_terminal(tmp_path: Path, answer: str, status: int, told: str) -> None:
    async with desk(tmp_path, measured=True) as at:
        await at.run(str(write_csv(tmp_path / "term.csv", term(2))))
        if sys.platform == "win32":
            pytest.skip("needs a terminal of POSIX")
        ours, theirs = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        async with at.started("purge", "--older-than", "0s", stdin=theirs) as process:
            out, err = await process.communicate()
        os.close(ours)
        os.close(theirs)
    assert b"for good?" in err + out
    assert (process.returncode, told in out.decode()) == (status, True)


async def test_purge_is_refused_while_a_run_goes_on_and_disturbs_it_not(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "long.csv", term(2_000))
    async with desk(tmp_path, "latency-ms=100") as at, at.started("run", str(roster)) as process:
        with anyio.fail_after(60):
            while not at.sandbox.school.enroll_writes:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.02)
        status, told = await purged(at, "--older-than", "0s", "--yes")
        assert process.returncode is None
    assert status == 6
    assert f"process {process.pid}" in told
