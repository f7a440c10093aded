"""Figures of a roster for the guards: rows, withdrawals, students of each course, first and last days."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Role
from batch_enroll.core.roster.dates import read_day
from batch_enroll.core.roster.row_parser import DELETED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from batch_enroll.core.roster.row_parser import Defaults

_STUDENT: Final = Role.STUDENT.value
_LARGEST_DATES: Final = 1_000  # different dates looked at; no term has more


@frozen
class GuardLimits:
    """The limits at which guards stop.

    Attributes:
        least_share: the least share of the last run's rows that a roster of the same name may have.
        withdrawals, withdrawn_share: the most withdrawals, as a number, and as a share of the rows.
        course_students: the most students of one course at one school.
        school_seats: the most enrollments at one school.
        days: how far the dates of a term may lie from today.
    """

    least_share: float = 0.6
    withdrawals: int = 1_000
    withdrawn_share: float = 0.2
    course_students: int = 5_000
    school_seats: int = 200_000
    days: int = 366


@dataclass(slots=True)
class RosterStats:
    """Figures of the rows counted so far; memory is bound by its courses, schools and dates."""

    defaults: Defaults
    limits: GuardLimits
    rows: int = 0
    withdrawals: int = 0
    over_capacity: str = ""  # the first course or school that took too many
    _students: Counter[tuple[str, str]] = field(default_factory=Counter)
    _enrollments: Counter[str] = field(default_factory=Counter)
    _begins: set[str] = field(default_factory=set)
    _ends: set[str] = field(default_factory=set)

    def add(self, fields: Mapping[str, str]) -> None:
        """Counts one row."""
        self.rows += 1
        if fields.get("status", "").lower() in DELETED:
            self.withdrawals += 1
            return
        if len(self._begins) + len(self._ends) < _LARGEST_DATES:
            self._begins.add(fields.get("begin_date") or self.defaults.begin_date or "")
            self._ends.add(fields.get("end_date", ""))
        self._count(fields)

    def _count(self, fields: Mapping[str, str]) -> None:
        course = fields.get("course_id") or self.defaults.course_id
        school = fields.get("school_id") or self.defaults.school_id or ""
        if not course:
            return
        if school:
            self._enrollments[school] = enrollments = self._enrollments[school] + 1
            if enrollments > self.limits.school_seats:
                self._note(f'school "{school}" gets more than {self.limits.school_seats:,} enrollments')
        if (fields.get("role") or self.defaults.role or _STUDENT).lower() == _STUDENT:
            self._students[course, school] = students = self._students[course, school] + 1
            if students > self.limits.course_students:
                at = f' at school "{school}"' if school else ""
                self._note(f'course "{course}"{at} takes more than {self.limits.course_students:,} students')

    def _note(self, excess: str) -> None:
        self.over_capacity = self.over_capacity or excess

    def describe_fullest_course(self) -> str:
        """Returns the course with the most students, in words."""
        if not self._students:
            return "no course takes a student"
        (course, school), count = max(self._students.items(), key=itemgetter(1))
        at = f' at school "{school}"' if school else ""
        return f'course "{course}"{at} takes {format_count(count, "student")}'

    def begin_dates(self) -> list[date]:
        """Returns the different first days, sorted; none if a row has no first day, since it may begin at any time."""
        return [] if "" in self._begins else sorted(_read_days(self._begins))

    def end_dates(self) -> list[date]:
        """Returns the different last days, sorted; none if a row has no last day."""
        return [] if "" in self._ends else sorted(_read_days(self._ends))


def _read_days(texts: Iterable[str]) -> Iterator[date]:
    """Yields the texts that are dates; the others are reported row by row."""
    for text in texts:
        with suppress(ValueError):
            yield read_day(text)


def format_count(number: int, noun: str) -> str:
    """Returns a number with its noun: `1 row`, `2 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
