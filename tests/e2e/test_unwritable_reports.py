"""A report that cannot be written costs no run its exit status: one line names it and the command that writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import Desk, Finished, desk, term, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.asyncio

ROWS = 12


async def finished_with_blocked(at: Desk, names: Sequence[str], *flags: str) -> tuple[Finished, Path]:
    """A run whose row was fixed and sent again while its folder could not take the files of these names."""
    rows = [dict(row) for row in term(ROWS)]
    first = await at.run(str(write_csv(at.folder / "term.csv", [{**rows[0], "user_id": ""}, *rows[1:]])))
    assert first.status == 1, first.err
    folder = Path(first.summary["files"]["results"]).parent
    fixed = write_csv(at.folder / "fixed.csv", [{**row, "user_id": "000000"} for row in first.rows("failed")])
    for name in names:
        (folder / name).unlink()
        (folder / name).mkdir()
    return await at.call("retry", "--from", str(fixed), *flags), folder


async def test_a_page_that_cannot_be_written_leaves_the_run_its_status_and_its_other_files(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done, folder = await finished_with_blocked(at, ["report.html"], "--json")
        assert done.status == 0, done.err
        run_id = folder.name
        (line,) = [line for line in done.err.splitlines() if "report.html" in line]
        assert line == f"report.html could not be written (Is a directory); get it with: batch-enroll report {run_id}"
        assert {row["enroll_outcome"] for row in done.rows()} == {"enrolled"}
        assert len(done.rows()) == ROWS
        assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == done.summary
        assert done.summary["outcomes"]["enrolled"] == ROWS
        assert "report" not in done.summary["files"]
        logged = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        (record,) = [record for record in logged if record["event"] == "report_failed"]
        assert (record["level"], record["report"], record["reason"]) == ("warning", "report.html", "Is a directory")
        assert record["remedy"] == f"batch-enroll report {run_id}"
        shown = await at.call("show", "--json")
        assert (shown.summary["exit_status"], shown.summary["finished_at"]) == (0, done.summary["finished_at"])
        again = await at.call(*record["remedy"].split()[1:])
        assert again.status == 0, again.err
        assert "All 12 rows are enrolled." in (tmp_path / f"{run_id}.html").read_text(encoding="utf-8")


async def test_a_summary_that_cannot_be_written_is_named_even_when_the_run_is_quiet(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done, folder = await finished_with_blocked(at, ["report.html", "summary.json"], "--quiet")
        assert done.status == 0, done.err
        assert done.err.splitlines() == [
            f"report.html could not be written (Is a directory); get it with: batch-enroll report {folder.name}",
            f"summary.json could not be written (Is a directory); get it with: batch-enroll show {folder.name} --json",
        ]
        shown = await at.call("show", "--json")
        assert shown.summary["exit_status"] == 0
        assert {row["enroll_outcome"] for row in shown.rows()} == {"enrolled"}


async def test_a_page_of_an_earlier_attempt_does_not_stay_to_contradict_the_results(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        first = await at.run(str(write_csv(tmp_path / "term.csv", [{**row, "user_id": ""} for row in term(1)])))
        folder = Path(first.summary["files"]["results"]).parent
        assert "0 of 1 row is enrolled" in (folder / "report.html").read_text(encoding="utf-8")
        (folder / ".report.html.new").mkdir()  # where the new page is written until it is complete
        fixed = write_csv(tmp_path / "fixed.csv", [{**row, "user_id": "000000"} for row in first.rows("failed")])
        done = await at.call("retry", "--from", str(fixed), "--json")
        assert done.status == 0, done.err
        assert "report.html could not be written (Is a directory)" in done.err
        assert {row["enroll_outcome"] for row in done.rows()} == {"enrolled"}
        assert not (folder / "report.html").exists()


async def test_records_on_stderr_hold_it_once_and_nothing_else_is_mixed_in(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done, _ = await finished_with_blocked(at, ["report.html"], "--log-format", "json")
        assert done.status == 0, done.err
        records = [json.loads(line) for line in done.err.splitlines()]
        assert [record["report"] for record in records if record["event"] == "report_failed"] == ["report.html"]


async def test_results_that_cannot_be_written_end_the_run_with_5_and_resume_writes_them(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done, folder = await finished_with_blocked(at, ["results.csv"])
        assert done.status == 5
        assert "the ledger has every outcome" in done.err
        (folder / "results.csv").rmdir()
        resumed = await at.call("resume", "--json")
        assert resumed.status == 0, resumed.err
        assert [row["enroll_outcome"] for row in resumed.rows()] == ["enrolled"] * ROWS
