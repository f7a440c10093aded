"""Whom and what the server knows by name: people, courses and schools, and what can be asked about them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypeVar

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batch_enroll.core.model import CourseId, SchoolId, UserId

T = TypeVar("T")


class EntityKind(StrEnum):
    """What can be asked for."""

    USER = "user"
    COURSE = "course"
    SCHOOL = "school"


class By(StrEnum):
    """What something is asked for by. EMAIL holds in any case of letters if it is not there as written."""

    ID = "id"
    EMAIL = "email"
    USERNAME = "username"
    IDENTIFIER = "identifier"
    CODE = "code"
    TITLE = "title"
    NAME = "name"


class Way(NamedTuple):
    """One kind of question: for a user by e-mail, for a course by title."""

    kind: EntityKind
    by: By


# Field of a row to the way its value is asked for; of several, the first that a row fills in is used.
WAYS: Final[Mapping[str, Way]] = {
    "user_email": Way(EntityKind.USER, By.EMAIL),
    "user_name": Way(EntityKind.USER, By.USERNAME),
    "user_identifier": Way(EntityKind.USER, By.IDENTIFIER),
    "course_code": Way(EntityKind.COURSE, By.CODE),
    "course_title": Way(EntityKind.COURSE, By.TITLE),
    "school_identifier": Way(EntityKind.SCHOOL, By.IDENTIFIER),
    "school_name": Way(EntityKind.SCHOOL, By.NAME),
}


class Question(NamedTuple):
    """One thing asked for, as it was typed."""

    way: Way
    value: str


@frozen
class Person:
    """A user; what is not known is empty."""

    sourced_id: UserId
    email: str = ""
    username: str = ""
    identifier: str = ""


@frozen
class Course:
    """A course, and the org it is linked to: a school, or what stands above schools."""

    sourced_id: CourseId
    title: str = ""
    code: str = ""
    org: SchoolId | None = None


@frozen
class School:
    """A school."""

    sourced_id: SchoolId
    name: str = ""
    identifier: str = ""


Record: TypeAlias = Person | Course | School


@frozen
class Listing:
    """Which active records are wanted: all of a kind, or those with a value; `loosely` wherever it is part of it."""

    kind: EntityKind
    question: Question | None = None
    loosely: bool = False


@frozen
class Page(Generic[T]):
    """Some records of a listing, and how many there are in all (None: the server does not say).

    `rows` counts what the server sent, also what could not be read: the next page begins behind them.
    """

    records: tuple[T, ...]
    rows: int
    total: int | None


def spelt(record: Record, by: By) -> str:
    """What a record is called in that respect; empty if it has no such name."""
    if by is By.ID:
        return record.sourced_id
    text = getattr(record, by, "")
    return text if isinstance(text, str) else ""


class Answers:
    """What is known of questions: the ids each came to. Ids of courses come with their org."""

    def __init__(self) -> None:
        self._ids: dict[Way, dict[str, tuple[str, ...]]] = {}
        self.orgs: dict[str, str | None] = {}

    def ids(self, question: Question) -> tuple[str, ...] | None:
        """The ids of all that answer to it, none if nothing does; None if that is not known."""
        return self._ids.get(question.way, {}).get(question.value)

    def add(self, question: Question, ids: tuple[str, ...]) -> None:
        """Takes note of an answer."""
        self._ids.setdefault(question.way, {})[question.value] = ids


class Matches:
    """Records laid beside the values that are wanted of them, as they come in, in one way.

    A value is taken as it is written; an e-mail that nobody has so is taken in any case of letters.
    """

    def __init__(self, way: Way, values: Iterable[str]) -> None:
        self._by = way.by
        self._exact: dict[str, tuple[str, ...]] = dict.fromkeys(values, ())
        self._folded: dict[str, tuple[str, ...]] = {}
        if way.by is By.EMAIL:
            self._folded = dict.fromkeys((value.casefold() for value in self._exact), ())
        self._orgs: dict[str, str | None] = {}

    def add(self, record: Record) -> None:
        """Takes note of one record; the same one may come twice."""
        text, id_ = spelt(record, self._by), record.sourced_id
        for ids, name in ((self._exact, text), (self._folded, text.casefold())):
            if (known := ids.get(name)) is not None and id_ not in known:
                ids[name] = (*known, id_)
                if isinstance(record, Course):
                    self._orgs[id_] = record.org

    def found(self, value: str) -> dict[str, str | None]:
        """The ids of all records that answer to the value, each with its org if it is a course with one."""
        ids = self._exact[value] or self._folded.get(value.casefold(), ())
        return {id_: self._orgs.get(id_) for id_ in ids}
