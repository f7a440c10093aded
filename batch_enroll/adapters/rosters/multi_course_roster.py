"""A roster whose lines hold several enrollments, read as one row for each."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from batch_enroll.core.roster import multi_course_rows
from batch_enroll.core.roster.header_hints import suggestions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.multi_course_rows import CourseColumns
    from batch_enroll.core.roster.roster_format import NumberedColumns
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class MultiCourseRoster:
    """A RosterSource over one with numbered columns: its own columns, then `multi_course_rows.ADDED`.

    With the added columns the results read back as a plain table in which no enrollment is lost or doubled.

    Args:
        source: the lines.
        of: the columns that they repeat for each course.
        notes: what people should know of the format.
        limit: at most so many enrollments are read.
    """

    def __init__(
        self, source: RosterSource, of: NumberedColumns, *, notes: tuple[str, ...] = (), limit: int | None = None
    ) -> None:
        self._source = source
        self._numbered = of
        self._notes = notes
        self._limit = limit
        self._rows_read = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns, and those that show which enrollment of a line a row is."""
        return (*self._source.columns, *multi_course_rows.ADDED)

    @property
    def estimated_rows(self) -> int | None:
        """None: the number of enrollments is not known without reading them."""
        return None

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as."""
        return multi_course_rows.describe_columns(self._source.describe(), self._numbered)

    def notes(self) -> tuple[str, ...]:
        """Columns that are not read and may have been meant to be, and notes on the format."""
        return (*suggestions(self.describe()), *self._notes)

    def rows(self) -> Iterator[SourceRow]:
        """Every enrollment of every line. Raises as the lines' own roster does."""
        self._rows_read = 0
        split = multi_course_rows.split_line
        rows = (row for line in self._source.rows() for row in split(line, self._courses, self._numbered))
        for row in islice(rows, self._limit):
            self._rows_read += 1
            yield row

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read; its rows are enrollments."""
        return tuple(replace(ref, rows=self._rows_read) for ref in self._source.refs())

    @cached_property
    def _courses(self) -> tuple[CourseColumns, ...]:
        return multi_course_rows.course_columns(self._source.columns, self._numbered)
