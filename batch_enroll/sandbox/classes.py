"""Objects that the server manages for its callers: a school year and term per school, a class per course and term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.sandbox.directory import StoredClass, StoredSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.sandbox.directory import KnownObjects, StoredCourse

_SCHOOL_YEAR_TURNS: Final = 7  # July; a school year is named by the year it ends


class ManagedClasses:
    """Creates classes, terms and school years when they are first needed.

    Args:
        known: the objects of the school, to which they are added.
        allocate: returns the id of an object, given its parts.
    """

    def __init__(self, known: KnownObjects, allocate: Callable[..., str]) -> None:
        self._known, self._allocate = known, allocate
        self._classes: dict[tuple[str, str, int], StoredClass] = {}
        self._created: list[tuple[str, str, int]] = []
        self._years: dict[tuple[str, int], StoredSession] = {}

    def has(self, course_id: str, school_id: str, year: int) -> bool:
        """Returns true if the class of a course at a school in a school year exists."""
        return (course_id, school_id, year) in self._classes

    def get_or_create(self, course: StoredCourse, school_id: str, year: int, *, another: bool = False) -> StoredClass:
        """Returns the class of a course at a school in a school year; creates it if missing or if `another`."""
        key = (course.id, school_id, year)
        if not another and (section := self._classes.get(key)) is not None:
            return section
        section = StoredClass(
            self._allocate("class", *key, sum(created == key for created in self._created)),
            f"{course.title} Class",
            course.id,
            school_id,
            (self._term(school_id, year).id,),
            metadata={"is_automanaged": True},
        )
        self._created.append(key)
        self._classes.setdefault(key, section)
        self._known.sections[section.id] = section
        return section

    def _term(self, school_id: str, year: int) -> StoredSession:
        """Returns the term that spans the school year; creates both if they are missing."""
        if (term := self._years.get((school_id, year))) is not None:
            return term
        span = (f"{year - 1}-07-01", f"{year}-07-01")
        title = f"{year - 1}-{year % 100:02}"
        whole = StoredSession(
            self._allocate("schoolYear", school_id, year), title, "schoolYear", year, school_id, *span
        )
        term = StoredSession(self._allocate("term", school_id, year), f"{title} Term", "term", year, school_id, *span)
        self._years[school_id, year] = term
        self._known.sessions |= {whole.id: whole, term.id: term}
        return term


def school_year(begin_date: str) -> int:
    """Returns the year in which the school year of an ISO date ends."""
    return int(begin_date[:4]) + (int(begin_date[5:7]) >= _SCHOOL_YEAR_TURNS)
