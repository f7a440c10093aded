"""A line that holds several seats, from the roster to its results and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.memory_ledger import MemoryLedger
from support.roster_files import opened, write_csv

from batch_enroll import workflows
from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import Outcome, OutcomeKind, RunId, SettledRow
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord

if TYPE_CHECKING:
    from pathlib import Path

    from batch_enroll.ports import RosterSource

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
RUN_ID = RunId("r1")
RULES = PlanSettings("test", RUN_ID, NOON.date(), Defaults())
UPLOAD = [
    ("username", "idnumber", "course1", "course2"),
    ("ada", "7", "ART", "MATH"),
    ("bob", "8", "", "MATH"),
]


def ledger_after(source: RosterSource) -> tuple[RunRecord, MemoryLedger]:
    """A run of the roster in which every seat failed."""
    record = RunRecord(RUN_ID, "test", "https://api.test", "test", source.columns, NOON, "runs/r1")
    ledger = MemoryLedger(lambda: NOON)
    ledger.begin(record)
    rows = workflows.BatchPlanner(source, RULES, ledger).next_batch(None)
    failed = Outcome(OutcomeKind.FAILED, "E301", attempts=6)
    ledger.settle(RUN_ID, [SettledRow(row.row_no, row.request.key, failed) for row in rows if row.request is not None])
    return record, ledger


def lines_of(record: RunRecord, ledger: MemoryLedger) -> list[list[str]]:
    """The lines of failed.csv."""
    header = [*record.columns, "enroll_row", "enroll_outcome"]
    return [header, *([*line.cells, str(line.location.row), "failed"] for line in ledger.results(RUN_ID))]


def test_each_seat_of_a_line_is_mended_on_its_own(tmp_path: Path) -> None:
    record, ledger = ledger_after(opened(write_csv(tmp_path / "upload.csv", UPLOAD)))
    header, *lines = lines_of(record, ledger)
    told = [(line[header.index("seat_from")], line[header.index("enroll_row")]) for line in lines]
    assert told == [("course1", "2"), ("course2", "2"), ("course2", "3")]
    lines[1][header.index("course_id")] = "MATH-7"
    failed = opened(write_csv(tmp_path / "failed.csv", [header, *lines[1:]]))
    mended = list(workflows.Corrections(failed, record, ledger).rows())
    assert mended[0] is None
    assert [(row.fields["user_id"], row.fields["course_id"]) for row in mended if row is not None] == [
        ("7", "MATH-7"),
        ("8", "MATH"),
    ]


def test_a_seat_that_is_named_twice_or_is_not_of_the_run_is_refused(tmp_path: Path) -> None:
    record, ledger = ledger_after(opened(write_csv(tmp_path / "upload.csv", UPLOAD)))
    header, first, *_ = lines_of(record, ledger)
    twice = opened(write_csv(tmp_path / "twice.csv", [header, first, first]))
    with pytest.raises(UsageError, match="correct the same row"):
        workflows.Corrections(twice, record, ledger)
    first[header.index("seat_from")] = "course9"
    foreign = opened(write_csv(tmp_path / "foreign.csv", [header, first]))
    with pytest.raises(UsageError, match="has no such row"):
        workflows.Corrections(foreign, record, ledger)
