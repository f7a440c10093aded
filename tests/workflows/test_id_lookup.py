"""What rows name is looked up once for all of them, in the way that takes the server less; on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from support.fake_directory import FakeDirectory, MemoryBook
from support.fakes import FakeRoster, FakeTokens, Remembering

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.events import LookingUp
from batch_enroll.core.lookup.id_resolution import search_in
from batch_enroll.core.lookup.records import Course, EntityKind, Person, Record, School
from batch_enroll.core.model import CourseId, NoReply, Reply, SchoolId, SourceRow, UserId
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import QueryDependencies, QueryRunner
from batch_enroll.workflows import DirectoryPages, IdLookups, PreparedRoster

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]
FIELDS = ("user_email", "course_title", "school_id")
COURSES = (Course(CourseId("c1"), "Algebra", org=SchoolId("s1")), School(SchoolId("s1"), "North"))


def people(count: int) -> list[Record]:
    return [Person(UserId(f"u{number}"), f"p{number}@x.test") for number in range(count)]


def rows(count: int, first: int = 0) -> list[dict[str, str]]:
    return [
        {"user_email": f"p{number}@x.test", "course_title": "Algebra", "school_id": "s1"}
        for number in range(first, first + count)
    ]


@dataclass
class Desk:
    """Looks rows up in a directory."""

    directory: FakeDirectory
    book: MemoryBook = field(default_factory=MemoryBook)
    notes: list[str] = field(default_factory=list)
    sink: Remembering = field(default_factory=Remembering)

    async def found(self, roster: list[dict[str, str]], *, online: bool = False) -> list[SourceRow]:
        source = FakeRoster(roster, columns=FIELDS)
        found = PreparedRoster(source, search_in(FIELDS, [], {}, None))
        means = QueryDependencies(
            FakeTokens(), FixedPace(PaceLimits(10)), Breaker(BreakerLimits(budget=20)), Remembering(), Policy(),
            lambda: 0.5, workers=8,
        )  # fmt: skip
        lookups = IdLookups(DirectoryPages(QueryRunner(means), self.directory), self.book, self.sink)
        await lookups.find(found.unresolved_rows(), found.search)
        found.answers = lookups.answers
        if online:
            await lookups.check_ids(found.rows(), {EntityKind.SCHOOL: "s1"})
            found.defaults = {EntityKind.SCHOOL: "s1"}
        self.notes = lookups.notes
        return list(found.rows())


def users(found: list[SourceRow]) -> list[str]:
    return [row.fields["user_id"] if row.problem is None else row.problem.code for row in found]


async def test_few_values_are_asked_for_one_by_one_and_each_once() -> None:
    desk = Desk(FakeDirectory([*people(4), *COURSES]))
    assert users(await desk.found([*rows(3), *rows(3)])) == ["u0", "u1", "u2"] * 2
    assert desk.notes == [
        "users by e-mail: 3 looked up one by one (requests: 3)",
        "courses by title: 1 looked up one by one (requests: 1)",
        "schools by id: 1 looked up one by one (requests: 1)",
    ]


async def test_whoever_watches_is_told_how_far_the_look_ups_are() -> None:
    desk = Desk(FakeDirectory([*people(7000), *COURSES]))
    await desk.found(rows(300))
    told = [(event.what, event.done, event.total) for event in desk.sink.of(LookingUp)]
    assert told[:2] == [("users by e-mail", 0, 300), ("users by e-mail", 3000, 7000)]
    assert told[-1] == ("schools by id", 1, 1)
    assert ("users by e-mail", 7000, 7000) in told


async def test_who_was_found_is_not_asked_for_by_id_once_more() -> None:
    desk = Desk(FakeDirectory([*people(4), *COURSES]))
    assert users(await desk.found(rows(3), online=True)) == ["u0", "u1", "u2"]
    assert desk.notes == [
        "users by e-mail: 3 looked up one by one (requests: 3)",
        "courses by title: 1 looked up one by one (requests: 1)",
        "schools by id: 1 looked up one by one (requests: 1)",
    ]


async def test_an_email_in_another_case_costs_a_second_question() -> None:
    desk = Desk(FakeDirectory([*people(4), *COURSES]))
    assert users(await desk.found([rows(1)[0] | {"user_email": "P0@x.test"}])) == ["u0"]
    assert desk.notes[0].endswith("(requests: 2)")


async def test_many_values_are_laid_beside_the_whole_list() -> None:
    desk = Desk(FakeDirectory([*people(7000), *COURSES]))
    wanted = [*rows(300, 6800)]
    assert users(await desk.found(wanted)) == [f"u{n}" for n in range(6800, 7000)] + [catalogue.USER_NOT_FOUND] * 100
    assert desk.notes[0] == "users by e-mail: 300 looked up in the whole list (requests: 4)"


async def test_a_list_that_would_cost_more_than_single_questions_is_not_read() -> None:
    desk = Desk(FakeDirectory([*people(9000), *COURSES]))
    assert set(users(await desk.found(rows(60)))) == {f"u{n}" for n in range(60)}
    assert desk.notes[0] == "users by e-mail: 60 looked up one by one (requests: 61)"


async def test_short_pages_before_the_end_lose_nobody() -> None:
    desk = Desk(FakeDirectory([*people(3100), *COURSES], largest=700))
    assert users(await desk.found(rows(3100))) == [f"u{n}" for n in range(3100)]
    assert "(requests: 7)" in desk.notes[0]


async def test_what_a_list_keeps_back_is_asked_for_by_itself() -> None:
    desk = Desk(FakeDirectory([*people(100), *COURSES], hidden=2))
    assert users(await desk.found(rows(100))) == [f"u{n}" for n in range(100)]


async def test_what_was_found_is_remembered_and_what_was_not_is_asked_again() -> None:
    desk = Desk(FakeDirectory([*people(2), *COURSES]))
    await desk.found(rows(3))
    assert users(await desk.found(rows(3))) == ["u0", "u1", catalogue.USER_NOT_FOUND]
    assert desk.notes == [
        "users by e-mail: 1 looked up one by one (requests: 2), 2 remembered",
        "courses by title: 1 remembered",
        "schools by id: 1 looked up one by one (requests: 1)",
    ]


async def test_a_value_that_the_server_does_not_answer_makes_its_rows_invalid_only() -> None:
    directory = FakeDirectory([*people(3), *COURSES], {"p1@x.test": Reply(404)})
    assert users(await Desk(directory).found(rows(3))) == ["u0", catalogue.NOT_LOOKED_UP, "u2"]


async def test_credentials_that_may_not_read_end_it() -> None:
    with pytest.raises(AuthRefusedError, match="may not read users"):
        await Desk(FakeDirectory(people(3), {"p1@x.test": Reply(403)})).found(rows(3))


async def test_an_api_that_is_down_ends_it() -> None:
    down = {f"p{number}@x.test": NoReply("no connection", sent=False) for number in range(40)}
    with pytest.raises(RunStoppedError, match="the API is down"):
        await Desk(FakeDirectory(people(40), down)).found(rows(40))


async def test_a_list_that_is_too_much_at_once_is_asked_for_in_smaller_pages() -> None:
    desk = Desk(FakeDirectory([*people(900), *COURSES], frail_above=1000))
    assert users(await desk.found(rows(900))) == [f"u{n}" for n in range(900)]


async def test_a_list_that_cannot_be_read_ends_it() -> None:
    with pytest.raises(RunStoppedError, match="the list of users could not be read"):
        await Desk(FakeDirectory(people(900), frail_above=1)).found(rows(900))


async def test_ids_are_proven_and_never_remembered() -> None:
    desk = Desk(FakeDirectory([*people(2), *COURSES]))
    given = [
        {"user_id": "u1", "course_id": "c1"},
        {"user_id": "u9", "course_id": "c1"},
        {"user_id": "u1", "course_id": "c9"},
    ]
    found = await desk.found(given, online=True)
    assert users(found) == ["u1", catalogue.USER_NOT_FOUND, catalogue.COURSE_NOT_FOUND]
    assert desk.book.kept == {}
