"""OneRoster's writes (contract 1.2): enrollments in full; users, courses, orgs and classes as plain creates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from batch_enroll.sandbox import serializers
from batch_enroll.sandbox.directory import Course, Known, Org, Section, User
from batch_enroll.sandbox.error_bodies import answer, no_content
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.oneroster import BASE
from batch_enroll.sandbox.routes import Call, Route
from batch_enroll.sandbox.school import ROLES, Seat

if TYPE_CHECKING:
    from aiohttp import web

_STATUSES: Final = ("active", "tobedeleted")
Fields = Mapping[str, object]
T = TypeVar("T", User, Course, Org, Section)


# Enrollments.


async def post_enrollment(call: Call) -> web.Response:
    """201 with the id pairs."""
    return _posted(call, _wrapped(await call.body(), "enrollment"))


def _class_shortcut(role: str) -> Callable[[Call], Awaitable[web.Response]]:
    async def post(call: Call) -> web.Response:
        fields = {**_wrapped(await call.body(), "enrollment"), "role": role, "class": {"sourcedId": call.ids[0]}}
        return _posted(call, fields)

    return post


def _posted(call: Call, fields: Fields) -> web.Response:
    supplied = _text(fields, "sourcedId")
    seat = call.school.post(_seat(call, supplied or "", fields))
    return _pairs(supplied, seat.id)


async def put_enrollment(call: Call) -> web.Response:
    """201; what was not sent is lost, but for metadata."""
    fields, id_ = _wrapped(await call.body(), "enrollment"), call.ids[0]
    old = call.school.row(id_)
    seat = _seat(call, id_, fields)
    call.school.replace_row(replace(seat, metadata={**(old.metadata if old else {}), **seat.metadata}))
    return _pairs(id_, id_)


async def patch_enrollment(call: Call) -> web.Response:
    """200 with the enrollment; metadata is merged, all else that was sent replaced."""
    fields, old = _wrapped(await call.body(), "enrollment"), _old(call)
    seat = replace(
        old,
        status=_status(fields, old.status),
        role=_role(fields, old.role),
        begin_date=_text(fields, "beginDate") or old.begin_date,
        end_date=_text(fields, "endDate") or old.end_date,
        metadata={**old.metadata, **_metadata(fields)},
        changed_at=call.now.stamp,
    )
    call.school.replace_row(seat)
    return answer(200, {"enrollment": serializers.enrollment(seat)})


async def delete_enrollment(call: Call) -> web.Response:
    """204, however often; the row stays as tobedeleted."""
    call.school.replace_row(replace(_old(call), status="tobedeleted", changed_at=call.now.stamp))
    return no_content()


def _old(call: Call) -> Seat:
    if (seat := call.school.row(call.ids[0])) is None:
        raise RefusedError(404, "Enrollment not found")
    return seat


def _seat(call: Call, id_: str, fields: Fields) -> Seat:
    register = call.school.register
    class_id, user_id = _reference(fields, "class"), _reference(fields, "user")
    section = register.section(class_id)
    if section is None:
        # Seen live: a course's id in place of a class's is an error of the server.
        raise RefusedError(500, "Internal server error") if class_id in register.known.courses else _missing("Class")
    if register.user(user_id) is None:
        raise _missing("User")
    return Seat(
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
        seen_from=call.now.loop_s + call.school.switches.lag_s,
    )


# What else can be created.


@dataclass(frozen=True, slots=True)
class Creation(Generic[T]):
    """How one kind of object is made: `shelf` is where it is kept, `made` reads it from what was sent."""

    path: str
    wrapper: str
    noun: str
    required: tuple[str, ...]
    shelf: Callable[[Known], dict[str, T]]
    made: Callable[[Call, str, Fields], T]


def _user(call: Call, id_: str, fields: Fields) -> User:
    roles = [role for role in _list(fields, "roles") if isinstance(role, Mapping)]
    if not roles:
        raise RefusedError(422, "At least one role is required", "roles")
    orgs = tuple(_known_org(call, role) for role in roles)
    return User(
        id_,
        _text(fields, "givenName") or "",
        _text(fields, "familyName") or "",
        _text(fields, "email") or "",
        str(roles[0].get("role", "student")),
        orgs,
        _status(fields, "active"),
        _metadata(fields),
    )


def _course(call: Call, id_: str, fields: Fields) -> Course:
    title, code = _text(fields, "title") or "", _text(fields, "courseCode") or ""
    return Course(id_, title, _known_org(call, fields), code, _status(fields, "active"), _metadata(fields))


def _org(_: Call, id_: str, fields: Fields) -> Org:
    name, kind = _text(fields, "name") or "", _text(fields, "type") or ""
    return Org(id_, name, kind, _status(fields, "active"), _metadata(fields))


def _section(call: Call, id_: str, fields: Fields) -> Section:
    course_id = _reference(fields, "course")
    if call.school.register.course(course_id) is None:
        raise _missing("Course")
    terms = tuple(str(term.get("sourcedId", "")) for term in _list(fields, "terms") if isinstance(term, Mapping))
    org_id, title = _known_org(call, fields), _text(fields, "title") or ""
    return Section(id_, title, course_id, org_id, terms, _status(fields, "active"), _metadata(fields))


def _known_org(call: Call, fields: Fields) -> str:
    org_id = _reference(fields, "org")
    if call.school.register.org(org_id) is None:
        raise _missing("Organization")
    return org_id


def _keep(creation: Creation[T], call: Call, id_: str, fields: Fields) -> None:
    for name in creation.required:
        if fields.get(name) in (None, ""):
            raise RefusedError(422, f"{name} is required", name)
    creation.shelf(call.school.register.known)[id_] = creation.made(call, id_, fields)


def _creates(creation: Creation[T]) -> list[Route]:
    """Create, replace and softly delete, for one kind of object."""

    async def post(call: Call) -> web.Response:
        fields = _wrapped(await call.body(), creation.wrapper)
        supplied = _text(fields, "sourcedId")
        shelf = creation.shelf(call.school.register.known)
        id_ = supplied or call.school.allocate(creation.noun, len(shelf))
        if id_ in shelf:
            raise call.school.taken(f"{creation.noun} {id_}")
        _keep(creation, call, id_, fields)
        return _pairs(supplied, id_)

    async def put(call: Call) -> web.Response:
        _keep(creation, call, call.ids[0], _wrapped(await call.body(), creation.wrapper))
        return _pairs(call.ids[0], call.ids[0])

    async def delete(call: Call) -> web.Response:
        shelf = creation.shelf(call.school.register.known)
        if call.ids[0] not in shelf:
            raise _missing(creation.noun)
        shelf[call.ids[0]] = replace(shelf[call.ids[0]], status="tobedeleted")
        return no_content()

    at = f"{BASE}/{creation.path}"
    return [
        Route("POST", at, f"{creation.path}-write", post),
        Route("PUT", f"{at}/{{}}", f"{creation.path}-write", put),
        Route("DELETE", f"{at}/{{}}", f"{creation.path}-write", delete),
    ]


def write_routes() -> list[Route]:
    """The routes of every write."""
    one = f"{BASE}/enrollments/{{}}"
    required = ("enabledUser", "givenName", "familyName", "roles")
    return [
        Route("POST", f"{BASE}/enrollments", "enrollments-write", post_enrollment),
        Route("PUT", one, "enrollments-write", put_enrollment),
        Route("PATCH", one, "enrollments-write", patch_enrollment),
        Route("DELETE", one, "enrollments-write", delete_enrollment),
        Route("POST", f"{BASE}/classes/{{}}/students", "enrollments-write", _class_shortcut("student")),
        Route("POST", f"{BASE}/classes/{{}}/teachers", "enrollments-write", _class_shortcut("teacher")),
        *_creates(Creation("users", "user", "User", required, lambda known: known.users, _user)),
        *_creates(Creation("courses", "course", "Course", ("status", "title"), lambda known: known.courses, _course)),
        *_creates(Creation("orgs", "org", "Organization", ("name", "type"), lambda known: known.orgs, _org)),
        *_creates(Creation("schools", "org", "School", ("name", "type"), lambda known: known.orgs, _org)),
        *_creates(Creation("classes", "class", "Class", ("title", "terms"), lambda known: known.sections, _section)),
    ]


# Reading what was sent.


def _pairs(supplied: str | None, allocated: str) -> web.Response:
    pairs = {"suppliedSourcedId": supplied or "", "allocatedSourcedId": allocated}
    return answer(201, {"sourcedIdPairs": pairs})


def _wrapped(body: Fields, name: str) -> Fields:
    fields = body.get(name)
    if not isinstance(fields, dict):
        raise RefusedError(422, f"{name} is required", name)
    return fields


def _missing(noun: str) -> RefusedError:
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
    return _chosen(fields, "status", _STATUSES, default)


def _role(fields: Fields, default: str | None) -> str:
    return _chosen(fields, "role", ROLES, default)


def _chosen(fields: Fields, name: str, allowed: tuple[str, ...], default: str | None) -> str:
    value = fields.get(name, default)
    if value not in allowed:
        raise RefusedError(422, f"Invalid enum value. Expected one of {', '.join(allowed)}", name)
    return str(value)
