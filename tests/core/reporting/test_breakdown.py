"""Rows by course and school."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.past_runs import ENROLLED, FAILED, INVALID, RUN, SKIPPED, START

from batch_enroll.core.model import ResultRow, RowLocation
from batch_enroll.core.reporting.breakdown import Breakdown, breakdown_as_json

if TYPE_CHECKING:
    from batch_enroll.core.model import Outcome
    from batch_enroll.core.run_record import RunRecord


def broken_down(run: RunRecord, *rows: tuple[tuple[str, ...], Outcome]) -> Breakdown:
    breakdown = Breakdown(run)
    for number, (cells, outcome) in enumerate(rows, 1):
        breakdown.add(ResultRow(number, RowLocation("term.csv", number + 1), cells, outcome, START))
    return breakdown


def test_rows_are_counted_by_their_cells_whether_they_were_sent_or_not() -> None:
    run = replace(RUN, columns=("user_id", "courseSourcedId", "School"), options={"map": {"school_id": "School"}})
    breakdown = broken_down(
        run,
        (("u1", "maths", "north"), ENROLLED),
        (("u2", " maths ", "north"), SKIPPED),
        (("u3", "art", "south"), FAILED),
        (("u4", "", ""), INVALID),
        (("u5",), INVALID),
    )
    assert [(share.name, share.rows, share.succeeded, share.to_fix) for share in breakdown.courses()] == [
        ("", 2, 0, 2),
        ("art", 1, 0, 1),
        ("maths", 2, 1, 0),
    ]
    assert [share.name for share in breakdown.schools()] == ["", "south", "north"]
    assert breakdown_as_json(breakdown.courses())[-1] == {
        "name": "maths",
        "rows": 2,
        "outcomes": {"enrolled": 1, "skipped": 1},
    }


def test_the_options_of_the_run_fill_blank_cells() -> None:
    run = replace(RUN, columns=("user_id", "course_id"), options={"course_id": "maths", "school_id": "north"})
    breakdown = broken_down(run, (("u1", ""), ENROLLED), (("u2", "art"), ENROLLED))
    assert [share.name for share in breakdown.courses()] == ["art", "maths"]
    assert [share.name for share in breakdown.schools()] == ["north"]


def test_rows_that_name_none_at_all_are_not_broken_down() -> None:
    breakdown = broken_down(replace(RUN, columns=("user_id",)), (("u1",), ENROLLED))
    assert (breakdown.courses(), breakdown.schools()) == ([], [])


def test_columns_that_cannot_be_mapped_leave_the_breakdown_empty() -> None:
    run = replace(RUN, columns=("user_id", "course_id"), options={"map": {"course_id": "gone"}})
    assert broken_down(run, (("u1", "maths"), ENROLLED)).courses() == []
