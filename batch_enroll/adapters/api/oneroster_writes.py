"""Enrollments by OneRoster's own route: one row of one class, with its dates, under a sourcedId that the client chose.

Source of every path and body: contract sections 1.2 and 2.2. The vendor's words end in this package.

- A class is named by the roster, or it is the course's default class, which EduBridge finds or makes: so a seat is the
  same by either route. It is asked for once for each course and school.
- A sourcedId that was used is refused for ever ("already exists"), also when its row was deleted or ended: POST never
  revives. A deleted row of the same user is put back with PUT then, which several callers use as an upsert, and so is
  one of the same class that ended; any other row stays a conflict.
- Withdrawing deletes the row softly, or ends it today.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import anyio

from batch_enroll.adapters.api.responses import SUCCESS, dicts, parsed_json, success
from batch_enroll.adapters.api.timestamps import parse_timestamp
from batch_enroll.adapters.api.transport import segments
from batch_enroll.core.model import (
    Action,
    ClassId,
    CourseId,
    Meaning,
    NoReply,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
)
from batch_enroll.core.verdict.enrollment_matching import match_enrollments

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from batch_enroll.adapters.api.responses import HttpResponse
    from batch_enroll.adapters.api.transport import Transport
    from batch_enroll.core.model import EnrollmentKey, EnrollmentRequest, Json, UserId

_ENROLLMENTS: Final = "/ims/oneroster/rostering/v1p2/enrollments"
_DEFAULT_CLASS: Final = "/edubridge/enrollments/defaultClass"
_PAGE: Final = 1000
_MOST_PAGES: Final = 20
_NO_SUCH: Final = Reply(HTTPStatus.NOT_FOUND)


class OneRosterGateway:
    """The Gateway that writes single enrollment rows.

    Args:
        wire: requests to the vendor's address.
        today: the day on which a withdrawn seat ends, and before which an end date is over.
        by_end_date: withdraw by ending a row today, instead of deleting it softly.

    Attributes:
        besides: requests that an attempt or a look-up took besides its first.
    """

    def __init__(self, wire: Transport, today: Callable[[], date], *, by_end_date: bool = False) -> None:
        self._wire = wire
        self._today = today
        self._by_end_date = by_end_date
        self.besides = 0
        self._classes: dict[tuple[CourseId, SchoolId | None], ClassId] = {}
        self._asking: dict[tuple[CourseId, SchoolId | None], anyio.Lock] = {}
        self._courses: dict[str, CourseId] = {}  # by class; the specification promises no course in an enrollment

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Enrolls or withdraws once."""
        self.besides -= 1
        if request.purpose is Action.WITHDRAW:
            return await self._withdraw(request, token)
        class_id = request.key.class_id or await self._default_class(request.key, token)
        if isinstance(class_id, Reply | NoReply):
            return class_id
        reply = await self._write("POST", _ENROLLMENTS, self._row(request, class_id), request.key, token)
        taken = isinstance(reply, Reply) and reply.meaning is Meaning.ALREADY_ENROLLED
        if taken and request.sourced_id is not None and await self._lies_idle(request, class_id, token):
            where = f"{_ENROLLMENTS}/{segments(request.sourced_id)}"
            return await self._write("PUT", where, self._row(request, class_id), request.key, token)
        return reply

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        """Asks which enrollments of the user are active today; a long list takes several requests."""
        self.besides -= 1
        return await self._listed(user_id, token)

    async def _listed(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        seats: list[ServerEnrollment] = []
        for page in range(_MOST_PAGES):
            answer = await self._exchange("GET", self._listing(user_id, page), token, None)
            if isinstance(answer, NoReply):
                return answer
            listed = parsed_json(answer.body)
            if answer.status != HTTPStatus.OK or not isinstance(listed, dict) or "enrollments" not in listed:
                return self._wire.reply(answer, {user_id: "user"})
            rows = list(dicts(listed["enrollments"]))
            seats += [seat for row in rows if not self._is_over(row) and (seat := self._seat(row)) is not None]
            total = listed.get("totalCount")
            if not rows or not isinstance(total, int) or (page + 1) * _PAGE >= total:
                break
        return UserEnrollments(tuple(seats))

    async def _exchange(self, method: str, where: str, token: str, body: bytes | None) -> HttpResponse | NoReply:
        self.besides += 1
        return await self._wire.exchange(method, where, token, body)

    async def _withdraw(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Withdraws the row that is named, else every row of the key; the verdict saw to it that those are not many."""
        if request.sourced_id is not None:  # reads may not show it yet
            return await self._end(request.sourced_id, request.key, token)
        listed = await self._listed(request.key.user_id, token)
        if isinstance(listed, NoReply):
            return NoReply(listed.cause, sent=False)
        if isinstance(listed, Reply):
            return listed
        reply: Reply | NoReply = _NO_SUCH
        for seat in match_enrollments(listed, request.key):
            reply = await self._end(seat.enrollment_id, request.key, token)
            if isinstance(reply, NoReply) or reply.status not in SUCCESS:
                break
        return reply

    async def _end(self, sourced_id: str, key: EnrollmentKey, token: str) -> Reply | NoReply:
        where = f"{_ENROLLMENTS}/{segments(sourced_id)}"
        if self._by_end_date:
            return await self._write("PATCH", where, {"endDate": self._today().isoformat()}, key, token)
        return await self._write("DELETE", where, None, key, token)

    async def _default_class(self, key: EnrollmentKey, token: str) -> ClassId | Reply | NoReply:
        """The class of a course at a school, which is asked for once: the asking may make it (contract 1.1)."""
        at = key.course_id, key.school_id
        async with self._asking.setdefault(at, anyio.Lock()):
            return self._classes.get(at) or await self._ask_for_default_class(key, token)

    async def _ask_for_default_class(self, key: EnrollmentKey, token: str) -> ClassId | Reply | NoReply:
        at = key.course_id, key.school_id
        where = segments(*(part for part in at if part is not None))
        answer = await self._exchange("GET", f"{_DEFAULT_CLASS}/{where}", token, None)
        if isinstance(answer, NoReply):
            return NoReply(answer.cause, sent=False)  # the enrollment itself never left
        parsed = parsed_json(answer.body)
        found = parsed.get("data") if isinstance(parsed, dict) else None
        class_id = found.get("id") if isinstance(found, dict) else None
        if answer.status != HTTPStatus.OK or not isinstance(class_id, str):
            return self._wire.reply(answer, _placeholders(key))
        self._courses[class_id] = key.course_id
        return self._classes.setdefault(at, ClassId(class_id))

    async def _lies_idle(self, request: EnrollmentRequest, class_id: ClassId, token: str) -> bool:
        """Whether the row under the request's sourcedId is the user's and not in use, so that it can be put back."""
        where = f"{_ENROLLMENTS}/{segments(request.sourced_id or '')}"
        answer = await self._exchange("GET", where, token, None)
        parsed = None if isinstance(answer, NoReply) or answer.status != HTTPStatus.OK else parsed_json(answer.body)
        row = parsed.get("enrollment") if isinstance(parsed, dict) else None
        if not isinstance(row, dict):
            return False
        if _reference(row, "user") != request.key.user_id:
            return False
        # A deleted row may have been of another class, such as the one that EduBridge had chosen; one that ended is the
        # record of its class.
        return row.get("status") != "active" or (_reference(row, "class") == class_id and self._is_over(row))

    async def _write(
        self, method: str, where: str, row: dict[str, Json] | None, key: EnrollmentKey, token: str
    ) -> Reply | NoReply:
        body = None if row is None else json.dumps({"enrollment": row}).encode()
        answer = await self._exchange(method, where, token, body)
        if isinstance(answer, NoReply):
            return answer
        if answer.status in SUCCESS:
            parsed = parsed_json(answer.body)
            return Reply(answer.status, success(answer.body, parsed), enrollment_id=_allocated(parsed))
        return self._wire.reply(answer, _placeholders(key))

    def _row(self, request: EnrollmentRequest, class_id: ClassId) -> dict[str, Json]:
        """The whole row; PUT replaces, so it says everything."""
        key = request.key
        row: dict[str, Json] = {
            "status": "active",
            "role": key.role.value,
            "user": {"sourcedId": key.user_id},
            "class": {"sourcedId": class_id},
        }
        if key.school_id is not None:
            row["school"] = {"sourcedId": key.school_id}
        if request.sourced_id is not None:
            row["sourcedId"] = request.sourced_id
        if request.primary is not None:
            row["primary"] = "true" if request.primary else "false"
        row["beginDate"] = (request.begin_date.date() if request.begin_date else self._today()).isoformat()
        if request.end_date is not None:
            row["endDate"] = request.end_date.isoformat()
        if request.metadata:
            row["metadata"] = dict(request.metadata)
        return row

    def _is_over(self, row: dict[str, Json]) -> bool:
        """Whether its end date has come; OneRoster's end is exclusive. Active rows with a past one are seen live."""
        end = parse_timestamp(row.get("endDate"))
        return end is not None and end.date() <= self._today()

    def _seat(self, row: dict[str, Json]) -> ServerEnrollment | None:
        role, course, school = row.get("role"), _reference(row, "course"), _reference(row, "school")
        class_id = _reference(row, "class")
        if row.get("status") != "active" or class_id is None:
            return None
        return ServerEnrollment(
            enrollment_id=str(row.get("sourcedId", "")),
            course_id=CourseId(course) if course is not None else self._courses.get(class_id, CourseId("")),
            school_id=None if school is None else SchoolId(school),
            role=Role(role) if isinstance(role, str) and role in set(Role) else None,
            begin_date=parse_timestamp(row.get("beginDate")),
            class_id=ClassId(class_id),
            changed_at=parse_timestamp(row.get("dateLastModified")),
        )

    @staticmethod
    def _listing(user_id: UserId, page: int) -> str:
        quoted = user_id.replace("'", "''")
        wanted = quote(f"user.sourcedId='{quoted}' AND status='active'", safe="")
        return f"{_ENROLLMENTS}?filter={wanted}&sort=sourcedId&limit={_PAGE}&offset={page * _PAGE}"


def _placeholders(key: EnrollmentKey) -> dict[str, str]:
    ids = {key.class_id or "": "class", key.school_id or "": "school", key.course_id: "course", key.user_id: "user"}
    return {value: name for value, name in ids.items() if value}


def _reference(row: dict[str, Json], name: str) -> str | None:
    reference = row.get(name)
    found = reference.get("sourcedId") if isinstance(reference, dict) else None
    return found if isinstance(found, str) else None


def _allocated(parsed: Json) -> str | None:
    """The id in the answer to a write; the official SDK has met a list of one pair too."""
    pairs = parsed.get("sourcedIdPairs") if isinstance(parsed, dict) else None
    pair = pairs[0] if isinstance(pairs, list) and pairs else pairs
    found = pair.get("allocatedSourcedId") if isinstance(pair, dict) else None
    return found if isinstance(found, str) and found.isprintable() else None
