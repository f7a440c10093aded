"""Rows of an earlier run that are planned again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from batch_enroll.core.model import (
    Action,
    EnrollmentState,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    ResultRow,
    RowLocation,
    RunId,
    SourceRow,
)
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.resume_planner import (
    TO_RESUME,
    TO_RETRY,
    TO_RETRY_ALL,
    Changes,
    compare_rows,
    replan_rows,
)
from batch_enroll.core.roster.row_parser import Defaults

RUN = RunId("r1")
RULES = row_planner.PlanSettings("test", RUN, date(2026, 9, 1), Defaults())
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def source(row: int = 2, user: str = "u1") -> SourceRow:
    return SourceRow(RowLocation("term.csv", row), (user, "c1"), {"user_id": user, "course_id": "c1"})


def line(kind: OutcomeKind, attempts: int = 0, *, settled: bool = True, user: str = "u1") -> ResultRow:
    outcome = Outcome(kind, attempts=attempts)
    return ResultRow(1, RowLocation("term.csv", 2), (user, "c1"), outcome, NOON if settled else None)


@pytest.mark.parametrize(
    ("before", "state", "action", "sent_before"),
    [
        (line(OutcomeKind.UNKNOWN, settled=False), EnrollmentState.CLAIMED, Action.LOOK_UP, True),
        (line(OutcomeKind.UNKNOWN, 1), EnrollmentState.UNKNOWN, Action.LOOK_UP, True),
        (line(OutcomeKind.UNKNOWN, 0), EnrollmentState.UNKNOWN, Action.LOOK_UP, False),
        (line(OutcomeKind.UNKNOWN, 1, user="corrected"), EnrollmentState.UNKNOWN, Action.LOOK_UP, False),
        (line(OutcomeKind.NOT_ATTEMPTED), EnrollmentState.OPEN, Action.ENROLL, False),
        (line(OutcomeKind.FAILED, 6), EnrollmentState.OPEN, Action.ENROLL, False),
    ],
)
def test_what_may_have_been_sent_is_looked_up_and_counts_as_this_runs_work(
    before: ResultRow,
    state: EnrollmentState,
    action: Action,
    sent_before: bool,  # noqa: FBT001 - expected
) -> None:
    reading = row_planner.parse_row(1, source(), RULES)
    assert reading.request is not None
    known = {reading.request.key: LedgerEntry(state, RUN, 1, RowLocation("term.csv", 2))}
    (row,) = replan_rows([reading], {1: before}, known, RULES)
    assert row.request is not None
    assert (row.request.action, row.request.sent_before) == (action, sent_before)


def test_a_row_that_another_row_of_the_run_claimed_stays_a_repeat() -> None:
    reading = row_planner.parse_row(9, source(10), RULES)
    assert reading.request is not None
    known = {reading.request.key: LedgerEntry(EnrollmentState.ENROLLED, RUN, 1, RowLocation("term.csv", 2))}
    (row,) = replan_rows([reading], {}, known, RULES)
    assert row.outcome is not None
    assert row.outcome.detail == "repeats term.csv row 2"


def test_each_command_takes_more_than_the_one_before() -> None:
    assert TO_RESUME < TO_RETRY < TO_RETRY_ALL
    assert OutcomeKind.ENROLLED not in TO_RETRY_ALL
    assert OutcomeKind.REJECTED not in TO_RETRY


def test_a_changed_roster_is_shown_by_its_first_rows_and_counts() -> None:
    lines = [line(OutcomeKind.ENROLLED), *[line(OutcomeKind.FAILED)] * 29]
    sources = [source(row, f"new{row}") for row in range(2, 32)]
    changes = compare_rows([*sources, source(32)], lines)
    assert (changes.changed, changes.enrolled, changes.added, changes.gone) == (30, 1, 1, 0)
    assert len(changes.places) == 20
    assert str(changes).startswith("rows: 30 changed (term.csv row 2, term.csv row 3")
    assert str(changes).endswith("term.csv row 21, ...); 1 at its end not recorded before")


def test_a_roster_that_lost_rows_or_changed_only_in_bytes_is_shown_too() -> None:
    same = [line(OutcomeKind.ENROLLED)] * 3
    assert str(compare_rows([source()], same)) == "rows: 2 at its end gone"
    assert compare_rows([source()] * 3, same) == Changes()
    assert str(Changes()) == "no recorded row has other cells, but the files differ"
    assert compare_rows([replace(source(), cells=("u1",))], same[:1]).changed == 1
