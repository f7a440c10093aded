"""Enrollments by OneRoster's route, against the rehearsal server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest
from support.sandbox_client import Visitor, visitor

from batch_enroll.adapters.api import OneRosterGateway, Transport
from batch_enroll.core.model import (
    Action,
    ClassId,
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
from batch_enroll.sandbox.school import EnrollCall, Moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio

TODAY = date(2026, 9, 1)
KEY = EnrollmentKey("t", UserId("u"), CourseId("course of a"), SchoolId("s"), Role.STUDENT, ClassId("a"))
REQUEST = EnrollmentRequest(1, KEY, sourced_id="e-1", begin_date=datetime(2026, 8, 20, 22, tzinfo=UTC))
LEAVING = replace(REQUEST, purpose=Action.WITHDRAW, sourced_id=None)


def no_clock() -> datetime:
    return datetime(2026, 9, 1, tzinfo=UTC)


@dataclass
class Route:
    """The gateway under test, and a plain client of the same server."""

    gateway: OneRosterGateway
    at: Visitor

    async def submit(self, request: EnrollmentRequest = REQUEST) -> Reply | NoReply:
        return await self.gateway.submit(request, self.at.token)

    async def status_of(self, request: EnrollmentRequest = REQUEST) -> int:
        reply = await self.submit(request)
        assert isinstance(reply, Reply), reply
        return reply.status

    async def seats(self, user: str = "u") -> list[ServerEnrollment]:
        found = await self.gateway.look_up(UserId(user), self.at.token)
        assert isinstance(found, UserEnrollments), found
        return list(found.enrollments)

    async def row(self, sourced_id: str = "e-1") -> dict[str, object]:
        answer = await self.at.get(f"enrollments/{sourced_id}")
        row: dict[str, object] = answer.json["enrollment"]
        return row


@asynccontextmanager
async def route(*scenarios: str, by_end_date: bool = False) -> AsyncIterator[Route]:
    async with visitor(*scenarios) as at:
        wire = Transport(at.session, at.sandbox.base_url, no_clock)
        yield Route(OneRosterGateway(wire, lambda: TODAY, by_end_date=by_end_date), at)


async def test_an_enrollment_is_one_row_of_its_class_with_its_dates() -> None:
    async with route() as on:
        dated = replace(REQUEST, end_date=date(2027, 6, 30), primary=True, metadata={"note": "x"})
        assert await on.submit(dated) == Reply(201, enrollment_id="e-1")
        row = await on.row()
        (seat,) = await on.seats()
    assert (row["beginDate"], row["endDate"], row["primary"], row["role"]) == (
        "2026-08-20",
        "2027-06-30",
        "true",
        "student",
    )
    assert row["metadata"] == {"note": "x"}
    assert (seat.enrollment_id, seat.class_id, seat.course_id, seat.role) == ("e-1", "a", "course of a", "student")


async def test_without_a_class_the_courses_default_class_is_asked_for_once() -> None:
    async with route() as on:
        key = KEY._replace(course_id=CourseId("math"), class_id=None)
        for nth, user in enumerate(("u", "v")):
            request = replace(REQUEST, key=key._replace(user_id=UserId(user)), sourced_id=f"e-{nth}")
            assert await on.status_of(request) == 201
        await on.at.enroll("w/math/s")
        assert {seat.class_id for user in "uvw" for seat in await on.seats(user)} == {
            on.at.sandbox.school.managed_classes()[0].id
        }
        assert on.at.sandbox.requests.as_json()["routes"] == {
            "enrollments-write": 2,
            "enrollments": 3,
            "default-class": 1,
            "enroll": 1,
        }
        nowhere = key._replace(course_id=CourseId("gone"), school_id=None)
    async with route("unknown-courses=100") as on:
        reply = await on.submit(replace(REQUEST, key=nowhere))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.meaning) == (404, Meaning.UNKNOWN_COURSE)


async def test_a_row_that_is_there_is_told_as_already_enrolled_under_its_id_or_another() -> None:
    async with route() as on:
        assert await on.status_of() == 201
        for again in (REQUEST, replace(REQUEST, sourced_id="e-2"), replace(REQUEST, sourced_id=None)):
            reply = await on.submit(again)
            assert isinstance(reply, Reply)
            assert (reply.status in {404, 422}, reply.meaning) == (True, Meaning.ALREADY_ENROLLED)
        assert len(await on.seats()) == 1


@pytest.mark.parametrize("by_end_date", [False, True])
async def test_a_withdrawn_row_is_no_seat_any_more_and_is_put_back_when_it_is_enrolled_again(
    *, by_end_date: bool
) -> None:
    async with route(by_end_date=by_end_date) as on:
        await on.submit()
        assert await on.status_of(LEAVING) == (200 if by_end_date else 204)
        assert await on.seats() == []
        gone = await on.row()
        assert await on.status_of(LEAVING) == 404
        assert await on.submit() == Reply(201, enrollment_id="e-1")
        back = await on.row()
        assert len(await on.seats()) == 1
    assert (gone["status"], gone.get("endDate")) == (("active", "2026-09-01") if by_end_date else ("tobedeleted", None))
    assert (back["status"], back.get("endDate")) == ("active", None)


async def test_an_id_of_another_row_stays_a_conflict() -> None:
    async with route() as on:
        await on.submit(replace(REQUEST, key=KEY._replace(user_id=UserId("other"))))
        await on.submit(replace(LEAVING, key=KEY._replace(user_id=UserId("other"))))
        reply = await on.submit()
        assert await on.seats() == []
    assert isinstance(reply, Reply)
    assert (reply.status, reply.meaning) == (404, Meaning.ALREADY_ENROLLED)


async def test_a_deleted_row_of_another_class_of_the_user_is_put_back_and_one_that_ended_is_left() -> None:
    elsewhere = KEY._replace(class_id=ClassId("b"))
    for by_end_date, status in ((False, 201), (True, 404)):
        async with route(by_end_date=by_end_date) as on:
            await on.submit(replace(REQUEST, key=elsewhere))
            await on.submit(replace(LEAVING, key=elsewhere))
            assert await on.status_of() == status


async def test_withdrawing_one_class_leaves_the_other() -> None:
    async with route() as on:
        await on.submit()
        await on.submit(replace(REQUEST, key=KEY._replace(class_id=ClassId("b")), sourced_id="e-2"))
        assert await on.status_of(LEAVING) == 204
        assert [seat.class_id for seat in await on.seats()] == ["b"]


async def test_a_row_that_is_named_is_withdrawn_even_if_reads_do_not_show_it_yet() -> None:
    async with route("read-lag-s=60") as on:
        await on.submit()
        assert await on.seats() == []
        assert await on.status_of(LEAVING) == 404
        assert await on.status_of(replace(LEAVING, sourced_id="e-1")) == 204
        assert on.at.sandbox.school.active_enrollments() == []


async def test_a_list_of_several_pages_is_read_to_its_end() -> None:
    async with route() as on:
        school = on.at.sandbox.school
        for nth in range(1001):
            school.enroll(EnrollCall("u", f"c{nth}", "s"), Moment(no_clock()))
        assert len(await on.seats()) == 1001


async def test_what_goes_wrong_on_the_way_is_told() -> None:
    async with route("unknown-users=100") as on:
        reply = await on.submit()
        assert isinstance(reply, Reply)
        assert (reply.status, reply.meaning) == (404, Meaning.UNKNOWN_USER)
    async with aiohttp.ClientSession() as session:
        gateway = OneRosterGateway(Transport(session, "http://127.0.0.1:9", no_clock), lambda: TODAY)
        for request in (REQUEST, LEAVING, replace(REQUEST, key=KEY._replace(class_id=None))):
            assert await gateway.submit(request, "t") == NoReply("no connection", sent=False)
        assert isinstance(await gateway.look_up(KEY.user_id, "t"), NoReply)
    async with route() as on:
        bad = await on.gateway.look_up(KEY.user_id, "no token")
        assert isinstance(bad, Reply)
        assert bad.status == 401
        refused = await on.gateway.submit(LEAVING, "no token")
        assert isinstance(refused, Reply)
        assert refused.status == 401
