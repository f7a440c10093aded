"""The rules of the school, without a server."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.sandbox.behaviors import (
    AfterUnenroll,
    Behaviors,
    CourseWithoutOrg,
    DuplicateId,
    OmittedSchool,
    RepeatEnroll,
    UnenrollMissing,
    UnknownId,
)
from batch_enroll.sandbox.classes import school_year
from batch_enroll.sandbox.directory import (
    REHEARSAL_ORG,
    KnownObjects,
    SchoolDirectory,
    StoredCourse,
    StoredOrg,
    StoredUser,
    UnknownIds,
)
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.school import EnrollCall, Moment, RehearsalSchool

NOW = Moment(datetime(2025, 9, 1, 8, tzinfo=UTC), 10.0)
ENROLL = EnrollCall("u", "c", "s")


def open_school(behaviors: Behaviors | None = None) -> RehearsalSchool:
    return RehearsalSchool(SchoolDirectory(KnownObjects()), behaviors)


def closed_school(behaviors: Behaviors | None = None) -> RehearsalSchool:
    known = KnownObjects(
        users={"u": StoredUser("u", org_ids=("home", "other")), "orgless": StoredUser("orgless")},
        courses={"c": StoredCourse("c", "Math", "district"), "free": StoredCourse("free", "Free")},
        orgs={id_: StoredOrg(id_, id_) for id_ in ("home", "other", "district", "s")},
    )
    return RehearsalSchool(SchoolDirectory(known, closed=True), behaviors)


def test_an_enroll_creates_one_row_in_a_managed_class_of_a_term_of_a_school_year() -> None:
    school = open_school()
    row = school.enroll(ENROLL, NOW)
    section = school.directory.section(row.class_id)
    assert section is not None
    assert (section.title, section.course_id, section.org_id) == ("Course c Class", "c", "s")
    assert [school.directory.known.sessions[id_].type for id_ in section.term_ids] == ["term"]
    assert {session.type for session in school.directory.known.sessions.values()} == {"term", "schoolYear"}
    assert {session.school_year for session in school.directory.known.sessions.values()} == {2026}
    assert school.active_enrollments() == [row]
    assert (row.begin_date, row.status) == ("2025-09-01T08:00:00.000Z", "active")


def test_rows_are_immutable() -> None:
    row = open_school().enroll(ENROLL, NOW)
    with pytest.raises(FrozenInstanceError):
        row.role = "teacher"  # type: ignore[misc]  # what is tested


def test_one_class_serves_a_course_at_a_school_in_a_school_year_and_no_other() -> None:
    school = open_school()
    calls = (ENROLL, replace(ENROLL, user_id="v"), replace(ENROLL, school_id="t"), replace(ENROLL, course_id="d"))
    classes = [school.enroll(enroll_call, NOW).class_id for enroll_call in calls]
    later = school.enroll(replace(ENROLL, user_id="w", begin_date="2026-08-01T00:00:00Z"), NOW)
    assert classes[0] == classes[1]
    assert len({*classes, later.class_id}) == 4


@pytest.mark.parametrize(("date", "year"), [("2025-06-30", 2025), ("2025-07-01", 2026), ("2026-01-01T00:00:00Z", 2026)])
def test_a_school_year_turns_in_july(date: str, year: int) -> None:
    assert school_year(date) == year


def test_a_repeat_returns_the_same_row_without_a_second_write() -> None:
    school = open_school()
    assert school.enroll(ENROLL, NOW) == school.enroll(ENROLL, NOW)
    assert dict(school.enroll_writes) == {("u", "c", "s", "student"): 1}


def test_a_repeat_in_another_role_is_another_enrollment() -> None:
    school = open_school()
    school.enroll(ENROLL, NOW)
    school.enroll(replace(ENROLL, role="teacher"), NOW)
    assert sorted(row.role for row in school.active_enrollments()) == ["student", "teacher"]


def test_a_repeat_can_create_a_second_row_which_is_counted() -> None:
    school = open_school(Behaviors(repeat_enroll=RepeatEnroll.NEW_ROW))
    school.enroll(ENROLL, NOW)
    school.enroll(ENROLL, NOW)
    assert len(school.active_enrollments()) == 2
    assert school.enroll_writes["u", "c", "s", "student"] == 2  # type: ignore[index]  # an EnrollmentKey is a tuple


@pytest.mark.parametrize("repeat", [RepeatEnroll.CONFLICT, RepeatEnroll.UNPROCESSABLE])
def test_a_repeat_can_be_refused(repeat: RepeatEnroll) -> None:
    school = open_school(Behaviors(repeat_enroll=repeat))
    school.enroll(ENROLL, NOW)
    with pytest.raises(RefusedError, match="already enrolled") as refused:
        school.enroll(ENROLL, NOW)
    assert refused.value.status == int(repeat)
    assert len(school.active_enrollments()) == 1


def test_an_unenroll_is_soft_and_an_enroll_after_it_creates_a_new_row() -> None:
    school = open_school()
    first = school.enroll(ENROLL, NOW)
    assert school.unenroll("u", "c", "s", NOW) == 1
    assert school.active_enrollments() == []
    second = school.enroll(ENROLL, NOW)
    assert first.id != second.id
    assert [row.status for row in school.all_enrollments()] == ["tobedeleted", "active"]


def test_an_enroll_after_an_unenroll_can_reactivate_the_row() -> None:
    school = open_school(Behaviors(after_unenroll=AfterUnenroll.REACTIVATE))
    first = school.enroll(replace(ENROLL, metadata={"a": 1}), NOW)
    school.unenroll("u", "c", "s", NOW)
    second = school.enroll(replace(ENROLL, metadata={"b": 2}), NOW)
    assert (second.id, second.metadata) == (first.id, {"a": 1, "b": 2})
    assert school.active_enrollments() == [second]
    assert school.enroll_writes.total() == 2


def test_an_active_row_comes_before_a_deleted_one_that_could_be_reactivated() -> None:
    school = open_school(Behaviors(after_unenroll=AfterUnenroll.NEW_ROW))
    school.enroll(ENROLL, NOW)
    school.unenroll("u", "c", "s", NOW)
    live = school.enroll(ENROLL, NOW)
    school.behaviors = Behaviors(after_unenroll=AfterUnenroll.REACTIVATE)
    assert school.enroll(ENROLL, NOW) == live
    assert len(school.active_enrollments()) == 1


def test_an_unenroll_without_school_applies_to_every_school() -> None:
    school = open_school()
    for school_id in ("s", "t"):
        school.enroll(replace(ENROLL, school_id=school_id), NOW)
    school.enroll(replace(ENROLL, course_id="d"), NOW)
    assert school.unenroll("u", "c", None, NOW) == 2
    assert [row.course_id for row in school.active_enrollments()] == ["d"]


def test_an_unenroll_without_an_enrollment_succeeds_or_is_refused() -> None:
    assert open_school().unenroll("u", "c", "s", NOW) == 0
    with pytest.raises(RefusedError, match="Enrollment not found"):
        open_school(Behaviors(unenroll_nobody=UnenrollMissing.NOT_FOUND)).unenroll("u", "c", "s", NOW)


@pytest.mark.parametrize("taken", list(DuplicateId))
@pytest.mark.parametrize("dead", [False, True])
def test_an_id_that_a_row_has_or_had_is_taken(taken: DuplicateId, *, dead: bool) -> None:
    school = open_school(Behaviors(duplicate_sourced_id=taken))
    school.enroll(replace(ENROLL, sourced_id="e"), NOW)
    if dead:
        school.unenroll("u", "c", "s", NOW)
    with pytest.raises(RefusedError, match="already exists") as refused:
        school.enroll(replace(ENROLL, user_id="v", sourced_id="e"), NOW)
    assert refused.value.status == int(taken)


def test_a_repeat_under_its_own_id_is_a_repeat() -> None:
    school = open_school()
    enroll_call = replace(ENROLL, sourced_id="e")
    assert school.enroll(enroll_call, NOW) == school.enroll(enroll_call, NOW)


@pytest.mark.parametrize(
    ("rule", "user", "school_id"),
    [
        (OmittedSchool.PRIMARY_ORG, "u", "home"),
        (OmittedSchool.PRIMARY_ORG, "orgless", "district"),
        (OmittedSchool.COURSE_ORG, "u", "district"),
    ],
)
def test_a_school_that_is_not_named_follows_from_the_rule(rule: OmittedSchool, user: str, school_id: str) -> None:
    school = closed_school(Behaviors(omitted_school=rule))
    assert school.enroll(EnrollCall(user, "c"), NOW).school_id == school_id


def test_a_school_that_is_not_named_can_be_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        closed_school(Behaviors(omitted_school=OmittedSchool.REFUSED)).enroll(EnrollCall("u", "c"), NOW)
    assert refused.value.status == 422


def test_an_open_school_enrolls_at_the_rehearsal_school_when_none_is_named() -> None:
    assert open_school().enroll(EnrollCall("u", "c"), NOW).school_id == REHEARSAL_ORG


@pytest.mark.parametrize("rule", [CourseWithoutOrg.NOT_FOUND, CourseWithoutOrg.UNPROCESSABLE])
def test_a_course_without_org_is_refused(rule: CourseWithoutOrg) -> None:
    with pytest.raises(RefusedError) as refused:
        closed_school(Behaviors(course_without_org=rule)).enroll(EnrollCall("u", "free", "s"), NOW)
    assert refused.value.status == int(rule)


def test_a_course_without_org_can_be_accepted() -> None:
    school = closed_school(Behaviors(course_without_org=CourseWithoutOrg.ACCEPTED))
    assert school.enroll(EnrollCall("u", "free", "s"), NOW).course_id == "free"


@pytest.mark.parametrize(
    ("enroll_call", "text"),
    [
        (EnrollCall("x", "c", "s"), "User not found"),
        (EnrollCall("u", "x", "s"), "Course not found"),
        (EnrollCall("u", "c", "x"), "School not found"),
    ],
)
def test_a_closed_school_knows_only_its_own_objects(enroll_call: EnrollCall, text: str) -> None:
    behaviors = Behaviors(unknown_user=UnknownId.UNPROCESSABLE, unknown_course=UnknownId.UNPROCESSABLE)
    for school, status in ((closed_school(), 404), (closed_school(behaviors), 404 if "School" in text else 422)):
        with pytest.raises(RefusedError, match=text) as refused:
            school.enroll(enroll_call, NOW)
        assert refused.value.status == status
        assert school.all_enrollments() == []


def test_an_invisible_write_has_no_effect() -> None:
    school = open_school()
    row = school.enroll(ENROLL, NOW, visible=False)
    assert row.status == "active"
    assert (school.active_enrollments(), school.enroll_writes.total()) == ([], 0)


def test_a_lagging_school_shows_its_rows_later() -> None:
    assert open_school(Behaviors(lag_s=2.5)).enroll(ENROLL, NOW).seen_from == 12.5


def test_a_row_whose_user_changes_is_found_with_the_new_user_only() -> None:
    school = open_school()
    row = school.enroll(ENROLL, NOW)
    school.replace_row(replace(row, user_id="v"))
    assert list(school.rows_of("u")) == []
    assert [row.id for row in school.rows_of("v")] == [row.id]


@given(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("cd"), st.booleans()), max_size=30))
def test_a_key_has_at_most_one_active_row_after_any_writes(steps: list[tuple[str, str, bool]]) -> None:
    school = open_school()
    wanted = set()
    for user, course, comes in steps:
        if comes:
            school.enroll(EnrollCall(user, course, "s"), NOW)
            wanted.add((user, course, "s", "student"))
        else:
            school.unenroll(user, course, "s", NOW)
            wanted.discard((user, course, "s", "student"))
    assert sorted(row.key for row in school.active_enrollments()) == sorted(wanted)
    assert len({row.id for row in school.all_enrollments()}) == len(school.all_enrollments())


def test_the_same_ids_are_unknown_each_time_and_about_the_configured_share() -> None:
    directory = SchoolDirectory(KnownObjects(), unknown_ids=UnknownIds(users=5.0, seed=1))
    unknown_ids = {number for number in range(4_000) if directory.user(f"u{number}") is None}
    assert unknown_ids == {number for number in range(4_000) if directory.user(f"u{number}") is None}
    assert 120 < len(unknown_ids) < 280
    assert directory.course("u1") is not None
    other = SchoolDirectory(KnownObjects(), unknown_ids=UnknownIds(users=5.0, seed=2))
    assert unknown_ids != {number for number in range(4_000) if other.user(f"u{number}") is None}
