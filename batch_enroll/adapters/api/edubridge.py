"""EduBridge: EnrollmentRequest and look-ups to the wire, answers to Reply, Seats or NoReply.

Source of every path and body: contract sections 1.1 and 5. The vendor's words end in this package.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from batch_enroll.adapters.api.responses import SUCCESS, dicts, parsed_json, success
from batch_enroll.adapters.api.timestamps import parse_timestamp
from batch_enroll.adapters.api.transport import segments
from batch_enroll.core.model import (
    Action,
    CourseId,
    Meaning,
    NoReply,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
)
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from batch_enroll.adapters.api.responses import HttpResponse
    from batch_enroll.adapters.api.transport import Transport
    from batch_enroll.core.model import EnrollmentRequest, Json, UserId

_ENROLLMENTS: Final = "/edubridge/enrollments"
_LONGEST_ID: Final = 512
_WITHDRAW, _ENROLLMENT = Action.WITHDRAW, Meaning.ENROLLMENT  # Python 3.11 takes long to look up a member of an enum


class EduBridge:
    """The Gateway that finds or creates class, term and school year by itself."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Enrolls or withdraws once. Any 201 comes back as one, whatever its body."""
        key = request.key
        school = () if key.school_id is None else (key.school_id,)
        where = segments(key.user_id, key.course_id, *school)
        if request.purpose is _WITHDRAW:
            answer = await self._wire.exchange("DELETE", f"{_ENROLLMENTS}/unenroll/{where}", token, None)
        else:
            plain = request.begin_date is None and request.sourced_id is None and not request.metadata
            body = _PLAIN[key.role] if plain else _encoded(_enroll_body(request))
            answer = await self._wire.exchange("POST", f"{_ENROLLMENTS}/enroll/{where}", token, body)
        if isinstance(answer, NoReply):
            return answer
        if answer.status in SUCCESS:
            if (enrolled := _enrolled(answer)) is not None:
                return enrolled
            parsed = parsed_json(answer.body)
            return Reply(answer.status, success(answer.body, parsed), enrollment_id=_enrollment_id(parsed))
        ids = {key.school_id or "": "school", key.course_id: "course", key.user_id: "user"}
        return self._wire.reply(answer, ids)

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        """Asks once which active enrollments the user has."""
        answer = await self._wire.exchange("GET", f"{_ENROLLMENTS}/user/{segments(user_id)}", token, None)
        if isinstance(answer, NoReply):
            return answer
        if answer.status == HTTPStatus.OK and (seats := _seats(parsed_json(answer.body))) is not None:
            return seats
        return self._wire.reply(answer, {user_id: "user"})


def _enroll_body(request: EnrollmentRequest) -> dict[str, Json]:
    body: dict[str, Json] = {"role": request.key.role.value}
    if request.begin_date is not None:
        body["beginDate"] = iso_utc(request.begin_date)
    if request.sourced_id is not None:
        body["sourcedId"] = request.sourced_id
    if request.metadata:
        body["metadata"] = dict(request.metadata)
    return body


_PLAIN: Final = {role: msgspec.json.encode({"role": role.value}) for role in Role}  # as nearly every body is


def _encoded(body: dict[str, Json]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # a lone surrogate in the metadata, which JSON can spell
        return json.dumps(body).encode()


class _Enrollment(msgspec.Struct):
    id: str


class _Enrolled(msgspec.Struct):
    data: _Enrollment


def _enrolled(answer: HttpResponse) -> Reply | None:
    """The reply of nearly every success, of which only the id is read; None if it may mean something else."""
    try:
        found = _decode_enrolled(answer.body or b"").data.id
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None
    if not found.isprintable() or not 0 < len(found) <= _LONGEST_ID:
        return None
    return Reply(answer.status, _ENROLLMENT, enrollment_id=found)


_decode_enrolled: Final = msgspec.json.Decoder(_Enrolled).decode


def _enrollment_id(parsed: Json) -> str | None:
    enrollment = parsed.get("data") if isinstance(parsed, dict) else None
    found = enrollment.get("id") if isinstance(enrollment, dict) else None
    if isinstance(found, str | int) and not isinstance(found, bool):
        text = str(found)
        return text if text.isprintable() and 0 < len(text) <= _LONGEST_ID else None
    return None


def _seats(parsed: Json) -> UserEnrollments | None:
    """The listed seats; None when the body is no list. A row without course is no seat (contract 7.6)."""
    if not isinstance(parsed, dict) or not isinstance(parsed.get("data"), list):
        return None
    return UserEnrollments(tuple(seat for row in dicts(parsed["data"]) if (seat := _seat(row)) is not None))


def _seat(row: dict[str, Json]) -> ServerEnrollment | None:
    course, school, role = _id_of(row.get("course")), _id_of(row.get("school")), row.get("role")
    if course is None:
        return None
    return ServerEnrollment(
        enrollment_id=str(row.get("id", "")),
        course_id=CourseId(course),
        school_id=None if school is None else SchoolId(school),
        role=Role(role) if isinstance(role, str) and role in set(Role) else None,
        begin_date=parse_timestamp(row.get("beginDate")),
    )


def _id_of(value: Json) -> str | None:
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
