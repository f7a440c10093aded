"""OneRoster's lists on the wire: what is asked, and how every odd answer is read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batch_enroll.adapters.api import OneRosterDirectory, Transport
from batch_enroll.core.lookup.records import By, Course, EntityKind, Listing, Page, Person, Question, School, Way
from batch_enroll.core.model import CourseId, NoReply, Reply, SchoolId, UserId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.lookup.records import Record

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass
class Library:
    """Gives one answer to everybody, and remembers what was asked."""

    body: object
    status: int = 200
    asked: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)

    async def page(self, listing: Listing) -> Page[Record] | Reply | NoReply:
        app = web.Application()
        app.router.add_get("/{rest:.*}", self._respond)
        async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as session:
            wire = Transport(session, f"http://127.0.0.1:{server.port}", lambda: NOW)
            return await OneRosterDirectory(wire).page(listing, 300, 100, "t1")

    async def _respond(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.query), request.headers["Authorization"]))
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return web.Response(status=self.status, text=text)


def by_email(value: str, *, loosely: bool = False) -> Listing:
    return Listing(EntityKind.USER, Question(Way(EntityKind.USER, By.EMAIL), value), loosely=loosely)


async def test_a_value_is_asked_for_among_the_living_with_its_quotes_doubled() -> None:
    library = Library({"users": [], "totalCount": 0})
    await library.page(by_email("o'neil+1@x.test"))
    assert library.asked == [
        (
            "/ims/oneroster/rostering/v1p2/users",
            {
                "limit": "100",
                "offset": "300",
                "sort": "sourcedId",
                "orderBy": "asc",
                "filter": "status='active' AND email='o''neil+1@x.test'",
                "fields": "status,sourcedId,email,username,identifier",
            },
            "Bearer t1",
        )
    ]


async def test_another_case_of_letters_is_asked_for_with_contains() -> None:
    library = Library({"users": []})
    await library.page(by_email("a@x.test", loosely=True))
    assert library.asked[0][1]["filter"] == "status='active' AND email~'a@x.test'"


async def test_users_are_read_with_whatever_names_they_have() -> None:
    rows = [
        {"sourcedId": "u1", "status": "active", "email": "a@x.test", "username": "a", "identifier": 77},
        {"sourcedId": "u2", "email": None, "username": True, "identifier": ["x"]},
        {"sourcedId": "u3", "email": "x" * 2000},
    ]
    page = await Library({"users": rows, "totalCount": 3}).page(Listing(EntityKind.USER))
    people = (Person(UserId("u1"), "a@x.test", "a", "77"), Person(UserId("u2")), Person(UserId("u3")))
    assert page == Page(people, 3, 3)


async def test_rows_that_are_none_count_so_that_the_next_page_begins_behind_them() -> None:
    rows = [7, {}, {"sourcedId": ""}, {"sourcedId": "gone", "status": "tobedeleted"}, {"sourcedId": "u1"}]
    page = await Library({"users": rows, "totalCount": "many"}).page(Listing(EntityKind.USER))
    assert page == Page((Person(UserId("u1")),), 5, None)


async def test_courses_are_read_with_their_org_if_they_have_one() -> None:
    rows = [
        {"sourcedId": "c1", "title": "Algebra", "courseCode": "A", "org": {"sourcedId": "s1"}},
        {"sourcedId": "c2", "org": None},
    ]
    library = Library({"courses": rows, "totalCount": 2})
    listing = Listing(EntityKind.COURSE, Question(Way(EntityKind.COURSE, By.CODE), "A"))
    courses = (Course(CourseId("c1"), "Algebra", "A", SchoolId("s1")), Course(CourseId("c2")))
    assert await library.page(listing) == Page(courses, 2, 2)
    assert library.asked[0][1]["filter"] == "status='active' AND courseCode='A'"
    assert library.asked[0][1]["fields"] == "status,sourcedId,courseCode,title,org"


async def test_schools_answer_under_the_key_of_orgs() -> None:
    rows = [{"sourcedId": "s1", "name": "North", "identifier": "1"}, {"sourcedId": "d", "type": "district"}]
    library = Library({"orgs": rows, "totalCount": 2})
    assert await library.page(Listing(EntityKind.SCHOOL)) == Page((School(SchoolId("s1"), "North", "1"),), 2, 2)
    assert library.asked[0][0].endswith("/schools")


@pytest.mark.parametrize("body", [{"courses": []}, {"users": {}}, [], "<html>", ""])
async def test_a_body_without_the_list_does_not_tell(body: object) -> None:
    answer = await Library(body).page(Listing(EntityKind.USER))
    assert isinstance(answer, Reply)
    assert answer.status == 200


async def test_a_refusal_repeats_no_value_that_was_asked_for() -> None:
    refusal = {"imsx_description": "no user a@x.test here"}
    answer = await Library(refusal, 404).page(by_email("a@x.test"))
    assert isinstance(answer, Reply)
    assert answer.status == 404
    assert "a@x.test" not in answer.detail
