"""Whom and what the rehearsal school knows: users, courses, orgs, classes and academic sessions."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REHEARSAL_ORG: Final = "rehearsal-school"


@dataclass(frozen=True, slots=True)
class User:
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
class Course:
    """A course and the org it is linked to, if any."""

    id: str
    title: str
    org_id: str | None = None
    code: str = ""
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Org:
    """A school, or what stands above schools."""

    id: str
    name: str
    type: str = "school"
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A class: one course at one school in some terms."""

    id: str
    title: str
    course_id: str
    org_id: str
    term_ids: tuple[str, ...] = ()
    status: str = "active"
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """A school year or a term; `school_year` is the year it ends."""

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
class Known:
    """The objects that are there by name."""

    users: dict[str, User] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    orgs: dict[str, Org] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strangers:
    """How many of the ids nobody named are unknown, in percent; the same ids each time for one seed."""

    users: float = 0.0
    courses: float = 0.0
    schools: float = 0.0
    seed: int = 0

    def has(self, kind: str, id_: str, percent: float) -> bool:
        """Whether this id is unknown."""
        return percent > 0 and zlib.crc32(f"{self.seed}:{kind}:{id_}".encode()) % 10_000 < percent * 100


class Register:
    """Finds objects by id. An open one knows every id it is asked for, and stores nothing for that.

    Args:
        known: what is there by name; the register adds to it.
        closed: whether anything else is unknown.
        strangers: which ids an open register does not know after all.
    """

    def __init__(self, known: Known, *, closed: bool = False, strangers: Strangers | None = None) -> None:
        self.known, self.closed = known, closed
        self._strangers = strangers or Strangers()

    def user(self, id_: str) -> User | None:
        """The user, if known."""
        if (user := self.known.users.get(id_)) is not None:
            return user
        if self._unknown("user", id_, self._strangers.users):
            return None
        return User(id_, email=id_ if "@" in id_ else "", org_ids=(REHEARSAL_ORG,))

    def course(self, id_: str) -> Course | None:
        """The course, if known."""
        if (course := self.known.courses.get(id_)) is not None:
            return course
        if self._unknown("course", id_, self._strangers.courses):
            return None
        return Course(id_, f"Course {id_}", REHEARSAL_ORG, code=id_)

    def org(self, id_: str) -> Org | None:
        """The org, if known."""
        if (org := self.known.orgs.get(id_)) is not None:
            return org
        if self._unknown("school", id_, self._strangers.schools):
            return None
        return Org(id_, f"School {id_}")

    def section(self, id_: str) -> Section | None:
        """The class, if known."""
        if (section := self.known.sections.get(id_)) is not None or self.closed:
            return section
        return Section(id_, f"Class {id_}", f"course of {id_}", REHEARSAL_ORG)

    def session(self, id_: str) -> Session | None:
        """The academic session, if there is one; never made up."""
        return self.known.sessions.get(id_)

    def _unknown(self, kind: str, id_: str, percent: float) -> bool:
        return self.closed or self._strangers.has(kind, id_, percent)
