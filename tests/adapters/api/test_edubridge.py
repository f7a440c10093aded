"""EduBridge on the wire: what is sent, and how every known answer is read."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batch_enroll.adapters.api import EduBridge, Transport
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Meaning,
    NoReply,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
    UserId,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from batch_enroll.core.model import Json

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
KEY = EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
REQUEST = EnrollmentRequest(1, KEY)


@dataclass
class Answering:
    """One answer for everybody, and what came in."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    seen: list[tuple[str, str, str, Any]] = field(default_factory=list)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        seen = (request.method, request.raw_path, request.headers["Authorization"], json.loads(body) if body else None)
        self.seen.append(seen)
        return await self.answer(request)

    @asynccontextmanager
    async def api(self, total_s: float = 5.0, path: str = "") -> AsyncIterator[EduBridge]:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self.respond)
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=1.0)
        async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession(timeout=timeout) as session:
            yield EduBridge(Transport(session, f"http://127.0.0.1:{server.port}{path}", lambda: NOW))


def says(status: int, body: object = None, headers: dict[str, str] | None = None) -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers)

    return Answering(answer)


async def submit(wire: Answering, request: EnrollmentRequest = REQUEST) -> Reply | NoReply:
    async with wire.api() as api:
        return await api.submit(request, "t1")


async def reply(wire: Answering, request: EnrollmentRequest = REQUEST) -> Reply:
    answer = await submit(wire, request)
    assert isinstance(answer, Reply)
    return answer


# -- what is sent -----------------------------------------------------------------------------------------------------


async def test_an_enrollment_is_one_post_with_the_token_and_the_role() -> None:
    wire = says(201, {"data": {"id": "e1"}})
    await submit(wire)
    assert wire.seen == [("POST", "/edubridge/enrollments/enroll/u1/c1/s1", "Bearer t1", {"role": "student"})]


async def test_without_a_school_the_path_has_two_segments() -> None:
    wire = says(201)
    await submit(wire, EnrollmentRequest(1, EnrollmentKey("t", UserId("u1"), CourseId("c1"), None, Role.TEACHER)))
    assert wire.seen[0][1] == "/edubridge/enrollments/enroll/u1/c1"


async def test_a_withdrawal_is_one_delete_without_a_body() -> None:
    wire = says(204)
    answer = await submit(wire, EnrollmentRequest(1, KEY, Action.WITHDRAW, purpose=Action.WITHDRAW))
    assert wire.seen == [("DELETE", "/edubridge/enrollments/unenroll/u1/c1/s1", "Bearer t1", None)]
    assert answer == Reply(204)


async def test_every_path_segment_is_encoded_with_nothing_left_safe() -> None:
    key = EnrollmentKey("t", UserId("a/b@c d"), CourseId("../x?y#z"), SchoolId("é%2F+"), Role.STUDENT)
    wire = says(201)
    await submit(wire, EnrollmentRequest(1, key))
    assert wire.seen[0][1] == "/edubridge/enrollments/enroll/a%2Fb%40c%20d/..%2Fx%3Fy%23z/%C3%A9%252F%2B"


async def test_begin_date_sourced_id_and_metadata_go_into_the_body() -> None:
    wire = says(201)
    begin = datetime(2025, 8, 15, tzinfo=UTC)
    metadata: dict[str, Json] = {"goals": {"dailyXp": 20}}
    await submit(wire, EnrollmentRequest(1, KEY, begin_date=begin, sourced_id="e7", metadata=metadata))
    assert wire.seen[0][3] == {
        "role": "student",
        "beginDate": "2025-08-15T00:00:00.000Z",
        "sourcedId": "e7",
        "metadata": {"goals": {"dailyXp": 20}},
    }


async def test_half_a_character_in_the_metadata_is_sent_as_json_spells_it() -> None:
    wire = says(201)
    assert (await reply(wire, EnrollmentRequest(1, KEY, metadata={"note": "\ud83d"}))).status == 201
    assert wire.seen[0][3]["metadata"] == {"note": "\ud83d"}


async def test_a_path_below_the_address_and_a_query_are_kept() -> None:
    wire = says(200)
    async with wire.api(path="/v1/") as api:
        await api._wire.exchange("GET", "/users?limit=2", "t1", None)
        await api.look_up(UserId("u1"), "t1")
    assert [seen[1] for seen in wire.seen] == ["/v1/users?limit=2", "/v1/edubridge/enrollments/user/u1"]


async def test_a_redirect_is_not_followed() -> None:
    wire = says(302, headers={"Location": "/elsewhere"})
    assert (await reply(wire)).status == 302
    assert len(wire.seen) == 1


# -- what is read -----------------------------------------------------------------------------------------------------


async def test_a_201_gives_the_enrollments_id() -> None:
    assert await reply(says(201, {"data": {"id": "e1", "role": "student"}})) == Reply(
        201, Meaning.ENROLLMENT, enrollment_id="e1"
    )


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [], "not json", {"data": None}, {"data": {"id": True}}, {"data": {"id": "bad\nid"}}, {"data": [1]},
        '{"data": {"id": "e1"}, "deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=range(9),
)  # fmt: skip
async def test_a_201_with_a_missing_or_odd_body_is_a_201_without_an_id(body: object) -> None:
    answer = await reply(says(201, body))
    assert (answer.status, answer.enrollment_id) == (201, None)


async def test_fractional_goals_and_extra_fields_change_nothing() -> None:
    body = {"data": {"id": 7, "metadata": {"goals": {"dailyXp": 12.5}}, "new": [1]}, "more": 1}
    assert (await reply(says(201, body))).enrollment_id == "7"


async def test_a_page_instead_of_json_is_told_apart() -> None:
    assert (await reply(says(200, "<html>sign in</html>"))).meaning is Meaning.NOT_JSON
    assert (await reply(says(502, "<html>bad gateway</html>"))) == Reply(502, Meaning.NOT_JSON)
    assert (await reply(says(502))).meaning is Meaning.NOTHING


def ims(description: str, minor: str = "unknownobject") -> dict[str, object]:
    field_value = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    return {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": description,
        "imsx_CodeMinor": {"imsx_codeMinorField": [field_value]},
        "imsx_error_details": [{"field": "invalid"}, 3],
    }


BAD_ROLE = {"message": "Bad", "detail": "invalid", "meta": {"issues": [{"path": ["role"], "message": "x"}]}}


@pytest.mark.parametrize(
    ("body", "meaning", "detail"),
    [
        (ims("User not found"), Meaning.UNKNOWN_USER, "User not found; field: invalid"),
        (ims("Course not found"), Meaning.UNKNOWN_COURSE, "Course not found; field: invalid"),
        (ims("School or class not found"), Meaning.UNKNOWN_SCHOOL, "School or class not found; field: invalid"),
        ({"message": "Organization with id s1 was not found"}, Meaning.UNKNOWN_SCHOOL, None),
        ({"message": "User u1 does not exist"}, Meaning.UNKNOWN_USER, "User <user> does not exist"),
        ({"error": "Unknown course c1"}, Meaning.UNKNOWN_COURSE, "Unknown course <course>"),
        ({"errors": [BAD_ROLE]}, Meaning.NOTHING, "Bad; invalid; role: …"),
        ({"errors": [{"message": "already exists"}]}, Meaning.ALREADY_ENROLLED, "already exists"),
        ({"errors": ["odd", {"meta": 3}, {"meta": {"issues": [{"path": "role"}]}}]}, Meaning.NOTHING, None),
        ({"error": "JWT signature verification failed"}, Meaning.TOKEN_EXPIRED, "JWT signature verification failed"),
        (ims("jwt expired"), Meaning.TOKEN_EXPIRED, None),
        ("plain: jwt expired", Meaning.TOKEN_EXPIRED, ""),
        ([1, 2], Meaning.NOTHING, ""),
        ({"message": 3}, Meaning.NOTHING, ""),
    ],
)  # fmt: skip
async def test_every_known_error_body_becomes_a_meaning_and_one_clean_detail(
    body: object, meaning: Meaning, detail: str | None
) -> None:
    answer = await reply(says(422, body))
    assert answer.meaning is meaning
    if detail is not None:
        assert answer.detail == detail


async def test_names_in_an_error_body_do_not_come_through() -> None:
    answer = await reply(says(422, {"message": "Student Jane Doe (jane@school.example) is not active"}))
    assert "Jane" not in answer.detail
    assert "jane" not in answer.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 12 ", 12.0),
        ("Tue, 01 Sep 2026 12:00:30 GMT", 30.0),
        ("Tue, 01 Sep 2026 11:00:00 GMT", 0.0),
        ("Tue, 01 Sep 2026 12:00:30 -0000", None),
        ("soon", None),
        ("-3", None),
        (None, None),
    ],
)
async def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    wire = says(429, headers=None if header is None else {"Retry-After": header})
    assert (await reply(wire)).retry_after_s == seconds


# -- no answer --------------------------------------------------------------------------------------------------------


async def test_a_refused_connection_says_that_nothing_was_sent() -> None:
    async with aiohttp.ClientSession() as session:
        answer = await EduBridge(Transport(session, "http://127.0.0.1:9", lambda: NOW)).submit(REQUEST, "t1")
    assert answer == NoReply("no connection", sent=False)


async def test_a_server_that_hangs_up_may_have_acted() -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    assert await submit(Answering(hang_up)) == NoReply("the connection broke", sent=True)


async def test_a_server_that_is_silent_may_have_acted() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await request.content.wait_eof()
        await never.wait()
        return web.Response()

    never = anyio.Event()
    async with Answering(silent).api(total_s=0.1) as api:
        answer = await api.submit(REQUEST, "t1")
        never.set()
    assert answer == NoReply("no answer in time", sent=True)


async def test_a_201_that_breaks_off_in_its_body_is_still_a_201() -> None:
    async def truncated(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"data": {"id"')
        assert request.transport is not None
        request.transport.close()
        return response

    assert await reply(Answering(truncated)) == Reply(201, Meaning.NOT_JSON)


async def test_an_endless_body_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        for _ in range(200):
            await response.write(b" " * 100_000)
        return response

    assert await reply(Answering(endless)) == Reply(500, Meaning.NOTHING)


# -- look-ups ---------------------------------------------------------------------------------------------------------


async def look_up(wire: Answering, user: str = "u1") -> UserEnrollments | Reply | NoReply:
    async with wire.api() as api:
        return await api.look_up(UserId(user), "t1")


async def test_a_look_up_lists_the_users_seats() -> None:
    rows = [
        {"id": "e1", "role": "student", "course": {"id": "c1"}, "school": {"id": "s1"}},
        {"id": "e2", "role": "wizard", "course": {"id": "c2"}, "school": {}},
        {"id": "e3", "role": "student", "course": None},
        "odd",
    ]
    wire = says(200, {"data": rows})
    assert await look_up(wire, "u/1") == UserEnrollments(
        (
            ServerEnrollment("e1", CourseId("c1"), SchoolId("s1"), Role.STUDENT),
            ServerEnrollment("e2", CourseId("c2"), None, None),
        )
    )
    assert wire.seen[0][:2] == ("GET", "/edubridge/enrollments/user/u%2F1")


@pytest.mark.parametrize("body", ["<html>", {"data": {}}, [], None])
async def test_a_look_up_that_lists_nothing_readable_is_no_list(body: object) -> None:
    assert isinstance(await look_up(says(200, body)), Reply)


async def test_a_look_up_that_gets_no_answer_says_so() -> None:
    async with aiohttp.ClientSession() as session:
        answer = await EduBridge(Transport(session, "http://127.0.0.1:9", lambda: NOW)).look_up(UserId("u1"), "t1")
    assert answer == NoReply("no connection", sent=False)
