"""Identity of a seat, and the places people look at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import (
    Action,
    ClassId,
    CourseId,
    EnrollmentKey,
    EnrollmentState,
    Outcome,
    OutcomeKind,
    Role,
    RowLocation,
    RowProblem,
    SchoolId,
    UserId,
)
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict.enrollment_matching import state_after

ids = st.text(min_size=1, max_size=6)
keys = st.builds(
    EnrollmentKey,
    scope=ids,
    user_id=ids.map(UserId),
    course_id=ids.map(CourseId),
    school_id=st.none() | ids.map(SchoolId),
    role=st.sampled_from(Role),
    class_id=st.none() | ids.map(ClassId),
)


@given(keys, keys)
def test_two_keys_share_a_digest_only_if_they_are_the_same_seat(one: EnrollmentKey, other: EnrollmentKey) -> None:
    assert (one.digest() == other.digest()) == (one == other)


def test_ids_that_run_into_each_other_are_different_seats() -> None:
    one = EnrollmentKey("s", UserId("ab"), CourseId("c"), None, Role.STUDENT)
    other = EnrollmentKey("s", UserId("a"), CourseId("bc"), None, Role.STUDENT)
    assert one.digest() != other.digest()


def test_a_seat_without_a_class_keeps_the_digest_that_ledgers_hold() -> None:
    key = EnrollmentKey("s", UserId("u"), CourseId("c"), SchoolId("o"), Role.STUDENT)
    assert key.digest().hex() == "befc84016ff523106017d9a789c82e8d"
    assert key._replace(school_id=None).digest().hex() == "555a7261c09c78afa6c566d02b9b7920"
    assert key._replace(class_id=ClassId("x")).digest() != key.digest()


def test_a_digest_has_sixteen_bytes() -> None:
    assert len(EnrollmentKey("s", UserId("u"), CourseId("c"), SchoolId("o"), Role.TEACHER).digest()) == 16


def test_a_place_reads_as_a_person_would_say_it() -> None:
    assert str(RowLocation("grade7.xlsx", 41)) == "grade7.xlsx row 41"
    assert str(RowLocation("grade7.xlsx", 41, "Period 3")) == "grade7.xlsx [Period 3] row 41"


def test_a_problem_names_its_column_if_it_has_one() -> None:
    assert str(RowProblem("E101", "is empty", column="user_id")) == "user_id: is empty"
    assert str(RowProblem("E107", "class c1 is not in classes.csv")) == "class c1 is not in classes.csv"


def test_what_a_seat_is_after_its_row_depends_on_what_the_row_was_for() -> None:
    for kind in OutcomeKind:
        state = state_after(Outcome(kind), Action.ENROLL)
        expected = {
            OutcomeKind.ENROLLED: EnrollmentState.ENROLLED,
            OutcomeKind.ALREADY_ENROLLED: EnrollmentState.ENROLLED,
            OutcomeKind.WITHDRAWN: EnrollmentState.WITHDRAWN,
            OutcomeKind.ALREADY_WITHDRAWN: EnrollmentState.WITHDRAWN,
            OutcomeKind.UNKNOWN: EnrollmentState.UNKNOWN,
        }.get(kind, EnrollmentState.OPEN)
        assert state is expected
    assert state_after(Outcome(OutcomeKind.FAILED), Action.WITHDRAW) is EnrollmentState.UNKNOWN


def test_requests_of_two_parts_of_a_run_add_up() -> None:
    assert Requests(5, 2, 1) + Requests(10, 0, 3) == Requests(15, 2, 4)
