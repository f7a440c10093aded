"""Steps that make the server's enrollments equal to the roster's."""

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
    express_as_rows,
    find_in_several_classes,
    plan_sync,
    select_in_scope,
    select_named_by_delta,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.planning.plan_document import PlanStep


PAIRS: Final = SyncRoute()
CLASSES: Final = SyncRoute(by_class=True)
COUNTS: Final = {"kept": 1, "role_changes": 0, "left": 0, "left_beside_another_class": 0}
TEACHER: Final = Role.TEACHER


def of(
    user: str, course: str = "c", role: Role = Role.STUDENT, school: str = "s", room: str | None = None
) -> EnrollmentIdentity:
    at = None if room is None else ClassId(room)
    return EnrollmentIdentity(UserId(user), CourseId(course), SchoolId(school), role, at)


def desired(*enrollments: EnrollmentIdentity) -> dict[EnrollmentIdentity, DesiredEnrollment]:
    return {
        one: DesiredEnrollment(
            {"user_id": one.user_id, "course_id": one.course_id, "school_id": one.school_id}, f"row {nth}"
        )
        for nth, one in enumerate(enrollments, 2)
    }


def steps_of(
    found: Differences, wanted: dict[EnrollmentIdentity, DesiredEnrollment], route: SyncRoute = PAIRS, *, withdraw: bool
) -> list[tuple[str, str, str]]:
    return [
        (step.action.value, step.fields["user_id"], step.fields["role"])
        for step in plan_sync(found, wanted, route, withdraw=withdraw).steps
    ]


def test_the_missing_are_enrolled_and_the_extra_are_left_unless_withdrawals_are_asked_for() -> None:
    found = Differences([of("new")], [of("old")], [of("gone")])
    wanted = desired(of("new"), of("old"))
    assert steps_of(found, wanted, withdraw=False) == [("enroll", "new", "student")]
    assert steps_of(found, wanted, withdraw=True) == [("withdraw", "gone", "student"), ("enroll", "new", "student")]
    assert plan_sync(found, wanted, PAIRS, withdraw=False).counts == COUNTS | {"left": 1}
    assert plan_sync(found, wanted, PAIRS, withdraw=True).counts == COUNTS


def test_a_role_is_changed_by_taking_the_old_one_before_the_new_one_is_given() -> None:
    found = Differences([of("ana", role=Role.TEACHER)], [], [of("ana")])
    wanted = desired(of("ana", role=Role.TEACHER))
    assert steps_of(found, wanted, withdraw=True) == [("withdraw", "ana", "student"), ("enroll", "ana", "teacher")]
    done = plan_sync(found, wanted, PAIRS, withdraw=True)
    assert done.counts["role_changes"] == 1
    assert [step.why for step in done.steps] == ["the roster wants another enrollment here", "another role"]
    assert steps_of(found, wanted, withdraw=False) == [("enroll", "ana", "teacher")]


def test_a_role_that_goes_along_with_another_one_is_given_again() -> None:
    found = Differences([], [of("ana"), of("ben")], [of("ana", role=Role.PROCTOR)])
    wanted = desired(of("ana"), of("ben"))
    assert steps_of(found, wanted, withdraw=True) == [("withdraw", "ana", "proctor"), ("enroll", "ana", "student")]
    assert steps_of(found, wanted, withdraw=False) == []


def test_enrollments_elsewhere_are_ignored_and_two_classes_count_as_one() -> None:
    pairs = frozenset({(CourseId("c"), SchoolId("s"))})
    listed = [
        of("ana"),
        of("ana"),
        of("ana", course="d"),
        of("ana", school="t"),
        of("ben"),
    ]
    assert select_in_scope(listed, pairs) == [of("ana"), of("ben")]
    assert of("ana").place == UserCourseSchool(UserId("ana"), CourseId("c"), SchoolId("s"))


def test_a_delta_speaks_of_what_it_names_and_leaving_one_of_two_classes_is_not_leaving() -> None:
    listed = [of("ana"), of("ana"), of("ben"), of("cora"), of("dan")]
    leaving = {of("ana"): 1, of("ben"): 1, of("gone"): 1}
    assert select_named_by_delta(listed, desired(of("cora")), leaving) == [
        of("ben"),
        of("cora"),
    ]
    assert select_named_by_delta(listed, {}, {of("ana"): 2}) == [of("ana")]


def test_a_pair_of_which_a_class_is_kept_is_never_unenrolled() -> None:
    listed = [
        of("ana", room="a"),
        of("ana", role=TEACHER, room="b"),
        of("ben", room="a"),
        of("ben", room="b"),
    ]
    several = find_in_several_classes(listed)
    assert several == {of("ana").place, of("ben").place}
    found = Differences([], [of("ana")], [of("ana", role=TEACHER), of("ben")])
    done = plan_sync(found, desired(of("ana")), SyncRoute(several=several), withdraw=True)
    assert [(step.action.value, step.fields["user_id"]) for step in done.steps] == [("withdraw", "ben")]
    assert done.counts["left_beside_another_class"] == 1


def test_a_place_with_an_enrollment_outside_the_sync_is_left_alone() -> None:
    found = Differences([], [], [of("ana")])
    assert steps_of(found, {}, SyncRoute(others=frozenset({of("ana").place})), withdraw=True) == []


def test_by_class_each_class_goes_and_comes_for_itself() -> None:
    gone = [
        of("ana", room="b"),
        of("ben", room="a"),
        of("cora", role=TEACHER, room="a"),
        of("dan", room="b"),
    ]
    new = [of("ben", room="b"), of("dan", role=TEACHER, room="b")]
    kept = [of("ana", room="a"), of("cora", room="a")]
    done = plan_sync(Differences(new, kept, gone), desired(*new, *kept), CLASSES, withdraw=True)
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


def test_the_servers_enrollments_are_identified_as_the_rows_do() -> None:
    listed = [
        of("ana", room="a"),
        of("ana", room="b"),
        of("ben", room="a"),
        of("ben", room="b"),
    ]
    rows = [of("ana", course="misspelt", room="a"), of("ben")]
    assert express_as_rows(listed, rows, by_class=False) == [of("ana")] * 2 + [of("ben")] * 2
    assert express_as_rows(listed, rows, by_class=True) == [
        rows[0],
        of("ana", room="b"),
        of("ben"),
        of("ben"),
    ]


def test_each_user_gets_the_new_role_before_the_next_one_loses_the_old() -> None:
    found = Differences(
        [of("ana", role=Role.TEACHER), of("ben", role=Role.TEACHER)],
        [],
        [of("ana"), of("ben")],
    )
    wanted = desired(*found.missing)
    assert [user for _, user, _ in steps_of(found, wanted, withdraw=True)] == ["ana", "ana", "ben", "ben"]


# -- for any server state and roster --------------------------------------------------------------------------------

AT: Final = st.sampled_from([("c", "a"), ("c", "b"), ("elsewhere", "z")])  # a class is of one course
ENROLLMENTS: Final = st.sets(
    st.builds(
        lambda user, at, role: of(user, at[0], role, room=at[1]),
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
    named = select_in_scope(express_as_rows(sorted(there), wanted, by_class=by_class), SCOPE)
    found = Differences(
        [one for one in wanted if one not in named],
        [one for one in wanted if one in named],
        [one for one in named if one not in wanted],
    )
    route = SyncRoute(by_class, find_in_several_classes(there))
    fields = [(one, one._asdict() | {"class_id": one.class_id or DEFAULT}) for one in wanted]
    return plan_sync(found, {one: DesiredEnrollment(words, "") for one, words in fields}, route, withdraw=True).steps


def carried_out(
    steps: Sequence[PlanStep], there: set[EnrollmentIdentity], *, by_class: bool
) -> set[EnrollmentIdentity]:
    """Returns what the server has then. EduBridge withdraws a whole place, and enrolls in the default class."""
    for step in steps:
        one = of(step.fields["user_id"], step.fields["course_id"], Role(step.fields["role"]))
        room = ClassId(step.fields.get("class_id", "")) if by_class else DEFAULT
        if step.action is Action.ENROLL:
            there = there | {one._replace(class_id=room)}
        elif by_class:
            there = there - {one._replace(class_id=room)}
        else:
            there = {other for other in there if other.place != one.place}
    return there


@given(wanted=ENROLLMENTS, there=ENROLLMENTS)
def test_by_class_the_scope_is_the_roster_and_the_second_time_there_is_nothing_to_do(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity]
) -> None:
    rows = select_in_scope(sorted(wanted), SCOPE)
    after = carried_out(planned(rows, there, by_class=True), there, by_class=True)
    assert after == set(rows) | (there - set(select_in_scope(there, SCOPE)))
    assert planned(rows, after, by_class=True) == ()


@given(wanted=ENROLLMENTS, there=ENROLLMENTS)
def test_by_place_no_user_loses_a_class_beside_one_that_the_roster_keeps(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity]
) -> None:
    rows = select_in_scope((one._replace(class_id=None) for one in sorted(wanted)), SCOPE)
    after = carried_out(planned(rows, there, by_class=False), there, by_class=False)
    kept = {one for one in there if one._replace(class_id=None) in rows and one.place in find_in_several_classes(there)}
    outside = there - set(select_in_scope(there, SCOPE))
    assert kept | outside <= after
    assert {one for one in after if one.course_id == "elsewhere"} == outside
    plain = {one._replace(class_id=None) for one in after if one not in outside}
    beside = {one._replace(class_id=None) for one in after if one.place in {other.place for other in kept}}
    assert plain - beside == set(rows) - beside
    assert set(rows) <= plain
    assert planned(rows, after, by_class=False) == ()
