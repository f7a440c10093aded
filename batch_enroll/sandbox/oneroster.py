"""Reads of OneRoster (contract 1.2): collections, single objects, and collections below an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from batch_enroll.sandbox import serializers
from batch_enroll.sandbox.error_bodies import json_response
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.filters import parse_filter
from batch_enroll.sandbox.pagination import ListedRecords, paginate
from batch_enroll.sandbox.routes import Call, Route
from batch_enroll.sandbox.school import RehearsalSchool, StoredEnrollment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp import web

    from batch_enroll.sandbox.directory import StoredClass, StoredCourse, StoredOrg, StoredSession, StoredUser

T = TypeVar("T")
U = TypeVar("U")
BASE = serializers.BASE.removeprefix("/")


@dataclass(frozen=True, slots=True)
class Collection(Generic[T]):
    """A kind of object: its address, the keys of its responses, and how it is found and serialized.

    Args:
        path: last segment of the address.
        key: key of a list in a response.
        single: key of one object in a response.
        noun: the name used in "... not found".
        list_all: returns all objects that a school can list.
        find: returns the object with an id, if known.
        serialize: returns the JSON of an object.
        search_fields: fields that `search` looks at.
        id_fields: fields whose value an open school also takes for an id.
    """

    path: str
    key: str
    single: str
    noun: str
    list_all: Callable[[RehearsalSchool], Sequence[T]]
    find: Callable[[RehearsalSchool, str], T | None]
    serialize: Callable[[T], dict[str, object]]
    search_fields: tuple[str, ...] = ()
    id_fields: tuple[str, ...] = ()

    def as_list(self, records: Sequence[T], key: str = "") -> ListedRecords[T]:
        """Returns objects of this kind, ready to be paginated."""
        return ListedRecords(key or self.key, records, self.serialize, self.search_fields)

    def get(self, school: RehearsalSchool, id_: str) -> T:
        """Returns the object. Raises RefusedError (404) if it is unknown."""
        if (record := self.find(school, id_)) is None:
            raise RefusedError(404, f"{self.noun} not found")
        return record

    def select(self, call: Call) -> Sequence[T]:
        """Returns all objects, or the one that the filter names, since an open school cannot list all that it knows.

        An open school also takes an e-mail, a user name or a code for an id.
        """
        names = ("sourcedId",) if call.school.directory.closed else ("sourcedId", *self.id_fields)
        id_ = next((text for name in names if (text := _required_value(call, name)) is not None), None)
        if id_ is None:
            return self.list_all(call.school)
        record = self.find(call.school, id_)
        return () if record is None else (record,)


def _required_value(call: Call, field: str) -> str | None:
    text = call.request.query.get("filter")
    return parse_filter(text).must_equal(field) if text is not None else None


def _with_role(role: str) -> Callable[[RehearsalSchool], list[StoredUser]]:
    return lambda school: [user for user in school.people() if user.role == role]


def _all_courses(school: RehearsalSchool) -> list[StoredCourse]:
    return _with_known(
        school.directory.known.courses, school.directory.course, (s.course_id for s in _all_classes(school))
    )


def _all_orgs(school: RehearsalSchool) -> list[StoredOrg]:
    return _with_known(school.directory.known.orgs, school.directory.org, (s.org_id for s in _all_classes(school)))


def _all_schools(school: RehearsalSchool) -> list[StoredOrg]:
    return [org for org in _all_orgs(school) if org.type == "school"]


def _find_school(school: RehearsalSchool, id_: str) -> StoredOrg | None:
    org = school.directory.org(id_)
    return org if org is not None and org.type == "school" else None


def _with_known(known: dict[str, T], find: Callable[[str], T | None], ids: Iterable[str]) -> list[T]:
    others = (find(id_) for id_ in dict.fromkeys(ids) if id_ not in known)
    return [*known.values(), *(one for one in others if one is not None)]


def _all_classes(school: RehearsalSchool) -> list[StoredClass]:
    return list(school.directory.known.sections.values())


def _all_sessions(school: RehearsalSchool) -> list[StoredSession]:
    return list(school.directory.known.sessions.values())


def _all_terms(school: RehearsalSchool) -> list[StoredSession]:
    return [session for session in _all_sessions(school) if session.type == "term"]


_NAMES = ("givenName", "familyName", "email")
USERS = Collection(
    "users",
    "users",
    "user",
    "User",
    RehearsalSchool.people,
    lambda s, i: s.directory.user(i),
    serializers.user,
    _NAMES,
    ("email", "username"),
)
STUDENTS = Collection(
    "students", "students", "user", "Student", _with_role("student"), USERS.find, serializers.user, _NAMES
)
TEACHERS = Collection(
    "teachers", "teachers", "user", "Teacher", _with_role("teacher"), USERS.find, serializers.user, _NAMES
)
COURSES = Collection(
    "courses", "courses", "course", "Course", _all_courses, lambda s, i: s.directory.course(i), serializers.course,
    ("title", "courseCode"), ("courseCode",),
)  # fmt: skip
ORGS = Collection(
    "orgs", "orgs", "org", "Organization", _all_orgs, lambda s, i: s.directory.org(i), serializers.org, ("name",)
)
SCHOOLS = Collection("schools", "orgs", "org", "School", _all_schools, _find_school, serializers.org, ("name",))
# The real server silently ignores `search` on classes.
CLASSES = Collection(
    "classes", "classes", "class", "Class", _all_classes, lambda s, i: s.directory.section(i), serializers.section
)
TERMS = Collection(
    "terms", "terms", "term", "Term", _all_terms, lambda s, i: s.directory.session(i), serializers.session
)
SESSIONS = Collection(
    "academicSessions",
    "academicSessions",
    "academicSession",
    "Academic session",
    _all_sessions,
    TERMS.find,
    serializers.session,
)
ENROLLMENTS = Collection(
    "enrollments",
    "enrollments",
    "enrollment",
    "Enrollment",
    RehearsalSchool.all_enrollments,
    RehearsalSchool.row,
    serializers.enrollment,
)


def _read_routes(collection: Collection[T]) -> list[Route]:
    async def list_all(call: Call) -> web.Response:
        return paginate(call.request.query, collection.as_list(collection.select(call)))

    async def one(call: Call) -> web.Response:
        return json_response(200, {collection.single: collection.serialize(collection.get(call.school, call.ids[0]))})

    at = f"{BASE}/{collection.path}"
    return [
        Route("GET", at, collection.path, list_all),
        Route("GET", f"{at}/{{}}", f"{collection.path}-one", one),
    ]


async def _enrollments(call: Call) -> web.Response:
    user_id = _required_value(call, "user.sourcedId")
    # Serializing only the few rows of the user is far cheaper than serializing all of them.
    rows = ENROLLMENTS.select(call) if user_id is None else list(call.school.rows_of(user_id))
    return paginate(call.request.query, ENROLLMENTS.as_list(_visible(call, rows)))


async def _one_enrollment(call: Call) -> web.Response:
    row = ENROLLMENTS.get(call.school, call.ids[0])
    if not call.sees(row):
        raise RefusedError(404, "Enrollment not found")
    return json_response(200, {"enrollment": serializers.enrollment(row)})


def _visible(call: Call, rows: Iterable[StoredEnrollment]) -> list[StoredEnrollment]:
    return [row for row in rows if call.sees(row)]


def _nested_route(
    above: Collection[T], below: Collection[U], is_below: Callable[[RehearsalSchool, str, U], bool], key: str = ""
) -> Route:
    """Returns the route of the objects below an object, which are found by a scan of the whole collection."""

    async def nested(call: Call) -> web.Response:
        above.get(call.school, call.ids[0])
        records = [one for one in below.list_all(call.school) if is_below(call.school, call.ids[0], one)]
        return paginate(call.request.query, below.as_list(records, key))

    return Route("GET", f"{BASE}/{above.path}/{{}}/{below.path}", f"{above.path}-{below.path}", nested)


def _class_members(role: str, collection: Collection[StoredUser]) -> list[Route]:
    """Returns the routes of the users in a class. Deleted enrollments count too, as on the real server."""

    async def members(call: Call) -> web.Response:
        class_id = call.ids[-1]
        CLASSES.get(call.school, class_id)
        rows = _visible(call, call.school.all_enrollments())
        ids = dict.fromkeys(row.user_id for row in rows if (row.class_id, row.role) == (class_id, role))
        people = [user for user in map(call.school.directory.user, ids) if user is not None]
        return paginate(call.request.query, collection.as_list(people, "users"))

    return [
        Route("GET", f"{BASE}/classes/{{}}/{collection.path}", f"classes-{collection.path}", members),
        Route("GET", f"{BASE}/schools/{{}}/classes/{{}}/{collection.path}", f"classes-{collection.path}", members),
    ]


async def _class_enrollments(call: Call) -> web.Response:
    if call.school.directory.org(call.ids[0]) is None or call.school.directory.section(call.ids[1]) is None:
        raise RefusedError(404, "School or class not found")
    rows = [row for row in _visible(call, call.school.all_enrollments()) if row.class_id == call.ids[1]]
    return paginate(call.request.query, ENROLLMENTS.as_list(rows))


def _is_in_class(school: RehearsalSchool, user_id: str, section: StoredClass) -> bool:
    # The real server ignores the status here.
    return any(row.class_id == section.id for row in school.rows_of(user_id))


def _belongs_to_org(_: RehearsalSchool, org_id: str, user: StoredUser) -> bool:
    return org_id in user.org_ids


def read_routes() -> list[Route]:
    """Returns the routes of all reads."""
    collections = (
        _read_routes(USERS), _read_routes(STUDENTS), _read_routes(TEACHERS), _read_routes(COURSES), _read_routes(ORGS),
        _read_routes(SCHOOLS), _read_routes(CLASSES), _read_routes(TERMS), _read_routes(SESSIONS),
        _class_members("student", STUDENTS), _class_members("teacher", TEACHERS),
    )  # fmt: skip
    return [
        *(route for routes in collections for route in routes),
        Route("GET", f"{BASE}/enrollments", "enrollments", _enrollments),
        Route("GET", f"{BASE}/enrollments/{{}}", "enrollments-one", _one_enrollment),
        Route("GET", f"{BASE}/schools/{{}}/classes/{{}}/enrollments", "classes-enrollments", _class_enrollments),
        _nested_route(SCHOOLS, CLASSES, lambda _, id_, one: one.org_id == id_),
        _nested_route(SCHOOLS, COURSES, lambda _, id_, one: one.org_id == id_),
        _nested_route(SCHOOLS, STUDENTS, _belongs_to_org),
        _nested_route(SCHOOLS, TEACHERS, _belongs_to_org),
        _nested_route(SCHOOLS, TERMS, lambda _, id_, one: one.org_id == id_),
        _nested_route(SCHOOLS, ENROLLMENTS, lambda _, id_, one: one.school_id == id_),
        _nested_route(COURSES, CLASSES, lambda _, id_, one: one.course_id == id_),
        _nested_route(USERS, CLASSES, _is_in_class),
        _nested_route(STUDENTS, CLASSES, _is_in_class),
        _nested_route(TEACHERS, CLASSES, _is_in_class),
        _nested_route(TERMS, CLASSES, lambda _, id_, one: id_ in one.term_ids),
    ]
