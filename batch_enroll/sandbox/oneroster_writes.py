"""Writes of OneRoster (contract 1.2): enrollments in full; users, courses, orgs and classes as plain creates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from batch_enroll.sandbox import serializers
from batch_enroll.sandbox.directory import KnownObjects, StoredClass, StoredCourse, StoredOrg, StoredUser
from batch_enroll.sandbox.error_bodies import json_response, no_content
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.oneroster import BASE
from batch_enroll.sandbox.routes import Call, Route
from batch_enroll.sandbox.school import ROLES, StoredEnrollment

if TYPE_CHECKING:
    from aiohttp import web

_STATUSES: Final = ("active", "tobedeleted")
Fields = Mapping[str, object]
T = TypeVar("T", StoredUser, StoredCourse, StoredOrg, StoredClass)


# Enrollments.


async def post_enrollment(call: Call) -> web.Response:
    """Returns 201 with the id pairs."""
    return _post(call, _unwrap(await call.body(), "enrollment"))


def _class_shortcut(role: str) -> Callable[[Call], Awaitable[web.Response]]:
    async def post(call: Call) -> web.Response:
        fields = {**_unwrap(await call.body(), "enrollment"), "role": role, "class": {"sourcedId": call.ids[0]}}
        return _post(call, fields)

    return post


def _post(call: Call, fields: Fields) -> web.Response:
    supplied = _text(fields, "sourcedId")
    row = call.school.post(_parse_enrollment(call, supplied or "", fields))
    return _id_pairs(supplied, row.id)


async def put_enrollment(call: Call) -> web.Response:
    """Returns 201; fields that were not sent are lost, except metadata."""
    fields, id_ = _unwrap(await call.body(), "enrollment"), call.ids[0]
    old = call.school.row(id_)
    row = _parse_enrollment(call, id_, fields)
    call.school.replace_row(replace(row, metadata={**(old.metadata if old else {}), **row.metadata}))
    return _id_pairs(id_, id_)


async def patch_enrollment(call: Call) -> web.Response:
    """Returns 200 with the enrollment; metadata is merged, every other field that was sent is replaced."""
    fields, old = _unwrap(await call.body(), "enrollment"), _stored_row(call)
    row = replace(
        old,
        status=_status(fields, old.status),
        role=_role(fields, old.role),
        begin_date=_text(fields, "beginDate") or old.begin_date,
        end_date=_text(fields, "endDate") or old.end_date,
        metadata={**old.metadata, **_metadata(fields)},
        changed_at=call.now.stamp,
    )
    call.school.replace_row(row)
    return json_response(200, {"enrollment": serializers.enrollment(row)})


async def delete_enrollment(call: Call) -> web.Response:
    """Returns 204, also when repeated; the row stays as tobedeleted."""
    call.school.replace_row(replace(_stored_row(call), status="tobedeleted", changed_at=call.now.stamp))
    return no_content()


def _stored_row(call: Call) -> StoredEnrollment:
    if (row := call.school.row(call.ids[0])) is None:
        raise RefusedError(404, "Enrollment not found")
    return row


def _parse_enrollment(call: Call, id_: str, fields: Fields) -> StoredEnrollment:
    directory = call.school.directory
    class_id, user_id = _reference(fields, "class"), _reference(fields, "user")
    section = directory.section(class_id)
    if section is None:
        # The real server fails on the id of a course in place of that of a class.
        raise RefusedError(500, "Internal server error") if class_id in directory.known.courses else _not_found("Class")
    if directory.user(user_id) is None:
        raise _not_found("User")
    return StoredEnrollment(
        id_,
        user_id,
        section.course_id,
        _reference(fields, "school") if "school" in fields else section.org_id,
        _role(fields, None),
        class_id,
        _text(fields, "beginDate") or call.now.stamp,
        _metadata(fields),
        _status(fields, "active"),
        call.now.stamp,
        _text(fields, "endDate"),
        primary=fields.get("primary") in {True, "true"},
        seen_from=call.now.loop_s + call.school.behaviors.lag_s,
    )


# Other objects that can be created.


@dataclass(frozen=True, slots=True)
class Creation(Generic[T]):
    """Creation of a kind of object: `objects` are the stored ones, `parse` reads a new one from the request."""

    path: str
    wrapper: str
    noun: str
    required: tuple[str, ...]
    objects: Callable[[KnownObjects], dict[str, T]]
    parse: Callable[[Call, str, Fields], T]


def _parse_user(call: Call, id_: str, fields: Fields) -> StoredUser:
    roles = [role for role in _list(fields, "roles") if isinstance(role, Mapping)]
    if not roles:
        raise RefusedError(422, "At least one role is required", "roles")
    orgs = tuple(_parse_org_id(call, role) for role in roles)
    return StoredUser(
        id_,
        _text(fields, "givenName") or "",
        _text(fields, "familyName") or "",
        _text(fields, "email") or "",
        str(roles[0].get("role", "student")),
        orgs,
        _status(fields, "active"),
        _metadata(fields),
    )


def _parse_course(call: Call, id_: str, fields: Fields) -> StoredCourse:
    title, code = _text(fields, "title") or "", _text(fields, "courseCode") or ""
    return StoredCourse(id_, title, _parse_org_id(call, fields), code, _status(fields, "active"), _metadata(fields))


def _parse_org(_: Call, id_: str, fields: Fields) -> StoredOrg:
    name, kind = _text(fields, "name") or "", _text(fields, "type") or ""
    return StoredOrg(id_, name, kind, _status(fields, "active"), _metadata(fields))


def _parse_class(call: Call, id_: str, fields: Fields) -> StoredClass:
    course_id = _reference(fields, "course")
    if call.school.directory.course(course_id) is None:
        raise _not_found("Course")
    terms = tuple(str(term.get("sourcedId", "")) for term in _list(fields, "terms") if isinstance(term, Mapping))
    org_id, title = _parse_org_id(call, fields), _text(fields, "title") or ""
    return StoredClass(id_, title, course_id, org_id, terms, _status(fields, "active"), _metadata(fields))


def _parse_org_id(call: Call, fields: Fields) -> str:
    org_id = _reference(fields, "org")
    if call.school.directory.org(org_id) is None:
        raise _not_found("Organization")
    return org_id


def _store(creation: Creation[T], call: Call, id_: str, fields: Fields) -> None:
    for name in creation.required:
        if fields.get(name) in (None, ""):
            raise RefusedError(422, f"{name} is required", name)
    creation.objects(call.school.directory.known)[id_] = creation.parse(call, id_, fields)


def _creation_routes(creation: Creation[T]) -> list[Route]:
    """Returns the routes that create, replace and soft-delete a kind of object."""

    async def post(call: Call) -> web.Response:
        fields = _unwrap(await call.body(), creation.wrapper)
        supplied = _text(fields, "sourcedId")
        objects = creation.objects(call.school.directory.known)
        id_ = supplied or call.school.allocate(creation.noun, len(objects))
        if id_ in objects:
            raise call.school.taken(f"{creation.noun} {id_}")
        _store(creation, call, id_, fields)
        return _id_pairs(supplied, id_)

    async def put(call: Call) -> web.Response:
        _store(creation, call, call.ids[0], _unwrap(await call.body(), creation.wrapper))
        return _id_pairs(call.ids[0], call.ids[0])

    async def delete(call: Call) -> web.Response:
        objects = creation.objects(call.school.directory.known)
        if call.ids[0] not in objects:
            raise _not_found(creation.noun)
        objects[call.ids[0]] = replace(objects[call.ids[0]], status="tobedeleted")
        return no_content()

    at = f"{BASE}/{creation.path}"
    return [
        Route("POST", at, f"{creation.path}-write", post),
        Route("PUT", f"{at}/{{}}", f"{creation.path}-write", put),
        Route("DELETE", f"{at}/{{}}", f"{creation.path}-write", delete),
    ]


def write_routes() -> list[Route]:
    """Returns the routes of all writes."""
    one = f"{BASE}/enrollments/{{}}"
    required = ("enabledUser", "givenName", "familyName", "roles")
    return [
        Route("POST", f"{BASE}/enrollments", "enrollments-write", post_enrollment),
        Route("PUT", one, "enrollments-write", put_enrollment),
        Route("PATCH", one, "enrollments-write", patch_enrollment),
        Route("DELETE", one, "enrollments-write", delete_enrollment),
        Route("POST", f"{BASE}/classes/{{}}/students", "enrollments-write", _class_shortcut("student")),
        Route("POST", f"{BASE}/classes/{{}}/teachers", "enrollments-write", _class_shortcut("teacher")),
        *_creation_routes(Creation("users", "user", "User", required, lambda known: known.users, _parse_user)),
        *_creation_routes(
            Creation("courses", "course", "Course", ("status", "title"), lambda known: known.courses, _parse_course)
        ),
        *_creation_routes(
            Creation("orgs", "org", "Organization", ("name", "type"), lambda known: known.orgs, _parse_org)
        ),
        *_creation_routes(Creation("schools", "org", "School", ("name", "type"), lambda known: known.orgs, _parse_org)),
        *_creation_routes(
            Creation("classes", "class", "Class", ("title", "terms"), lambda known: known.sections, _parse_class)
        ),
    ]


# Parts of the request body.


def _id_pairs(supplied: str | None, allocated: str) -> web.Response:
    pairs = {"suppliedSourcedId": supplied or "", "allocatedSourcedId": allocated}
    return json_response(201, {"sourcedIdPairs": pairs})


def _unwrap(body: Fields, name: str) -> Fields:
    fields = body.get(name)
    if not isinstance(fields, dict):
        raise RefusedError(422, f"{name} is required", name)
    return fields


def _not_found(noun: str) -> RefusedError:
    return RefusedError(404, f"{noun} not found")


def _reference(fields: Fields, name: str) -> str:
    reference = fields.get(name)
    if not isinstance(reference, dict) or not (id_ := _text(reference, "sourcedId")):
        raise RefusedError(422, f"{name}.sourcedId is required", f"{name}.sourcedId")
    return id_


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        if value == "" and name == "sourcedId":
            raise RefusedError(422, "String must contain at least 1 character(s)", name)
        return value
    raise RefusedError(422, "Expected string", name)


def _list(fields: Fields, name: str) -> list[object]:
    value = fields.get(name, [])
    return value if isinstance(value, list) else []


def _metadata(fields: Fields) -> dict[str, object]:
    value = fields.get("metadata") or {}
    if not isinstance(value, dict):
        raise RefusedError(422, "Expected object", "metadata")
    return value


def _status(fields: Fields, default: str) -> str:
    return _choice(fields, "status", _STATUSES, default)


def _role(fields: Fields, default: str | None) -> str:
    return _choice(fields, "role", ROLES, default)


def _choice(fields: Fields, name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = fields.get(name, default)
    if value not in allowed:
        raise RefusedError(422, f"Invalid enum value. Expected one of {', '.join(allowed)}", name)
    return str(value)
