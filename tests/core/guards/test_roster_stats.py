"""Figures of a roster: rows, withdrawals, students of a course, enrollments of a school, dates of a term."""

from __future__ import annotations

from datetime import date

import pytest
from support.guarded_rosters import pupils, stats_of

from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats, format_count
from batch_enroll.core.roster.row_parser import Defaults

SMALL = GuardLimits(course_students=30, school_seats=100, withdrawals=50)


def test_rows_and_withdrawals_are_counted() -> None:
    stats = stats_of([*pupils(3), *pupils(2, status="toBeDeleted"), *pupils(1, status="active")])
    assert (stats.rows, stats.withdrawals, stats.over_capacity) == (6, 2, "")
    assert stats_of([]) == RosterStats(Defaults(), GuardLimits())


def test_the_usual_limits() -> None:
    usual = GuardLimits()
    assert (usual.least_share, usual.withdrawals, usual.withdrawn_share) == (0.6, 1_000, 0.2)
    assert (usual.course_students, usual.school_seats, usual.days) == (5_000, 200_000, 366)


def test_a_course_takes_as_many_students_as_its_limit_and_not_one_more() -> None:
    assert stats_of(pupils(30, courses=1), SMALL).over_capacity == ""
    assert (
        stats_of(pupils(31, courses=1), SMALL).over_capacity == 'course "c0" at school "s1" takes more than 30 students'
    )


def test_students_of_a_course_are_counted_for_each_school() -> None:
    rows = [*pupils(30, courses=1), *pupils(30, courses=1, also={"school_id": "s2"})]
    assert stats_of(rows, SMALL).over_capacity == ""


def test_course_school_and_role_given_for_all_rows_count_too() -> None:
    rows = [{"user_id": f"u{n}"} for n in range(31)]
    defaults = Defaults(course_id="MATH-7", role="student")
    assert stats_of(rows, SMALL, defaults).over_capacity == 'course "MATH-7" takes more than 30 students'
    placed = Defaults(course_id="MATH-7", school_id="s9")
    assert stats_of(rows, SMALL, placed).over_capacity == 'course "MATH-7" at school "s9" takes more than 30 students'
    assert stats_of(rows, SMALL, Defaults(course_id="MATH-7", role="teacher")).over_capacity == ""


def test_teachers_rows_without_a_course_and_withdrawals_fill_no_course() -> None:
    rows = [
        *pupils(31, courses=1, role="Teacher"),
        *({"user_id": f"x{n}"} for n in range(31)),
        *pupils(31, courses=1, status="deleted"),
    ]
    assert stats_of(rows, SMALL).over_capacity == ""
    assert stats_of(rows, SMALL).describe_fullest_course() == "no course takes a student"


def test_a_school_gets_as_many_enrollments_as_its_limit_and_not_one_more() -> None:
    assert stats_of(pupils(100, courses=50), SMALL).over_capacity == ""
    assert stats_of(pupils(101, courses=50), SMALL).over_capacity == 'school "s1" gets more than 100 enrollments'


def test_the_first_course_or_school_that_takes_too_many_is_the_one_that_is_named() -> None:
    stats = stats_of([*pupils(40, courses=1), *pupils(100, courses=50)], SMALL)
    assert stats.over_capacity == 'course "c0" at school "s1" takes more than 30 students'


def test_the_fullest_course_is_named_with_its_students() -> None:
    rows = [*pupils(2, courses=1), *pupils(4_999, courses=1, also={"course_id": "big"}), *pupils(3, courses=1)]
    assert stats_of(rows).describe_fullest_course() == 'course "big" at school "s1" takes 4,999 students'
    assert stats_of([{"user_id": "u", "course_id": "c"}]).describe_fullest_course() == 'course "c" takes 1 student'


def test_first_and_last_days_are_each_listed_once_in_their_order() -> None:
    rows = [
        *pupils(2, begin_date="2026-09-01", end_date="2027-06-30"),
        *pupils(2, begin_date="2026-08-25", end_date="2027-01-31"),
    ]
    stats = stats_of(rows)
    assert stats.begin_dates() == [date(2026, 8, 25), date(2026, 9, 1)]
    assert stats.end_dates() == [date(2027, 1, 31), date(2027, 6, 30)]


def test_a_row_without_a_day_leaves_the_term_open_unless_one_is_given_for_all_rows() -> None:
    rows = [*pupils(1, begin_date="2026-09-01", end_date="2027-06-30"), *pupils(1)]
    assert (stats_of(rows).begin_dates(), stats_of(rows).end_dates()) == ([], [])
    given = stats_of(rows, defaults=Defaults(begin_date="2026-08-25"))
    assert given.begin_dates() == [date(2026, 8, 25), date(2026, 9, 1)]


def test_a_text_that_is_not_a_date_is_left_out() -> None:
    assert stats_of(pupils(2, begin_date="soon")).begin_dates() == []


@pytest.mark.parametrize("different", [1_000, 1_001])
def test_different_dates_are_kept_up_to_a_number_that_no_term_has(different: int) -> None:
    rows = [{"user_id": "u", "course_id": "c", "begin_date": f"{n}", "end_date": "x"} for n in range(different)]
    assert len(stats_of(rows)._begins) == 999  # with the one end, a thousand


def test_one_is_counted_in_the_singular() -> None:
    assert [format_count(number, "row") for number in (0, 1, 2, 1_000)] == ["0 rows", "1 row", "2 rows", "1,000 rows"]
