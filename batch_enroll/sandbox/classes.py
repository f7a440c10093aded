"""What the server manages for its callers: a school year and a term per school, a class per course and term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.sandbox.directory import Section, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.sandbox.directory import Course, Known

_SCHOOL_YEAR_TURNS: Final = 7  # July; a school year is named by the year it ends


class ManagedClasses:
    """Makes classes, terms and school years when they are first needed.

    Args:
        known: where they are kept with all others.
        allocate: gives the id of a thing that is named by its parts.
    """

    def __init__(self, known: Known, allocate: Callable[..., str]) -> None:
        self._known, self._allocate = known, allocate
        self._classes: dict[tuple[str, str, int], Section] = {}
        self._made: list[tuple[str, str, int]] = []
        self._years: dict[tuple[str, int], Session] = {}

    def has(self, course_id: str, school_id: str, year: int) -> bool:
        """Whether the class of a course at a school in a school year is there already."""
        return (course_id, school_id, year) in self._classes

    def default(self, course: Course, school_id: str, year: int, *, another: bool = False) -> Section:
        """The class of a course at a school in a school year, made when missing, or when `another` is asked for."""
        at = (course.id, school_id, year)
        if not another and (section := self._classes.get(at)) is not None:
            return section
        section = Section(
            self._allocate("class", *at, sum(made == at for made in self._made)),
            f"{course.title} Class",
            course.id,
            school_id,
            (self._term(school_id, year).id,),
            metadata={"is_automanaged": True},
        )
        self._made.append(at)
        self._classes.setdefault(at, section)
        self._known.sections[section.id] = section
        return section

    def _term(self, school_id: str, year: int) -> Session:
        """The term that spans the school year; both are made when missing."""
        if (term := self._years.get((school_id, year))) is not None:
            return term
        span = (f"{year - 1}-07-01", f"{year}-07-01")
        title = f"{year - 1}-{year % 100:02}"
        whole = Session(self._allocate("schoolYear", school_id, year), title, "schoolYear", year, school_id, *span)
        term = Session(self._allocate("term", school_id, year), f"{title} Term", "term", year, school_id, *span)
        self._years[school_id, year] = term
        self._known.sessions |= {whole.id: whole, term.id: term}
        return term


def school_year(begin_date: str) -> int:
    """The year in which the school year of an ISO date ends."""
    return int(begin_date[:4]) + (int(begin_date[5:7]) >= _SCHOOL_YEAR_TURNS)
