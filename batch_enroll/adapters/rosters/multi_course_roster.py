"""A roster whose lines hold several seats, read as one row for each."""

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
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class MultiCourseRoster:
    """A RosterSource over one with columns course1, course2 ...: its columns, then `multi_course_rows.ADDED`.

    So that the results read back as a plain table, in which no seat is lost or doubled.

    Args:
        source: the lines.
        limit: at most so many seats are read.
    """

    def __init__(self, source: RosterSource, *, limit: int | None = None) -> None:
        self._source = source
        self._limit = limit
        self._rows_read = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns, and those that say of which seat a row is."""
        return (*self._source.columns, *multi_course_rows.ADDED)

    @property
    def estimated_rows(self) -> int | None:
        """How many seats there are is not known without reading them."""
        return None

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as."""
        return multi_course_rows.described(self._source.describe())

    def notes(self) -> tuple[str, ...]:
        """Columns that are not read and may have been meant to be, and what is read as an id."""
        unused = suggestions(self.describe())
        return (*unused, "a course's short name is read as its id, and the idnumber as the user's")

    def rows(self) -> Iterator[SourceRow]:
        """Every seat of every line. Raises as the lines' own roster does."""
        self._rows_read = 0
        seats = (seat for line in self._source.rows() for seat in multi_course_rows.split_line(line, self._seats))
        for row in islice(seats, self._limit):
            self._rows_read += 1
            yield row

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read; its rows are seats."""
        return tuple(replace(ref, rows=self._rows_read) for ref in self._source.refs())

    @cached_property
    def _seats(self) -> tuple[CourseColumns, ...]:
        return multi_course_rows.course_columns(self._source.columns)
