"""Routes of EduBridge (contract 1.1)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Final

from batch_enroll.sandbox import serializers
from batch_enroll.sandbox.behaviors import ClassRace
from batch_enroll.sandbox.classes import school_year
from batch_enroll.sandbox.error_bodies import json_response, no_content
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.pagination import ListedRecords, paginate
from batch_enroll.sandbox.routes import Call, Route
from batch_enroll.sandbox.school import ROLES, EnrollCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

CLASS_CREATION_S: Final = 0.2  # creating a class takes this long, so that first enrolls can overtake each other


async def enroll(call: Call) -> web.Response:
    """Returns 201 with the enrollment."""
    enroll_call = _parse_enroll(call.ids, await call.body())
    if call.school.behaviors.class_race is ClassRace.DUPLICATES:
        await _create_class_slowly(call, enroll_call)
    row = call.school.enroll(enroll_call, call.now, visible=_takes_effect(call))
    return json_response(201, {"data": serializers.edubridge_enrollment(row, call.school)})


async def _create_class_slowly(call: Call, enroll_call: EnrollCall) -> None:
    """Leaves time between looking for the class and creating it."""
    school = call.school
    at = (
        enroll_call.course_id,
        school.key_of(enroll_call).school_id,
        school_year(enroll_call.begin_date or call.now.stamp),
    )
    if not school.classes.has(*at):
        await asyncio.sleep(CLASS_CREATION_S)
        school.classes.get_or_create(school.known_course(enroll_call.course_id), at[1], at[2], another=True)


async def unenroll(call: Call) -> web.Response:
    """Returns 204."""
    user_id, course_id, *school_id = call.ids
    call.school.unenroll(user_id, course_id, school_id[0] if school_id else None, call.now)
    return no_content()


async def user_enrollments(call: Call) -> web.Response:
    """Returns the active enrollments of a user that reads can already see."""
    school = call.school
    school.known_user(call.ids[0])
    rows = [row for row in school.rows_of(call.ids[0]) if row.status == "active" and call.sees(row)]
    return json_response(200, {"data": [serializers.edubridge_enrollment(row, school) for row in rows]})


async def default_class(call: Call) -> web.Response:
    """Returns the managed class of a course; creates it if it is missing, although this is a GET."""
    course_id, *school_id = call.ids
    course = call.school.known_course(course_id)
    org_id = school_id[0] if school_id else course.org_id
    if org_id is None:
        raise RefusedError(422, "Course is not linked to an organization", "courseId")
    call.school.check_school(org_id)
    section = call.school.classes.get_or_create(course, org_id, school_year(call.now.stamp))
    return json_response(200, {"data": serializers.edubridge_class(section, call.school)})


async def users(call: Call) -> web.Response:
    """Returns the users whose role is one of those in the query."""
    roles = set(call.request.query.getall("roles", []))
    if not roles:
        raise RefusedError(422, "roles is required", "roles")
    orgs = set(call.request.query.getall("orgSourcedIds", []))
    people = [
        user
        for user in call.school.people()
        if user.role in roles and user.status == "active" and (not orgs or orgs & set(user.org_ids))
    ]
    return paginate(
        call.request.query, ListedRecords("users", people, serializers.user, ("givenName", "familyName", "email"))
    )


def _takes_effect(call: Call) -> bool:
    percent = call.school.behaviors.invisible_percent
    return not percent or call.draw.fraction("invisible") * 100 >= percent


def _parse_enroll(ids: tuple[str, ...], body: Mapping[str, object]) -> EnrollCall:
    user_id, course_id, *school_id = ids
    role = body.get("role", "student")
    if role not in ROLES:
        raise RefusedError(422, f"Invalid enum value. Expected one of {', '.join(ROLES)}", "role")
    return EnrollCall(
        user_id,
        course_id,
        school_id[0] if school_id else None,
        str(role),
        _date_time(body.get("beginDate")),
        _sourced_id(body.get("sourcedId")),
        _metadata(body.get("metadata", {})),
    )


def _date_time(value: object) -> str | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None:
            return value
    except ValueError:
        pass
    raise RefusedError(422, "Invalid datetime", "beginDate")


def _sourced_id(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise RefusedError(422, "String must contain at least 1 character(s)", "sourcedId")


def _metadata(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(422, "Expected object", "metadata")
    for group in ("goals", "metrics"):
        numbers = value.get(group, {})
        if not isinstance(numbers, dict):
            raise RefusedError(422, "Expected object", f"metadata.{group}")
        for name, number in numbers.items():
            _check_number(f"metadata.{group}.{name}", number)
    return value


def _check_number(path: str, value: object) -> None:
    # courseType and isSupplemental live among the metrics without being numbers.
    if path in {"metadata.metrics.courseType", "metadata.metrics.isSupplemental"}:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(422, "Expected number", path)


def edubridge_routes() -> list[Route]:
    """Returns the routes."""
    base = "edubridge/enrollments"
    return [
        Route("POST", f"{base}/enroll/{{}}/{{}}", "enroll", enroll),
        Route("POST", f"{base}/enroll/{{}}/{{}}/{{}}", "enroll", enroll),
        Route("DELETE", f"{base}/unenroll/{{}}/{{}}", "unenroll", unenroll),
        Route("DELETE", f"{base}/unenroll/{{}}/{{}}/{{}}", "unenroll", unenroll),
        Route("GET", f"{base}/user/{{}}", "user-enrollments", user_enrollments),
        Route("GET", f"{base}/defaultClass/{{}}", "default-class", default_class),
        Route("GET", f"{base}/defaultClass/{{}}/{{}}", "default-class", default_class),
        Route("GET", "edubridge/users", "edubridge-users", users),
    ]
