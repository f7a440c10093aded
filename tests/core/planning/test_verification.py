"""The enrollments of a roster compared with those of the server."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import ClassId, CourseId, EnrollmentKey, Role, SchoolId, ServerEnrollment, UserId
from batch_enroll.core.planning.verification import (
    CheckedRow,
    ExpectedEnrollment,
    VerificationStatus,
    VerifySummary,
    are_lists_cheaper,
    compare_enrollments,
    mark_unanswered,
)
from batch_enroll.core.run_record import Requests

ANA = UserId("ana")


def want(
    row_no: int, course: str = "c", school: str | None = "s", role: Role = Role.STUDENT, **gone: bool
) -> ExpectedEnrollment:
    at = None if school is None else SchoolId(school)
    return ExpectedEnrollment(row_no, EnrollmentKey("test", ANA, CourseId(course), at, role), **gone)


def enrollment(
    course: str = "c", school: str | None = "s", role: Role | None = Role.STUDENT, id_: str = "e1"
) -> ServerEnrollment:
    return ServerEnrollment(id_, CourseId(course), None if school is None else SchoolId(school), role)


def found(wanted: list[ExpectedEnrollment], enrollments: list[ServerEnrollment]) -> list[tuple[int | None, str]]:
    checked = compare_enrollments(ANA, wanted, enrollments, {row.key.course_id for row in wanted})
    return [(each.row_no, each.found.value) for each in checked]


@pytest.mark.parametrize(
    ("wanted", "enrollments", "expected"),
    [
        ([want(1)], [enrollment()], [(1, "confirmed")]),
        ([want(1)], [], [(1, "missing")]),
        ([want(1)], [enrollment(school="other")], [(1, "missing"), (None, "extra")]),
        ([want(1)], [enrollment(course="homeroom")], [(1, "missing")]),  # no course of the roster
        ([want(1)], [enrollment(role=Role.TEACHER)], [(1, "different_role")]),
        ([want(1)], [enrollment(role=None)], [(1, "different_role")]),
        ([want(1)], [enrollment(), enrollment(role=Role.TEACHER)], [(1, "confirmed"), (None, "extra")]),
        ([want(1), want(2, role=Role.TEACHER)], [enrollment()], [(1, "confirmed"), (2, "missing")]),
        ([want(1, school=None)], [enrollment(school="x")], [(1, "confirmed")]),
        ([want(1), want(2)], [enrollment(), enrollment(id_="e2")], [(1, "confirmed"), (2, "confirmed")]),  # two classes
        ([want(1, gone=True)], [], [(1, "confirmed")]),
        ([want(1, gone=True)], [enrollment()], [(1, "still_there")]),
        ([want(1, gone=True), want(2)], [enrollment()], [(1, "not_checked"), (2, "confirmed")]),
        ([want(1, gone=True, role=Role.TEACHER), want(2)], [enrollment()], [(1, "not_checked"), (2, "confirmed")]),
        ([want(1, gone=True), want(2, school="x")], [enrollment()], [(1, "still_there"), (2, "missing")]),
        ([want(1, gone=True), want(2, course="d")], [enrollment()], [(1, "still_there"), (2, "missing")]),
        ([want(1, gone=True), want(2, school=None)], [enrollment()], [(1, "not_checked"), (2, "confirmed")]),
    ],
)
def test_each_row_is_compared_with_the_enrollments_of_its_user(
    wanted: list[ExpectedEnrollment], enrollments: list[ServerEnrollment], expected: list[tuple[int | None, str]]
) -> None:
    assert found(wanted, enrollments) == expected


def test_a_difference_names_the_role_that_the_server_shows() -> None:
    (other,) = compare_enrollments(ANA, [want(1)], [enrollment(role=Role.TEACHER)], {CourseId("c")})
    assert (other.detail, other.enrollment) == ("the server shows role teacher", enrollment(role=Role.TEACHER))
    (odd,) = compare_enrollments(ANA, [want(1)], [enrollment(role=None)], {CourseId("c")})
    assert odd.detail == "the server shows an unknown role"


def test_a_user_who_cannot_be_looked_up_leaves_every_row_open() -> None:
    checked = mark_unanswered(ANA, [want(1), want(2)], "HTTP 503")
    assert [(each.row_no, each.found, each.detail) for each in checked] == [
        (1, VerificationStatus.NO_ANSWER, "HTTP 503"),
        (2, VerificationStatus.NO_ANSWER, "HTTP 503"),
    ]


def test_lists_are_read_where_they_cost_less_than_look_ups() -> None:
    school = SchoolId("s")
    assert are_lists_cheaper({school}, rows=60, users=60)
    assert not are_lists_cheaper({school}, rows=20, users=20)
    assert not are_lists_cheaper({school, None}, rows=60, users=60)


def test_by_class_a_row_speaks_of_its_class_and_of_every_one_where_it_names_none() -> None:
    def of(room: str | None, *, gone: bool = False) -> ExpectedEnrollment:
        row = want(1, gone=gone)
        return replace(row, key=row.key._replace(class_id=None if room is None else ClassId(room)))

    a, b = (replace(enrollment(), class_id=ClassId(room)) for room in "ab")
    assert found([of("a")], [a, b]) == [(1, "confirmed"), (None, "extra")]
    assert found([of("a")], [b]) == [(1, "missing"), (None, "extra")]
    assert found([of(None)], [a, b]) == [(1, "confirmed")]
    assert found([of("a", gone=True), of("b")], [b]) == [(1, "confirmed"), (1, "confirmed")]
    assert found([of("a", gone=True), of(None)], [b]) == [(1, "not_checked"), (1, "confirmed")]


def test_the_summary_counts_what_differs() -> None:
    counts = Counter(
        {
            VerificationStatus.CONFIRMED: 3,
            VerificationStatus.MISSING: 1,
            VerificationStatus.EXTRA: 2,
            VerificationStatus.NOT_CHECKED: 4,
        }
    )
    summary = VerifySummary("r1", "staging", "https://api.test", 5, Requests(6), counts, {"verify": "v.csv"})
    assert (summary.differs, summary.exit_status) == (3, 1)
    assert summary.difference_kinds >= {
        VerificationStatus.MISSING,
        VerificationStatus.EXTRA,
        VerificationStatus.NO_ANSWER,
    }
    assert summary.as_json()["found"] == {
        "confirmed": 3, "missing": 1, "different_role": 0, "still_there": 0, "extra": 2, "no_answer": 0,
        "not_checked": 4,
    }  # fmt: skip
    assert VerifySummary("r1", "", "", 0, Requests(), Counter()).exit_status == 0


IDS = st.sampled_from(["c1", "c2"])
SCHOOLS = st.sampled_from(["s1", "s2"])
ROLES = st.sampled_from(list(Role))
WANTED = st.lists(st.builds(want, st.integers(1, 9), IDS, SCHOOLS, ROLES), max_size=6)
ENROLLMENTS = st.lists(st.builds(enrollment, IDS, SCHOOLS, ROLES), max_size=6)


@given(WANTED, ENROLLMENTS)
def test_every_row_and_every_enrollment_of_its_courses_is_reported_and_none_twice(
    wanted: list[ExpectedEnrollment], enrollments: list[ServerEnrollment]
) -> None:
    courses = {row.key.course_id for row in wanted}
    checked = compare_enrollments(ANA, wanted, enrollments, courses)
    assert [each.wanted for each in checked if each.wanted is not None] == wanted
    extra = [each.enrollment for each in checked if each.found is VerificationStatus.EXTRA]
    matched = [
        each.enrollment
        for each in checked
        if each.found is not VerificationStatus.EXTRA and each.enrollment is not None
    ]
    assert all(
        any(row.is_met_by(one) for row in wanted) or one in matched or one in extra
        for one in enrollments
        if one.course_id in courses
    )
    assert all(one is not None and not any(row.is_met_by(one) for row in wanted) for one in extra)


@given(WANTED)
def test_nothing_differs_where_the_server_has_exactly_the_roster(wanted: list[ExpectedEnrollment]) -> None:
    enrollments = [enrollment(row.key.course_id, row.key.school_id, row.key.role) for row in wanted]
    checked: list[CheckedRow] = compare_enrollments(ANA, wanted, enrollments, {row.key.course_id for row in wanted})
    assert {each.found for each in checked} <= {VerificationStatus.CONFIRMED}
