"""The school's rules, without a server."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.sandbox.behaviors import (
    AfterUnenroll,
    CourseWithoutOrg,
    Nobody,
    OmittedSchool,
    Repeat,
    Switches,
    Taken,
    Unknown,
)
from batch_enroll.sandbox.classes import school_year
from batch_enroll.sandbox.directory import REHEARSAL_ORG, Course, Known, Org, Register, Strangers, User
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.school import Moment, School, Wish

NOW = Moment(datetime(2025, 9, 1, 8, tzinfo=UTC), 10.0)
WISH = Wish("u", "c", "s")


def open_school(switches: Switches | None = None) -> School:
    return School(Register(Known()), switches)


def closed_school(switches: Switches | None = None) -> School:
    known = Known(
        users={"u": User("u", org_ids=("home", "other")), "orgless": User("orgless")},
        courses={"c": Course("c", "Math", "district"), "free": Course("free", "Free")},
        orgs={id_: Org(id_, id_) for id_ in ("home", "other", "district", "s")},
    )
    return School(Register(known, closed=True), switches)


def test_an_enroll_makes_one_seat_in_a_managed_class_of_a_term_of_a_school_year() -> None:
    school = open_school()
    seat = school.enroll(WISH, NOW)
    section = school.register.section(seat.class_id)
    assert section is not None
    assert (section.title, section.course_id, section.org_id) == ("Course c Class", "c", "s")
    assert [school.register.known.sessions[id_].type for id_ in section.term_ids] == ["term"]
    assert {session.type for session in school.register.known.sessions.values()} == {"term", "schoolYear"}
    assert {session.school_year for session in school.register.known.sessions.values()} == {2026}
    assert school.seats() == [seat]
    assert (seat.begin_date, seat.status) == ("2025-09-01T08:00:00.000Z", "active")


def test_seats_are_values() -> None:
    seat = open_school().enroll(WISH, NOW)
    with pytest.raises(FrozenInstanceError):
        seat.role = "teacher"  # type: ignore[misc]  # what is tested


def test_one_class_serves_a_course_at_a_school_in_a_school_year_and_no_other() -> None:
    school = open_school()
    wishes = (WISH, replace(WISH, user_id="v"), replace(WISH, school_id="t"), replace(WISH, course_id="d"))
    classes = [school.enroll(wish, NOW).class_id for wish in wishes]
    later = school.enroll(replace(WISH, user_id="w", begin_date="2026-08-01T00:00:00Z"), NOW)
    assert classes[0] == classes[1]
    assert len({*classes, later.class_id}) == 4


@pytest.mark.parametrize(("date", "year"), [("2025-06-30", 2025), ("2025-07-01", 2026), ("2026-01-01T00:00:00Z", 2026)])
def test_a_school_year_turns_in_july(date: str, year: int) -> None:
    assert school_year(date) == year


def test_a_repeat_is_the_same_row_and_no_second_write() -> None:
    school = open_school()
    assert school.enroll(WISH, NOW) == school.enroll(WISH, NOW)
    assert dict(school.enroll_writes) == {("u", "c", "s", "student"): 1}


def test_a_repeat_in_another_role_is_another_seat() -> None:
    school = open_school()
    school.enroll(WISH, NOW)
    school.enroll(replace(WISH, role="teacher"), NOW)
    assert sorted(seat.role for seat in school.seats()) == ["student", "teacher"]


def test_a_repeat_can_make_a_second_row_which_is_counted() -> None:
    school = open_school(Switches(repeat_enroll=Repeat.NEW_ROW))
    school.enroll(WISH, NOW)
    school.enroll(WISH, NOW)
    assert len(school.seats()) == 2
    assert school.enroll_writes["u", "c", "s", "student"] == 2  # type: ignore[index]  # a SeatKey is a tuple


@pytest.mark.parametrize("repeat", [Repeat.CONFLICT, Repeat.UNPROCESSABLE])
def test_a_repeat_can_be_refused(repeat: Repeat) -> None:
    school = open_school(Switches(repeat_enroll=repeat))
    school.enroll(WISH, NOW)
    with pytest.raises(RefusedError, match="already enrolled") as refused:
        school.enroll(WISH, NOW)
    assert refused.value.status == int(repeat)
    assert len(school.seats()) == 1


def test_an_unenroll_is_soft_and_an_enroll_after_it_makes_a_new_row() -> None:
    school = open_school()
    first = school.enroll(WISH, NOW)
    assert school.unenroll("u", "c", "s", NOW) == 1
    assert school.seats() == []
    second = school.enroll(WISH, NOW)
    assert first.id != second.id
    assert [row.status for row in school.all_enrollments()] == ["tobedeleted", "active"]


def test_an_enroll_after_an_unenroll_can_revive_the_row() -> None:
    school = open_school(Switches(after_unenroll=AfterUnenroll.REACTIVATE))
    first = school.enroll(replace(WISH, metadata={"a": 1}), NOW)
    school.unenroll("u", "c", "s", NOW)
    second = school.enroll(replace(WISH, metadata={"b": 2}), NOW)
    assert (second.id, second.metadata) == (first.id, {"a": 1, "b": 2})
    assert school.seats() == [second]
    assert school.enroll_writes.total() == 2


def test_a_live_row_answers_before_a_dead_one_that_could_be_revived() -> None:
    school = open_school(Switches(after_unenroll=AfterUnenroll.NEW_ROW))
    school.enroll(WISH, NOW)
    school.unenroll("u", "c", "s", NOW)
    live = school.enroll(WISH, NOW)
    school.switches = Switches(after_unenroll=AfterUnenroll.REACTIVATE)
    assert school.enroll(WISH, NOW) == live
    assert len(school.seats()) == 1


def test_an_unenroll_without_school_takes_the_seats_of_every_school() -> None:
    school = open_school()
    for school_id in ("s", "t"):
        school.enroll(replace(WISH, school_id=school_id), NOW)
    school.enroll(replace(WISH, course_id="d"), NOW)
    assert school.unenroll("u", "c", None, NOW) == 2
    assert [seat.course_id for seat in school.seats()] == ["d"]


def test_nobody_can_be_unenrolled_quietly_or_not() -> None:
    assert open_school().unenroll("u", "c", "s", NOW) == 0
    with pytest.raises(RefusedError, match="Enrollment not found"):
        open_school(Switches(unenroll_nobody=Nobody.NOT_FOUND)).unenroll("u", "c", "s", NOW)


@pytest.mark.parametrize("taken", list(Taken))
@pytest.mark.parametrize("dead", [False, True])
def test_an_id_that_a_row_has_or_had_is_taken(taken: Taken, *, dead: bool) -> None:
    school = open_school(Switches(duplicate_sourced_id=taken))
    school.enroll(replace(WISH, sourced_id="e"), NOW)
    if dead:
        school.unenroll("u", "c", "s", NOW)
    with pytest.raises(RefusedError, match="already exists") as refused:
        school.enroll(replace(WISH, user_id="v", sourced_id="e"), NOW)
    assert refused.value.status == int(taken)


def test_a_repeat_under_its_own_id_is_a_repeat() -> None:
    school = open_school()
    wish = replace(WISH, sourced_id="e")
    assert school.enroll(wish, NOW) == school.enroll(wish, NOW)


@pytest.mark.parametrize(
    ("rule", "user", "school_id"),
    [
        (OmittedSchool.PRIMARY_ORG, "u", "home"),
        (OmittedSchool.PRIMARY_ORG, "orgless", "district"),
        (OmittedSchool.COURSE_ORG, "u", "district"),
    ],
)
def test_a_school_that_is_not_named_follows_from_the_rule(rule: OmittedSchool, user: str, school_id: str) -> None:
    school = closed_school(Switches(omitted_school=rule))
    assert school.enroll(Wish(user, "c"), NOW).school_id == school_id


def test_a_school_that_is_not_named_can_be_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        closed_school(Switches(omitted_school=OmittedSchool.REFUSED)).enroll(Wish("u", "c"), NOW)
    assert refused.value.status == 422


def test_an_open_school_enrolls_at_the_rehearsal_school_when_none_is_named() -> None:
    assert open_school().enroll(Wish("u", "c"), NOW).school_id == REHEARSAL_ORG


@pytest.mark.parametrize("rule", [CourseWithoutOrg.NOT_FOUND, CourseWithoutOrg.UNPROCESSABLE])
def test_a_course_without_org_is_refused(rule: CourseWithoutOrg) -> None:
    with pytest.raises(RefusedError) as refused:
        closed_school(Switches(course_without_org=rule)).enroll(Wish("u", "free", "s"), NOW)
    assert refused.value.status == int(rule)


def test_a_course_without_org_can_be_good_enough() -> None:
    school = closed_school(Switches(course_without_org=CourseWithoutOrg.ACCEPTED))
    assert school.enroll(Wish("u", "free", "s"), NOW).course_id == "free"


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish("x", "c", "s"), "User not found"),
        (Wish("u", "x", "s"), "Course not found"),
        (Wish("u", "c", "x"), "School not found"),
    ],
)
def test_a_closed_school_knows_nothing_but_its_own(wish: Wish, text: str) -> None:
    switches = Switches(unknown_user=Unknown.UNPROCESSABLE, unknown_course=Unknown.UNPROCESSABLE)
    for school, status in ((closed_school(), 404), (closed_school(switches), 404 if "School" in text else 422)):
        with pytest.raises(RefusedError, match=text) as refused:
            school.enroll(wish, NOW)
        assert refused.value.status == status
        assert school.all_enrollments() == []


def test_an_invisible_write_leaves_nothing_but_its_answer() -> None:
    school = open_school()
    seat = school.enroll(WISH, NOW, visible=False)
    assert seat.status == "active"
    assert (school.seats(), school.enroll_writes.total()) == ([], 0)


def test_a_lagging_school_shows_its_rows_later() -> None:
    assert open_school(Switches(lag_s=2.5)).enroll(WISH, NOW).seen_from == 12.5


def test_a_row_that_changes_hands_is_found_with_its_new_user_only() -> None:
    school = open_school()
    seat = school.enroll(WISH, NOW)
    school.replace_row(replace(seat, user_id="v"))
    assert list(school.rows_of("u")) == []
    assert [row.id for row in school.rows_of("v")] == [seat.id]


@given(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("cd"), st.booleans()), max_size=30))
def test_whatever_comes_and_goes_a_key_has_at_most_one_live_row(steps: list[tuple[str, str, bool]]) -> None:
    school = open_school()
    wanted = set()
    for user, course, comes in steps:
        if comes:
            school.enroll(Wish(user, course, "s"), NOW)
            wanted.add((user, course, "s", "student"))
        else:
            school.unenroll(user, course, "s", NOW)
            wanted.discard((user, course, "s", "student"))
    assert sorted(seat.key for seat in school.seats()) == sorted(wanted)
    assert len({row.id for row in school.all_enrollments()}) == len(school.all_enrollments())


def test_strangers_are_the_same_ones_each_time_and_about_as_many_as_asked_for() -> None:
    register = Register(Known(), strangers=Strangers(users=5.0, seed=1))
    strangers = {number for number in range(4_000) if register.user(f"u{number}") is None}
    assert strangers == {number for number in range(4_000) if register.user(f"u{number}") is None}
    assert 120 < len(strangers) < 280
    assert register.course("u1") is not None
    other = Register(Known(), strangers=Strangers(users=5.0, seed=2))
    assert strangers != {number for number in range(4_000) if other.user(f"u{number}") is None}
