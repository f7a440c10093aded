"""The disk is full in the middle of a run: a clean message, and nothing lost or doubled once there is room."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import small_disk_process
from support.e2e_cli import Desk, Finished, desk, finished, term, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.asyncio

CRAMPED = small_disk_process.__file__
ROWS = 2_000
NO_ROOM = ("repeat-enroll=new_row", "latency-ms=5")


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[None]:
    """A disk of its own under the folder."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder], check=False)  # noqa: S603, S607
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S603, S607


def make_room(folder: Path) -> None:
    """The disk becomes large enough."""
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)  # noqa: S603, S607


async def gone_on_to_the_end(at: Desk, stopped: Finished) -> None:
    """Resumes, and checks that every row has its seat once."""
    writes = at.sandbox.school.enroll_writes
    assert "Traceback" not in stopped.err
    assert "internal error" not in stopped.err
    assert max(writes.values(), default=1) == 1
    resumed = await at.call("resume", "--json", "--max-in-flight", "32")
    assert resumed.status == 0, resumed.err
    assert resumed.summary["outcomes"]["enrolled"] == ROWS
    assert [row["enroll_outcome"] for row in resumed.rows()] == ["enrolled"] * ROWS
    assert (len(writes), writes.total()) == (ROWS, ROWS)
    again = await at.call("resume")
    assert again.status == 0, again.err
    assert writes.total() == ROWS


async def test_a_state_folder_without_room_stops_the_run_and_resume_goes_on(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(ROWS))
    with small_disk(tmp_path / "state", kib=500):
        async with desk(tmp_path, *NO_ROOM) as at:
            stopped = await at.run(str(roster), "--max-in-flight", "32")
            assert stopped.status == 6, stopped.err
            assert "the disk is full" in stopped.err
            assert 0 < len(at.sandbox.school.enroll_writes) < ROWS
            make_room(tmp_path / "state")
            await gone_on_to_the_end(at, stopped)


async def test_a_results_folder_without_room_loses_no_outcome(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(ROWS))
    with small_disk(tmp_path / "batch-enroll-runs", kib=48):
        async with desk(tmp_path, *NO_ROOM) as at:
            stopped = await at.run(str(roster), "--max-in-flight", "32")
            assert stopped.status == 5, stopped.err
            assert "No space left" in stopped.err
            make_room(tmp_path / "batch-enroll-runs")
            await gone_on_to_the_end(at, stopped)


def room_for_the_results_alone(done: Finished) -> int:
    """KiB that hold all files of a run but its page, in blocks of 4."""
    sizes = [Path(path).stat().st_size for role, path in done.summary["files"].items() if role != "report"]
    room, page = 4 * sum(-(-size // 4096) for size in sizes), Path(done.summary["files"]["report"]).stat().st_size
    assert page > 4 * 4096
    return room + 4


async def test_a_results_folder_with_room_for_the_results_alone_leaves_the_run_its_status(tmp_path: Path) -> None:
    roster = str(write_csv(tmp_path / "term.csv", term(300)))
    async with desk(tmp_path) as at:
        assert (await at.run(roster)).status == 0
        with small_disk(tmp_path / "small", room_for_the_results_alone(await at.run(roster))):
            done = await at.run(roster, "--out", "small")
            assert done.status == 0, done.err
            assert [row["enroll_outcome"] for row in done.rows()] == ["already_enrolled"] * 300
            run_id = done.summary["run_id"]
            left = {file.name for file in (tmp_path / "small" / run_id).iterdir()}
        assert left == {"results.csv", "failed.csv", "summary.json", "log.jsonl"}
        remedy = f"batch-enroll report {run_id}"
        assert f"report.html could not be written (No space left on device); get it with: {remedy}\n" in done.err
        again = await at.call("report", run_id, "-o", "again.html")
        assert again.status == 0, again.err
        assert "All 300 rows are enrolled." in (tmp_path / "again.html").read_text(encoding="utf-8")


async def test_a_workbook_without_room_for_its_parts_is_one_clean_message(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", [{**row, "note": f"{row['note']} " * 200} for row in term(300)])
    async with desk(tmp_path) as at:
        assert (await at.run(str(roster))).status == 0
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(CRAMPED), str(100 * 1024), "report", "--format", "xlsx",
            cwd=tmp_path, env=at.environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        done = await finished(process)
    assert done.status == 5, done.err
    assert "choose another folder with TMPDIR. The ledger has every outcome" in done.err


async def test_files_that_may_not_grow_stop_the_run_and_resume_goes_on(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(ROWS))
    async with desk(tmp_path, *NO_ROOM) as at:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(CRAMPED), str(500 * 1024), "run", str(roster), "--max-in-flight", "32", "--quiet",
            cwd=tmp_path, env=at.environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        stopped = await finished(process)
        assert stopped.status == 6, stopped.err
        assert "the disk" in stopped.err
        assert 0 < len(at.sandbox.school.enroll_writes) < ROWS
        await gone_on_to_the_end(at, stopped)
