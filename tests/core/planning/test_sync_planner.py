"""The steps that make the server's seats equal to the roster's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import Action, ClassId, CourseId, Role, SchoolId, UserId
from batch_enroll.core.planning.sync_planner import (
    DesiredEnrollment,
    Differences,
    EnrollmentIdentity,
    SyncRoute,
    UserCourseSchool,
    in_scope,
    in_several_classes,
    in_the_rows_words,
    named_by_delta,
    plan_sync,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.planning.plan_document import PlanStep


PAIRS: Final = SyncRoute()
CLASSES: Final = SyncRoute(by_class=True)
COUNTS: Final = {"kept": 1, "role_changes": 0, "left": 0, "left_beside_another_class": 0}
TEACHER: Final = Role.TEACHER


def seat(
    user: str, course: str = "c", role: Role = Role.STUDENT, school: str = "s", room: str | None = None
) -> EnrollmentIdentity:
    at = None if room is None else ClassId(room)
    return EnrollmentIdentity(UserId(user), CourseId(course), SchoolId(school), role, at)


def wishes(*seats: EnrollmentIdentity) -> dict[EnrollmentIdentity, DesiredEnrollment]:
    return {
        one: DesiredEnrollment(
            {"user_id": one.user_id, "course_id": one.course_id, "school_id": one.school_id}, f"row {nth}"
        )
        for nth, one in enumerate(seats, 2)
    }


def told(
    found: Differences, wanted: dict[EnrollmentIdentity, DesiredEnrollment], route: SyncRoute = PAIRS, *, withdraw: bool
) -> list[tuple[str, str, str]]:
    return [
        (step.action.value, step.fields["user_id"], step.fields["role"])
        for step in plan_sync(found, wanted, route, withdraw=withdraw).steps
    ]


def test_what_is_missing_is_enrolled_and_what_nobody_wants_is_left_unless_asked_for() -> None:
    found = Differences([seat("new")], [seat("old")], [seat("gone")])
    wanted = wishes(seat("new"), seat("old"))
    assert told(found, wanted, withdraw=False) == [("enroll", "new", "student")]
    assert told(found, wanted, withdraw=True) == [("withdraw", "gone", "student"), ("enroll", "new", "student")]
    assert plan_sync(found, wanted, PAIRS, withdraw=False).counts == COUNTS | {"left": 1}
    assert plan_sync(found, wanted, PAIRS, withdraw=True).counts == COUNTS


def test_a_role_is_changed_by_taking_the_old_one_before_the_new_one_is_given() -> None:
    found = Differences([seat("ana", role=Role.TEACHER)], [], [seat("ana")])
    wanted = wishes(seat("ana", role=Role.TEACHER))
    assert told(found, wanted, withdraw=True) == [("withdraw", "ana", "student"), ("enroll", "ana", "teacher")]
    done = plan_sync(found, wanted, PAIRS, withdraw=True)
    assert done.counts["role_changes"] == 1
    assert [step.why for step in done.steps] == ["the roster wants another seat here", "another role"]
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
    assert seat("ana").place == UserCourseSchool(UserId("ana"), CourseId("c"), SchoolId("s"))


def test_a_delta_speaks_of_what_it_names_and_leaving_one_of_two_classes_is_not_leaving() -> None:
    listed = [seat("ana"), seat("ana"), seat("ben"), seat("cora"), seat("dan")]
    leaving = {seat("ana"): 1, seat("ben"): 1, seat("gone"): 1}
    assert named_by_delta(listed, wishes(seat("cora")), leaving) == [seat("ben"), seat("cora")]
    assert named_by_delta(listed, {}, {seat("ana"): 2}) == [seat("ana")]


def test_a_pair_of_which_a_class_is_kept_is_never_unenrolled() -> None:
    listed = [seat("ana", room="a"), seat("ana", role=TEACHER, room="b"), seat("ben", room="a"), seat("ben", room="b")]
    several = in_several_classes(listed)
    assert several == {seat("ana").place, seat("ben").place}
    found = Differences([], [seat("ana")], [seat("ana", role=TEACHER), seat("ben")])
    done = plan_sync(found, wishes(seat("ana")), SyncRoute(several=several), withdraw=True)
    assert [(step.action.value, step.fields["user_id"]) for step in done.steps] == [("withdraw", "ben")]
    assert done.counts["left_beside_another_class"] == 1


def test_a_place_with_a_seat_that_is_none_of_the_sync_is_left_alone() -> None:
    found = Differences([], [], [seat("ana")])
    assert told(found, {}, SyncRoute(others=frozenset({seat("ana").place})), withdraw=True) == []


def test_by_class_each_class_goes_and_comes_for_itself() -> None:
    gone = [seat("ana", room="b"), seat("ben", room="a"), seat("cora", role=TEACHER, room="a"), seat("dan", room="b")]
    new = [seat("ben", room="b"), seat("dan", role=TEACHER, room="b")]
    kept = [seat("ana", room="a"), seat("cora", room="a")]
    done = plan_sync(Differences(new, kept, gone), wishes(*new, *kept), CLASSES, withdraw=True)
    assert [(step.action.value, step.fields["user_id"], step.fields.get("class_id")) for step in done.steps] == [
        ("withdraw", "ana", "b"),
        ("withdraw", "ben", "a"),
        ("enroll", "ben", None),  # the row's own words, which have a class
        ("withdraw", "cora", "a"),
        ("withdraw", "dan", "b"),
        ("enroll", "dan", None),
    ]
    assert [step.why for step in done.steps if step.action is Action.ENROLL] == ["not there", "another role"]
    assert done.counts == COUNTS | {"kept": 2, "role_changes": 1}


def test_the_servers_seats_are_told_in_the_words_of_the_rows() -> None:
    listed = [seat("ana", room="a"), seat("ana", room="b"), seat("ben", room="a"), seat("ben", room="b")]
    rows = [seat("ana", course="misspelt", room="a"), seat("ben")]
    assert in_the_rows_words(listed, rows, by_class=False) == [seat("ana")] * 2 + [seat("ben")] * 2
    assert in_the_rows_words(listed, rows, by_class=True) == [rows[0], seat("ana", room="b"), seat("ben"), seat("ben")]


def test_nobody_waits_for_the_others_to_get_the_new_role() -> None:
    found = Differences(
        [seat("ana", role=Role.TEACHER), seat("ben", role=Role.TEACHER)], [], [seat("ana"), seat("ben")]
    )
    wanted = wishes(*found.missing)
    assert [user for _, user, _ in told(found, wanted, withdraw=True)] == ["ana", "ana", "ben", "ben"]


# -- for any server state and roster --------------------------------------------------------------------------------

AT: Final = st.sampled_from([("c", "a"), ("c", "b"), ("elsewhere", "z")])  # a class is of one course
SEATS: Final = st.sets(
    st.builds(
        lambda user, at, role: seat(user, at[0], role, room=at[1]),
        st.sampled_from(["u1", "u2"]),
        AT,
        st.sampled_from([Role.STUDENT, Role.TEACHER]),
    ),
    max_size=8,
)
DEFAULT: Final = ClassId("default")
SCOPE: Final = frozenset({(CourseId("c"), SchoolId("s"))})


def planned(
    wanted: Sequence[EnrollmentIdentity], there: set[EnrollmentIdentity], *, by_class: bool
) -> tuple[PlanStep, ...]:
    named = in_scope(in_the_rows_words(sorted(there), wanted, by_class=by_class), SCOPE)
    found = Differences(
        [one for one in wanted if one not in named],
        [one for one in wanted if one in named],
        [one for one in named if one not in wanted],
    )
    route = SyncRoute(by_class, in_several_classes(there))
    fields = [(one, one._asdict() | {"class_id": one.class_id or DEFAULT}) for one in wanted]
    return plan_sync(found, {one: DesiredEnrollment(words, "") for one, words in fields}, route, withdraw=True).steps


def carried_out(
    steps: Sequence[PlanStep], there: set[EnrollmentIdentity], *, by_class: bool
) -> set[EnrollmentIdentity]:
    """What the server has then: an EduBridge withdrawal takes the place, and what it enrolls gets the default class."""
    for step in steps:
        one = seat(step.fields["user_id"], step.fields["course_id"], Role(step.fields["role"]))
        room = ClassId(step.fields.get("class_id", "")) if by_class else DEFAULT
        if step.action is Action.ENROLL:
            there = there | {one._replace(class_id=room)}
        elif by_class:
            there = there - {one._replace(class_id=room)}
        else:
            there = {other for other in there if other.place != one.place}
    return there


@given(wanted=SEATS, there=SEATS)
def test_by_class_the_scope_is_the_roster_and_the_second_time_there_is_nothing_to_do(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity]
) -> None:
    rows = in_scope(sorted(wanted), SCOPE)
    after = carried_out(planned(rows, there, by_class=True), there, by_class=True)
    assert after == set(rows) | (there - set(in_scope(there, SCOPE)))
    assert planned(rows, after, by_class=True) == ()


@given(wanted=SEATS, there=SEATS)
def test_by_place_nobody_loses_a_class_beside_one_that_the_roster_keeps(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity]
) -> None:
    rows = in_scope((one._replace(class_id=None) for one in sorted(wanted)), SCOPE)
    after = carried_out(planned(rows, there, by_class=False), there, by_class=False)
    kept = {one for one in there if one._replace(class_id=None) in rows and one.place in in_several_classes(there)}
    outside = there - set(in_scope(there, SCOPE))
    assert kept | outside <= after
    assert {one for one in after if one.course_id == "elsewhere"} == outside
    plain = {one._replace(class_id=None) for one in after if one not in outside}
    beside = {one._replace(class_id=None) for one in after if one.place in {other.place for other in kept}}
    assert plain - beside == set(rows) - beside
    assert set(rows) <= plain
    assert planned(rows, after, by_class=False) == ()
