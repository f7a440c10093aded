"""Ids for what rows name otherwise; nothing is picked by luck."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import catalogue
from batch_enroll.core.lookup.id_resolution import (
    Search,
    ids_in,
    may_mean,
    owners,
    presumed,
    proven,
    search_in,
    unknown,
    with_resolved_ids,
)
from batch_enroll.core.lookup.records import (
    Answers,
    By,
    Course,
    EntityKind,
    Matches,
    Person,
    Question,
    Record,
    School,
    Way,
)
from batch_enroll.core.model import CourseId, RowLocation, RowProblem, SchoolId, SourceRow, UserId

EMAIL = Way(EntityKind.USER, By.EMAIL)
TITLE = Way(EntityKind.COURSE, By.TITLE)
NAME = Way(EntityKind.SCHOOL, By.NAME)
FIELDS = ("user_email", "user_identifier", "course_title", "school_name", "school_id")
PEOPLE = (
    Person(UserId("u1"), "ada@x.test", "ada", "7"),
    Person(UserId("u2"), "Ben@x.test"),
    Person(UserId("u3"), "cy@x.test"),
    Person(UserId("u4"), "CY@x.test"),
    Person(UserId("u5"), "twin@x.test"),
    Person(UserId("u6"), "twin@x.test"),
)
COURSES = (
    Course(CourseId("c1"), "Algebra", "A", SchoolId("north")),
    Course(CourseId("c2"), "Algebra", "A", SchoolId("south")),
    Course(CourseId("c3"), "Biology", "B", SchoolId("district")),
    Course(CourseId("c4"), "Chess", "C"),
    Course(CourseId("c5"), "Drama", "D", SchoolId("north")),
    Course(CourseId("c6"), "Drama", "D", SchoolId("north")),
)
SCHOOLS = (School(SchoolId("north"), "North", "1"), School(SchoolId("south"), "South", "2"))


def row(problem: RowProblem | None = None, /, **fields: str) -> SourceRow:
    return SourceRow(RowLocation("term.csv", 2), tuple(fields.values()), fields, problem, {"user_email": "E-mail"})


def answers_to(questions: set[Question]) -> Answers:
    """What a server of these people, courses and schools says."""
    answers = Answers()
    for question in questions:
        matches = Matches(question.way, {question.value})
        for record in (*PEOPLE, *COURSES, *SCHOOLS):
            if isinstance(
                record,
                {EntityKind.USER: Person, EntityKind.COURSE: Course, EntityKind.SCHOOL: School}[question.way.kind],
            ):
                matches.add(record)
        answers.add(question, tuple(matches.found(question.value)))
        if question.way.kind is EntityKind.COURSE:
            answers.orgs.update(matches.found(question.value))
    return answers


def resolved(source: SourceRow, search: Search | None = None) -> SourceRow:
    search = search or search_in(FIELDS, [], {}, None)
    answers = answers_to(set(search.questions(source)))
    for question in owners(answers):
        answers.add(question, answers_to({question}).ids(question) or ())
    return with_resolved_ids(source, search, answers)


def problem_of(source: SourceRow) -> tuple[str, str]:
    problem = resolved(source).problem
    assert problem is not None
    return problem.code, str(problem)


def problem_in(source: SourceRow, search: Search) -> str:
    problem = resolved(source, search).problem
    return "" if problem is None else problem.code


def test_a_user_is_found_by_email_as_written_or_in_another_case_if_that_is_one_only() -> None:
    assert resolved(row(user_email="ada@x.test")).fields["user_id"] == "u1"
    assert resolved(row(user_email="ADA@x.test")).fields["user_id"] == "u1"
    assert resolved(row(user_email="cy@x.test")).fields["user_id"] == "u3"
    assert problem_of(row(user_email="Cy@x.test"))[0] == catalogue.AMBIGUOUS


def test_whom_several_could_be_is_not_picked_and_the_ids_are_told_without_the_email() -> None:
    code, told = problem_of(row(user_email="twin@x.test"))
    assert (code, told) == (catalogue.AMBIGUOUS, "E-mail: 2 users have this e-mail: u5, u6")
    problem = resolved(row(user_email="twin@x.test")).problem
    assert problem is not None
    assert problem.value == "twin@x.test"


def test_whom_nobody_is_found_for_is_told_without_the_email() -> None:
    assert problem_of(row(user_email="who@x.test")) == (
        catalogue.USER_NOT_FOUND,
        "E-mail: no user has this e-mail",
    )


def test_a_row_that_has_an_id_keeps_it_unless_finding_was_asked_for() -> None:
    has = row(user_id="u9", user_email="ada@x.test")
    assert resolved(has) is has
    asked = search_in(FIELDS, [], {"user": "email"}, None)
    assert resolved(has, asked).fields["user_id"] == "u1"


def test_the_first_filled_field_is_asked_about() -> None:
    assert resolved(row(user_identifier="7")).fields["user_id"] == "u1"


def test_a_course_is_told_apart_by_the_school_of_the_row() -> None:
    assert resolved(row(course_title="Algebra", school_id="south")).fields["course_id"] == "c2"
    assert resolved(row(course_title="Algebra", school_name="North")).fields["course_id"] == "c1"
    everywhere = search_in(FIELDS, [], {}, "south")
    assert resolved(row(course_title="Algebra"), everywhere).fields["course_id"] == "c2"
    assert problem_of(row(course_title="Algebra")) == (
        catalogue.AMBIGUOUS,
        "course_title: 2 courses have this title: c1, c2",
    )


def test_a_course_of_no_school_is_for_every_school_and_one_of_another_is_not() -> None:
    assert resolved(row(course_title="Biology", school_id="south")).fields["course_id"] == "c3"
    assert resolved(row(course_title="Chess", school_id="south")).fields["course_id"] == "c4"
    assert problem_of(row(course_title="Drama", school_id="south")) == (
        catalogue.COURSE_NOT_FOUND,
        "course_title: no course of school south has this title; of other schools have it: c5, c6",
    )
    assert problem_of(row(course_title="Drama", school_id="north"))[0] == catalogue.AMBIGUOUS


def test_a_school_that_is_not_found_makes_the_row_invalid_whatever_the_course() -> None:
    assert problem_of(row(course_title="Chess", school_name="East"))[0] == catalogue.SCHOOL_NOT_FOUND


def test_what_was_not_answered_is_not_guessed() -> None:
    search = search_in(FIELDS, [], {}, None)
    asked = with_resolved_ids(row(user_email="ada@x.test"), search, Answers()).problem
    assert asked is not None
    assert asked.code == catalogue.NOT_LOOKED_UP


def test_a_row_with_a_problem_is_not_asked_about() -> None:
    broken = row(RowProblem("E107", "is broken"), user_email="ada@x.test")
    assert resolved(broken) is broken
    assert list(ids_in(broken, {})) == []


def test_a_column_of_user_ids_that_holds_emails_is_looked_up_and_ids_among_them_stay() -> None:
    mails = [row(user_id="ada@x.test"), row(course_id="c"), row(user_id="ben@x.test")]
    search = search_in(("user_id",), mails, {}, None)
    assert search.told() == ("user found by e-mail (user_id)",)
    assert search.seen() == ("user_id holds e-mails, which are looked up; --find user=never takes them for ids",)
    assert resolved(mails[2], search).fields["user_id"] == "u2"
    assert resolved(row(user_id="u7"), search).fields["user_id"] == "u7"
    assert not search_in(("user_id",), [row(user_id="a@b"), row(user_id="u7")], {}, None)
    assert not search_in(("user_id",), [mails[0], row(user_id="u7"), row(user_id="u8")], {}, None)
    assert not search_in(("user_id",), [], {}, None)
    assert not search_in(("user_id",), mails, {"user": "never"}, None)


def test_titles_and_names_in_columns_of_ids_are_looked_up() -> None:
    seat = row(user_id="u1", course_id="World History", school_id="Hill Top")
    search = search_in(("user_id", "course_id", "school_id"), [seat], {}, None)
    assert search.seen() == (
        "course_id holds titles, which are looked up; --find course=never takes them for ids",
        "school_id holds names, which are looked up; --find school=never takes them for ids",
    )
    asked = {question.way.by: question.value for question in search.questions(seat)}
    assert asked == {By.TITLE: "World History", By.NAME: "Hill Top"}
    assert presumed(seat, search).fields == seat.fields
    assert problem_in(seat, search) == "E122"
    assert resolved(row(course_id="Algebra", school_id="North"), search).fields["course_id"] == "c1"


@pytest.mark.parametrize(
    ("value", "looked_up"), [("Algebra 1", True), ("Algebra", True), ("Pre-Algebra", True), ("MATH-7", False)]
)
def test_each_value_of_a_column_of_titles_is_taken_for_what_it_looks_like(value: str, *, looked_up: bool) -> None:
    search = search_in(("user_id", "course_id"), [row(course_id="World History")], {}, None)
    assert bool(search.asked(EntityKind.COURSE, {"course_id": value})) is looked_up


def test_rows_of_which_nobody_was_asked_are_like_no_other_row() -> None:
    search = search_in(FIELDS, [], {}, None)
    named, has = row(user_email="ada@x.test", course_id="c1"), row(user_id="u1", course_id="c1")
    assert unknown(named, search, 1).fields["user_id"] != unknown(named, search, 2).fields["user_id"]
    assert unknown(named, search, 1).fields["course_id"] == "c1"
    assert unknown(has, search, 3) is has


@pytest.mark.parametrize(
    ("courses", "titles"),
    [
        (["Algebra 1", "Algebra"], True),
        (["Algebra 1", "MATH-7"], True),
        (["Algebra 1", "MATH-7", "MATH-8"], False),
        (["Algebra 1", "MATH-7", "MATH-7"], True),
        (["algebra", "biology"], False),
        (["Algebra\u00a01"], True),
        ([], False),
    ],
)
def test_half_of_the_different_values_with_blanks_in_them_make_a_column_of_titles(
    courses: list[str], *, titles: bool
) -> None:
    rows = [row(course_id=course) for course in courses]
    assert bool(search_in(("user_id", "course_id"), rows, {}, None)) is titles


def test_ids_of_an_export_that_names_classes_and_columns_beside_one_of_titles_stay_ids() -> None:
    rows = [row(course_id="ALG 1", class_id="k1")]
    assert not search_in(("user_id", "course_id", "class_id"), rows, {}, None)
    beside = search_in(("user_id", "course_id", "course_title"), rows, {}, None)
    assert beside.asked(EntityKind.COURSE, {"course_id": "ALG 1", "course_title": "Algebra"}) is None
    assert not search_in(("user_id", "course_id"), rows, {"course": "never"}, None)


def test_what_is_asked_for_without_a_column_of_its_own_stands_in_the_ids() -> None:
    search = search_in(("user_id", "course_id"), [], {"course": "title", "user": "never"}, None)
    assert search.told() == ("course found by title (course_id)",)
    assert resolved(row(course_id="Biology"), search).fields["course_id"] == "c3"


def test_what_is_found_by_itself_is_told() -> None:
    assert search_in(("user_email", "user_name"), [], {}, None).told() == (
        "user found by e-mail (user_email) or user name (user_name) where user_id is empty",
    )


def test_before_anybody_is_asked_the_names_stand_for_the_ids() -> None:
    search = search_in(FIELDS, [], {}, None)
    assert presumed(row(user_email="ada@x.test"), search).fields["user_id"] == "ada@x.test"
    known = row(user_id="u1")
    assert presumed(known, search) is known


# -- ids that are proven


def proof(source: SourceRow) -> SourceRow:
    defaults = {EntityKind.SCHOOL: "south"}
    answers = answers_to({Question(Way(kind, By.ID), id_) for kind, id_ in ids_in(source, defaults)})
    for question in owners(answers):
        answers.add(question, answers_to({question}).ids(question) or ())
    return proven(source, defaults, answers)


def test_ids_that_the_server_knows_are_proven() -> None:
    known = row(user_id="u1", course_id="c1", school_id="north")
    assert proof(known) is known
    shared = row(user_id="u1", course_id="c3")
    assert list(ids_in(row(user_id="u1"), {})) == [(EntityKind.USER, "u1")]
    assert proof(shared) is shared


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"user_id": "u9", "course_id": "c1"}, catalogue.USER_NOT_FOUND),
        ({"user_id": "u1", "course_id": "c9"}, catalogue.COURSE_NOT_FOUND),
        ({"user_id": "u1", "course_id": "c4", "school_id": "east"}, catalogue.SCHOOL_NOT_FOUND),
        ({"user_id": "u1", "course_id": "c1"}, catalogue.COURSE_ELSEWHERE),
    ],
)
def test_an_id_that_the_server_does_not_know_is_a_problem(fields: dict[str, str], code: str) -> None:
    problem = proof(row(**fields)).problem
    assert problem is not None
    assert problem.code == code


def test_an_id_that_the_server_did_not_tell_of_is_a_problem() -> None:
    problem = proven(row(user_id="u1"), {}, Answers()).problem
    assert problem is not None
    assert problem.code == catalogue.NOT_LOOKED_UP


def test_a_message_names_some_ids_only() -> None:
    answers = Answers()
    answers.add(Question(EMAIL, "a@x.test"), tuple("abcdefgh"))
    problem = with_resolved_ids(row(user_email="a@x.test"), search_in(FIELDS, [], {}, None), answers).problem
    assert problem is not None
    assert problem.message == "8 users have this e-mail: a, b, c, d, e, ..."


@given(st.lists(st.sampled_from(PEOPLE)), st.sampled_from([person.email for person in PEOPLE] + ["CY@X.TEST", ""]))
def test_the_order_and_repetition_of_records_change_nothing(records: list[Record], value: str) -> None:
    one_way, other_way = Matches(EMAIL, [value]), Matches(EMAIL, [value])
    for record in records:
        one_way.add(record)
    for record in [*reversed(records), *records]:
        other_way.add(record)
    assert set(one_way.found(value)) == set(other_way.found(value))
    exact = {record.sourced_id for record in records if isinstance(record, Person) and record.email == value}
    assert not exact or set(one_way.found(value)) == exact


def test_a_row_that_was_not_found_keeps_the_ids_that_were_and_none_that_was_not() -> None:
    lost = resolved(row(user_email="ada@x.test", course_title="Drama", school_name="Nowhere"))
    assert (lost.fields.get("user_id"), lost.fields.get("course_id")) == ("u1", None)
    both = resolved(row(user_email="who@x.test", school_name="Nowhere"))
    assert both.problem is not None
    assert both.problem.code == catalogue.USER_NOT_FOUND
    typed = search_in(("user_id",), [], {"user": "email"}, None)
    assert "user_id" not in resolved(row(user_id="who@x.test"), typed).fields


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"user_email": "ada@x.test", "course_title": "Drama"}, ("u1", None)),
        ({"user_email": "ada@x.test", "course_id": "c1", "school_name": "Nowhere"}, ("u1", "c1")),
        ({"user_email": "twin@x.test", "course_title": "Biology"}, (None, "c3")),
        ({"user_email": "who@x.test", "course_title": "Drama"}, None),
        ({"user_email": "ada@x.test", "course_title": "Biology"}, None),
    ],
)
def test_whom_an_unclear_row_may_mean(fields: dict[str, str], meant: tuple[str | None, str | None] | None) -> None:
    assert may_mean(resolved(row(**fields))) == meant


def test_a_row_that_is_wrong_otherwise_means_what_it_says() -> None:
    assert may_mean(row(RowProblem("E108", "x"), user_id="u1")) is None
