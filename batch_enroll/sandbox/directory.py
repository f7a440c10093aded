"""The objects that the rehearsal school knows: users, courses, orgs, classes and academic sessions."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REHEARSAL_ORG: Final = "rehearsal-school"


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A person with the orgs they belong to, the primary one first."""

    id: str
    given_name: str = "Rehearsal"
    family_name: str = "User"
    email: str = ""
    role: str = "student"
    org_ids: tuple[str, ...] = ()
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)
    username: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class StoredCourse:
    """A course and the org it is linked to, if any."""

    id: str
    title: str
    org_id: str | None = None
    code: str = ""
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredOrg:
    """A school, a district, or another organization."""

    id: str
    name: str
    type: str = "school"
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class StoredClass:
    """A class: one course at one school in some terms."""

    id: str
    title: str
    course_id: str
    org_id: str
    term_ids: tuple[str, ...] = ()
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A school year or a term; `school_year` is the year in which it ends."""

    id: str
    title: str
    type: str
    school_year: int
    org_id: str
    start_date: str
    end_date: str
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class KnownObjects:
    """The objects of a school, by id."""

    users: dict[str, StoredUser] = field(default_factory=dict)
    courses: dict[str, StoredCourse] = field(default_factory=dict)
    orgs: dict[str, StoredOrg] = field(default_factory=dict)
    sections: dict[str, StoredClass] = field(default_factory=dict)
    sessions: dict[str, StoredSession] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnknownIds:
    """Percentages of the ids without an object that are unknown; always the same ids for one seed."""

    users: float = 0.0
    courses: float = 0.0
    schools: float = 0.0
    seed: int = 0

    def includes(self, kind: str, id_: str, percent: float) -> bool:
        """Returns true if this id is unknown."""
        return percent > 0 and zlib.crc32(f"{self.seed}:{kind}:{id_}".encode()) % 10_000 < percent * 100


class SchoolDirectory:
    """Finds objects by id. An open directory returns an object for every id, without storing it.

    Args:
        known: the stored objects.
        closed: true if every other id is unknown.
        unknown_ids: the ids that an open directory does not know.
    """

    def __init__(self, known: KnownObjects, *, closed: bool = False, unknown_ids: UnknownIds | None = None) -> None:
        self.known, self.closed = known, closed
        self._unknown_ids = unknown_ids or UnknownIds()

    def user(self, id_: str) -> StoredUser | None:
        """Returns the user, if known."""
        if (user := self.known.users.get(id_)) is not None:
            return user
        if self._unknown("user", id_, self._unknown_ids.users):
            return None
        return StoredUser(id_, email=id_ if "@" in id_ else "", org_ids=(REHEARSAL_ORG,))

    def course(self, id_: str) -> StoredCourse | None:
        """Returns the course, if known."""
        if (course := self.known.courses.get(id_)) is not None:
            return course
        if self._unknown("course", id_, self._unknown_ids.courses):
            return None
        return StoredCourse(id_, f"Course {id_}", REHEARSAL_ORG, code=id_)

    def org(self, id_: str) -> StoredOrg | None:
        """Returns the org, if known."""
        if (org := self.known.orgs.get(id_)) is not None:
            return org
        if self._unknown("school", id_, self._unknown_ids.schools):
            return None
        return StoredOrg(id_, f"School {id_}")

    def section(self, id_: str) -> StoredClass | None:
        """Returns the class, if known."""
        if (section := self.known.sections.get(id_)) is not None or self.closed:
            return section
        return StoredClass(id_, f"Class {id_}", f"course of {id_}", REHEARSAL_ORG)

    def session(self, id_: str) -> StoredSession | None:
        """Returns the academic session, if stored; never one that was made up."""
        return self.known.sessions.get(id_)

    def _unknown(self, kind: str, id_: str, percent: float) -> bool:
        return self.closed or self._unknown_ids.includes(kind, id_, percent)
