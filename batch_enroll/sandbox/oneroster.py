"""OneRoster's reads (contract 1.2): collections, single objects and what hangs below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from batch_enroll.sandbox import serializers
from batch_enroll.sandbox.error_bodies import answer
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.filters import parse_filter
from batch_enroll.sandbox.pagination import Listing, page
from batch_enroll.sandbox.routes import Call, Route
from batch_enroll.sandbox.school import School, Seat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp import web

    from batch_enroll.sandbox.directory import Course, Org, Section, Session, User

T = TypeVar("T")
U = TypeVar("U")
BASE = serializers.BASE.removeprefix("/")


@dataclass(frozen=True, slots=True)
class Collection(Generic[T]):
    """One kind of object: where it is, what its answers call it, how it is found and shown.

    Args:
        path: the last segment of its address.
        key: of a list.
        single: the key of one object.
        noun: in "... not found".
        every: all objects of a school, as far as it can count them.
        one: the object of an id.
        shape: how the wire shows it.
        searched: the fields of `search`.
        called: fields besides its id that an open school takes for one.
    """

    path: str
    key: str
    single: str
    noun: str
    every: Callable[[School], Sequence[T]]
    one: Callable[[School, str], T | None]
    shape: Callable[[T], dict[str, object]]
    searched: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    def listing(self, records: Sequence[T], key: str = "") -> Listing[T]:
        """Some of its objects, ready for a page."""
        return Listing(key or self.key, records, self.shape, self.searched)

    def found(self, school: School, id_: str) -> T:
        """The object. Raises RefusedError (404) when there is none."""
        if (one := self.one(school, id_)) is None:
            raise RefusedError(404, f"{self.noun} not found")
        return one

    def named_by(self, call: Call) -> Sequence[T]:
        """All of them, or the one that the filter names: an open school cannot list whom it never met.

        To such a school, an e-mail, a user name or a code is an id as well.
        """
        names = ("sourcedId",) if call.school.register.closed else ("sourcedId", *self.called)
        wanted = next((text for name in names if (text := _must_equal(call, name)) is not None), None)
        if wanted is None:
            return self.every(call.school)
        one = self.one(call.school, wanted)
        return () if one is None else (one,)


def _must_equal(call: Call, field: str) -> str | None:
    text = call.request.query.get("filter")
    return parse_filter(text).must_equal(field) if text is not None else None


def _with_role(role: str) -> Callable[[School], list[User]]:
    return lambda school: [user for user in school.people() if user.role == role]


def _courses(school: School) -> list[Course]:
    return _named(school.register.known.courses, school.register.course, (s.course_id for s in _sections(school)))


def _orgs(school: School) -> list[Org]:
    return _named(school.register.known.orgs, school.register.org, (s.org_id for s in _sections(school)))


def _schools(school: School) -> list[Org]:
    return [org for org in _orgs(school) if org.type == "school"]


def _school(school: School, id_: str) -> Org | None:
    org = school.register.org(id_)
    return org if org is not None and org.type == "school" else None


def _named(known: dict[str, T], find: Callable[[str], T | None], ids: Iterable[str]) -> list[T]:
    others = (find(id_) for id_ in dict.fromkeys(ids) if id_ not in known)
    return [*known.values(), *(one for one in others if one is not None)]


def _sections(school: School) -> list[Section]:
    return list(school.register.known.sections.values())


def _sessions(school: School) -> list[Session]:
    return list(school.register.known.sessions.values())


def _terms(school: School) -> list[Session]:
    return [session for session in _sessions(school) if session.type == "term"]


_NAMES = ("givenName", "familyName", "email")
USERS = Collection(
    "users",
    "users",
    "user",
    "User",
    School.people,
    lambda s, i: s.register.user(i),
    serializers.user,
    _NAMES,
    ("email", "username"),
)
STUDENTS = Collection(
    "students", "students", "user", "Student", _with_role("student"), USERS.one, serializers.user, _NAMES
)
TEACHERS = Collection(
    "teachers", "teachers", "user", "Teacher", _with_role("teacher"), USERS.one, serializers.user, _NAMES
)
COURSES = Collection(
    "courses", "courses", "course", "Course", _courses, lambda s, i: s.register.course(i), serializers.course,
    ("title", "courseCode"), ("courseCode",),
)  # fmt: skip
ORGS = Collection(
    "orgs", "orgs", "org", "Organization", _orgs, lambda s, i: s.register.org(i), serializers.org, ("name",)
)
SCHOOLS = Collection("schools", "orgs", "org", "School", _schools, _school, serializers.org, ("name",))
# `search` is silently ignored on classes, as seen live.
CLASSES = Collection(
    "classes", "classes", "class", "Class", _sections, lambda s, i: s.register.section(i), serializers.section
)
TERMS = Collection("terms", "terms", "term", "Term", _terms, lambda s, i: s.register.session(i), serializers.session)
SESSIONS = Collection(
    "academicSessions",
    "academicSessions",
    "academicSession",
    "Academic session",
    _sessions,
    TERMS.one,
    serializers.session,
)
ENROLLMENTS = Collection(
    "enrollments", "enrollments", "enrollment", "Enrollment", School.all_enrollments, School.row, serializers.enrollment
)


def _reads(collection: Collection[T]) -> list[Route]:
    async def every(call: Call) -> web.Response:
        return page(call.request.query, collection.listing(collection.named_by(call)))

    async def one(call: Call) -> web.Response:
        return answer(200, {collection.single: collection.shape(collection.found(call.school, call.ids[0]))})

    at = f"{BASE}/{collection.path}"
    return [
        Route("GET", at, collection.path, every),
        Route("GET", f"{at}/{{}}", f"{collection.path}-one", one),
    ]


async def _enrollments(call: Call) -> web.Response:
    user_id = _must_equal(call, "user.sourcedId")
    # A user's rows are few; half a million need not be shaped to find them.
    rows = ENROLLMENTS.named_by(call) if user_id is None else list(call.school.rows_of(user_id))
    return page(call.request.query, ENROLLMENTS.listing(_seen(call, rows)))


async def _one_enrollment(call: Call) -> web.Response:
    seat = ENROLLMENTS.found(call.school, call.ids[0])
    if not call.sees(seat):
        raise RefusedError(404, "Enrollment not found")
    return answer(200, {"enrollment": serializers.enrollment(seat)})


def _seen(call: Call, rows: Iterable[Seat]) -> list[Seat]:
    return [seat for seat in rows if call.sees(seat)]


def _below(
    above: Collection[T], below: Collection[U], is_below: Callable[[School, str, U], bool], key: str = ""
) -> Route:
    """What hangs below an object, whole collections being looked through."""

    async def nested(call: Call) -> web.Response:
        above.found(call.school, call.ids[0])
        records = [one for one in below.every(call.school) if is_below(call.school, call.ids[0], one)]
        return page(call.request.query, below.listing(records, key))

    return Route("GET", f"{BASE}/{above.path}/{{}}/{below.path}", f"{above.path}-{below.path}", nested)


def _class_members(role: str, collection: Collection[User]) -> list[Route]:
    """Who is in a class. Deleted seats count too, as seen live."""

    async def members(call: Call) -> web.Response:
        class_id = call.ids[-1]
        CLASSES.found(call.school, class_id)
        rows = _seen(call, call.school.all_enrollments())
        ids = dict.fromkeys(row.user_id for row in rows if (row.class_id, row.role) == (class_id, role))
        people = [user for user in map(call.school.register.user, ids) if user is not None]
        return page(call.request.query, collection.listing(people, "users"))

    return [
        Route("GET", f"{BASE}/classes/{{}}/{collection.path}", f"classes-{collection.path}", members),
        Route("GET", f"{BASE}/schools/{{}}/classes/{{}}/{collection.path}", f"classes-{collection.path}", members),
    ]


async def _class_enrollments(call: Call) -> web.Response:
    if call.school.register.org(call.ids[0]) is None or call.school.register.section(call.ids[1]) is None:
        raise RefusedError(404, "School or class not found")
    rows = [row for row in _seen(call, call.school.all_enrollments()) if row.class_id == call.ids[1]]
    return page(call.request.query, ENROLLMENTS.listing(rows))


def _attends(school: School, user_id: str, section: Section) -> bool:
    # The real server ignores the status here.
    return any(row.class_id == section.id for row in school.rows_of(user_id))


def _belongs(_: School, org_id: str, user: User) -> bool:
    return org_id in user.org_ids


def read_routes() -> list[Route]:
    """The routes of every read."""
    collections = (
        _reads(USERS), _reads(STUDENTS), _reads(TEACHERS), _reads(COURSES), _reads(ORGS), _reads(SCHOOLS),
        _reads(CLASSES), _reads(TERMS), _reads(SESSIONS),
        _class_members("student", STUDENTS), _class_members("teacher", TEACHERS),
    )  # fmt: skip
    return [
        *(route for routes in collections for route in routes),
        Route("GET", f"{BASE}/enrollments", "enrollments", _enrollments),
        Route("GET", f"{BASE}/enrollments/{{}}", "enrollments-one", _one_enrollment),
        Route("GET", f"{BASE}/schools/{{}}/classes/{{}}/enrollments", "classes-enrollments", _class_enrollments),
        _below(SCHOOLS, CLASSES, lambda _, id_, one: one.org_id == id_),
        _below(SCHOOLS, COURSES, lambda _, id_, one: one.org_id == id_),
        _below(SCHOOLS, STUDENTS, _belongs),
        _below(SCHOOLS, TEACHERS, _belongs),
        _below(SCHOOLS, TERMS, lambda _, id_, one: one.org_id == id_),
        _below(SCHOOLS, ENROLLMENTS, lambda _, id_, one: one.school_id == id_),
        _below(COURSES, CLASSES, lambda _, id_, one: one.course_id == id_),
        _below(USERS, CLASSES, _attends),
        _below(STUDENTS, CLASSES, _attends),
        _below(TEACHERS, CLASSES, _attends),
        _below(TERMS, CLASSES, lambda _, id_, one: id_ in one.term_ids),
    ]
