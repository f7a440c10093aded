"""The steps that make the server's seats equal to the roster's."""

from __future__ import annotations

from batch_enroll.core.model import CourseId, Role, SchoolId, UserId
from batch_enroll.core.sync import Differences, Place, SeatKey, Wish, in_scope, named_by_delta, synced


def seat(user: str, course: str = "c", role: Role = Role.STUDENT, school: str = "s") -> SeatKey:
    return SeatKey(UserId(user), CourseId(course), SchoolId(school), role)


def wishes(*seats: SeatKey) -> dict[SeatKey, Wish]:
    return {
        one: Wish({"user_id": one.user_id, "course_id": one.course_id, "school_id": one.school_id}, f"row {nth}")
        for nth, one in enumerate(seats, 2)
    }


def told(found: Differences, wanted: dict[SeatKey, Wish], *, withdraw: bool) -> list[tuple[str, str, str]]:
    return [
        (step.action.value, step.fields["user_id"], step.fields["role"])
        for step in synced(found, wanted, withdraw=withdraw).steps
    ]


def test_what_is_missing_is_enrolled_and_what_nobody_wants_is_left_unless_asked_for() -> None:
    found = Differences([seat("new")], [seat("old")], [seat("gone")])
    wanted = wishes(seat("new"), seat("old"))
    assert told(found, wanted, withdraw=False) == [("enroll", "new", "student")]
    assert told(found, wanted, withdraw=True) == [("withdraw", "gone", "student"), ("enroll", "new", "student")]
    assert synced(found, wanted, withdraw=False).counts == {"kept": 1, "role_changes": 0, "left": 1}
    assert synced(found, wanted, withdraw=True).counts == {"kept": 1, "role_changes": 0, "left": 0}


def test_a_role_is_changed_by_taking_the_old_one_before_the_new_one_is_given() -> None:
    found = Differences([seat("ana", role=Role.TEACHER)], [], [seat("ana")])
    wanted = wishes(seat("ana", role=Role.TEACHER))
    assert told(found, wanted, withdraw=True) == [("withdraw", "ana", "student"), ("enroll", "ana", "teacher")]
    done = synced(found, wanted, withdraw=True)
    assert done.counts["role_changes"] == 1
    assert [step.why for step in done.steps] == ["the roster wants another role", "another role"]
    assert told(found, wanted, withdraw=False) == [("enroll", "ana", "teacher")]


def test_a_role_that_goes_along_with_another_one_is_given_again() -> None:
    found = Differences([], [seat("ana"), seat("ben")], [seat("ana", role=Role.PROCTOR)])
    wanted = wishes(seat("ana"), seat("ben"))
    assert told(found, wanted, withdraw=True) == [("withdraw", "ana", "proctor"), ("enroll", "ana", "student")]
    assert told(found, wanted, withdraw=False) == []


def test_seats_elsewhere_are_none_of_its_business_and_two_classes_are_one_seat() -> None:
    pairs = frozenset({(CourseId("c"), SchoolId("s"))})
    listed = [seat("ana"), seat("ana"), seat("ana", course="d"), seat("ana", school="t"), seat("ben")]
    assert in_scope(listed, pairs) == [seat("ana"), seat("ben")]
    assert seat("ana").place == Place(UserId("ana"), CourseId("c"), SchoolId("s"))


def test_a_delta_speaks_of_what_it_names_and_leaving_one_of_two_classes_is_not_leaving() -> None:
    listed = [seat("ana"), seat("ana"), seat("ben"), seat("cora"), seat("dan")]
    leaving = {seat("ana"): 1, seat("ben"): 1, seat("gone"): 1}
    assert named_by_delta(listed, wishes(seat("cora")), leaving) == [seat("ben"), seat("cora")]
    assert named_by_delta(listed, {}, {seat("ana"): 2}) == [seat("ana")]


def test_nobody_waits_for_the_others_to_get_the_new_role() -> None:
    found = Differences(
        [seat("ana", role=Role.TEACHER), seat("ben", role=Role.TEACHER)], [], [seat("ana"), seat("ben")]
    )
    wanted = wishes(*found.missing)
    assert [user for _, user, _ in told(found, wanted, withdraw=True)] == ["ana", "ana", "ben", "ben"]
