"""What a roster withdraws, and what its other rows keep."""

from __future__ import annotations

import pytest
from support.fakes import FakeRoster
from support.harness import NOON
from support.memory_ledger import MemoryLedger

from batch_enroll.core.model import CourseId, RowLocation, RowProblem, RunId, SchoolId, SourceRow, UserId
from batch_enroll.core.planning.protected_enrollments import SchoolClass, UserCourse
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.workflows import PlannedWithdrawals, count_withdrawals

RULES = PlanSettings("test", RunId("r1"), NOON.date(), Defaults(), withdraw=True)
PAIR = UserCourse(UserId("u1"), CourseId("c1"))


def row(user: str = "u1", course: str = "c1", school: str = "s1", **more: str) -> dict[str, str]:
    return {"user_id": user, "course_id": course, "school_id": school} | more


def left(*rows: dict[str, str]) -> PlannedWithdrawals:
    return count_withdrawals(FakeRoster(list(rows)).rows, RULES, MemoryLedger(lambda: NOON))


GONE = {"status": "tobedeleted"}


def test_seats_are_counted_once_and_kept_ones_not_at_all() -> None:
    found = left(row(**GONE), row(**GONE), row("u2", **GONE), row("u3", **GONE), row("u3"))
    assert found.count == 2
    assert found.protected.protects(UserCourse(UserId("u3"), CourseId("c1")), SchoolClass(SchoolId("s1")))
    assert not found.protected.protects(PAIR, SchoolClass(SchoolId("s1")))


def test_a_class_or_role_that_stays_keeps_the_seats_of_the_course() -> None:
    for other in (row(class_id="b"), row(role="teacher"), row(school="")):
        assert left(other, row(class_id="a", **GONE)).count == 0
    assert left(row(school="s2"), row(**GONE)).count == 1
    assert left(row(school="s2"), row(school="", **GONE)).count == 0


def test_rows_that_leave_the_same_place_are_told() -> None:
    kept = left(row(**GONE), row(role="teacher", **GONE), row("u2", **GONE)).protected
    assert kept.count_withdrawals_at(PAIR, SchoolClass(SchoolId("s1"))) == 2
    assert kept.count_withdrawals_at(UserCourse(UserId("u2"), CourseId("c1")), SchoolClass(SchoolId("s1"))) == 1


def test_a_row_that_ended_keeps_nothing_and_one_that_cannot_be_read_keeps_what_it_names() -> None:
    assert left(row(end_date="2020-01-01"), row(**GONE)).count == 1
    assert left(row(role="wizard"), row(**GONE)).count == 0
    assert left(row(user=""), row(**GONE)).count == 1


def unclear(code: str, **fields: str) -> SourceRow:
    return SourceRow(RowLocation("term.csv", 9), (), fields, RowProblem(code, "not found"))


@pytest.mark.parametrize(
    ("row_", "seats"),
    [
        (unclear("E122", user_id="u1"), 1),
        (unclear("E123", user_id="u1", course_id="c1"), 1),
        (unclear("E123", user_id="u1", course_id="c2"), 2),
        (unclear("E124", course_id="c1"), 0),
        (unclear("E124"), 0),
        (unclear("E125", user_id="u3"), 2),
        (unclear("E121"), 2),
        (unclear("E122", user_id="u1", status="ToBeDeleted"), 2),
    ],
)
def test_a_row_whose_ids_were_not_found_keeps_all_that_it_may_mean(row_: SourceRow, seats: int) -> None:
    gone = list(FakeRoster([row(**GONE), row("u2", **GONE)]).rows())
    assert count_withdrawals(lambda: [*gone, row_], RULES, MemoryLedger(lambda: NOON)).count == seats


def test_a_roster_without_withdrawals_is_read_once() -> None:
    roster = FakeRoster([row()])
    assert count_withdrawals(roster.rows, RULES, MemoryLedger(lambda: NOON)).count == 0
    assert roster.rows_given == 1
