"""A bundle's enrollments, each with the course, school and first day that its class and user stand for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.roster_oneroster.joins import DELETED, THERE, TWICE, Joined, Joins
from batch_enroll.adapters.roster_oneroster.parts import ENROLLMENTS, Parts
from batch_enroll.core import catalogue, csvtext
from batch_enroll.core.cells import shorten
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import Place, RosterRef, RowProblem, SourceRow
from batch_enroll.core.tables import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.core.csvtext import Shape, Survey

_PIECE: Final = 20_000  # rows joined at a time; memory stays flat, and a join costs little next to its rows
_JOINED: Final = ("course_id", "school_id", "begin_date")
_ACTIVE: Final = frozenset({"", "active"})
_INCOMPLETE: Final = frozenset({"delta", "absent"})


class OneRosterBundle:
    """A RosterSource over a bundle's enrollments.csv.

    A row whose class or course the bundle does not name is a problem (E107); the class id never stands in for the
    course. A user must be in users.csv, unless the bundle has none or calls it a delta. A class or user marked
    tobedeleted counts as missing for an active enrollment only, so that withdrawals keep their course.

    Args:
        path: the zip archive or folder.
        overrides: field to header of enrollments.csv, from `--map field=Header`.
        limit: at most so many data rows are read.
    """

    def __init__(self, path: Path, *, overrides: Mapping[str, str] | None = None, limit: int | None = None) -> None:
        self._path = path
        self._parts = Parts(path)
        self._want = Wanted(frozenset({"user_id", "class_id"}), overrides or {})
        self._limit = limit
        self._rows_read = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of enrollments.csv, then those that were joined, so that the results read back as a table."""
        return self._shape.table.map.own_columns + self._added

    @property
    def estimated_rows(self) -> int | None:
        """The lines of enrollments.csv below its header."""
        below = max(self._survey.lines - 1 - self._shape.table.header_row, 0)
        return below if self._limit is None else min(below, self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as, for `check`."""
        read = [(column, "" if field in _JOINED else field) for column, field in self._shape.table.map.describe()]
        return (*read, *((column, column) for column in self._added))

    def rows(self) -> Iterator[SourceRow]:
        """Every enrollment.

        Raises:
            RosterError: a part cannot be read to its end, or there are no enrollments.
        """
        self._rows_read = 0
        rows = islice(self._own_rows(), self._limit)
        while piece := list(islice(rows, _PIECE)):
            for row in self._resolved(piece):
                self._rows_read += 1
                yield row
        if not self._rows_read:
            raise RosterError(f"{self._parts.label(ENROLLMENTS)}: a header, but no data rows")

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""
        return (RosterRef(str(self._path), self._parts.sha256, self._rows_read),)

    def _own_rows(self) -> Iterator[SourceRow]:
        shape, label = self._shape, self._parts.label(ENROLLMENTS)
        with self._parts.text(ENROLLMENTS) as text:
            lines = islice(text, shape.skipped_lines, None)
            for nth, record in enumerate(csvtext.records(lines, shape.delimiter, label), 1):
                if nth > shape.table.header_row and (row := shape.table.map.row(Place(label, nth), record)) is not None:
                    yield row

    def _resolved(self, rows: Sequence[SourceRow]) -> Iterator[SourceRow]:
        keys = [(row.fields.get("class_id", ""), row.fields.get("user_id", "")) for row in rows]
        for row, joined in zip(rows, self._joins.join(keys), strict=True):
            fields = {field: text for field, text in row.fields.items() if field != "course_id"}
            fields |= {field: text for field, text in _resolution(row.fields, joined).items() if text}
            cells = row.cells + tuple([fields.get(field, "") for field in self._added])
            yield replace(row, cells=cells, fields=fields, problem=row.problem or self._problem(row, joined))

    def _problem(self, row: SourceRow, joined: Joined) -> RowProblem | None:
        active = row.fields.get("status", "").lower() in _ACTIVE
        flaw = _class_flaw(joined, active=active)
        if flaw is not None:
            return self._broken(row, "class_id", flaw)
        if active and self._users_complete and "user_id" in row.fields and joined.user_is != THERE:
            return self._broken(row, "user_id", _user_flaw(joined))
        return None

    def _broken(self, row: SourceRow, field: str, flaw: str) -> RowProblem:
        seen = row.fields.get(field, "")
        message = f'"{shorten(seen)}" {flaw}' if seen else "is empty, so that no course can be told"
        return RowProblem(catalogue.BROKEN_JOIN, message, row.headers.get(field, field), seen)

    @cached_property
    def _added(self) -> tuple[str, ...]:
        own = self._shape.table.map.own_columns
        return tuple(column for column in _JOINED if column not in own)

    @cached_property
    def _joins(self) -> Joins:
        return Joins(self._parts)

    @cached_property
    def _users_complete(self) -> bool:
        if "users.csv" not in self._parts:
            return False
        if "manifest.csv" not in self._parts:
            return True
        columns = ("propertyname", "value")
        properties = {row[0]: row[1] for row in self._parts.select("manifest.csv", columns, columns)}
        return properties.get("file.users", "").lower() not in _INCOMPLETE

    @cached_property
    def _survey(self) -> Survey:
        return self._parts.survey(ENROLLMENTS)

    @cached_property
    def _shape(self) -> Shape:
        with self._parts.text(ENROLLMENTS) as text:
            head = text.read(csvtext.HEAD_CHARS)
        return csvtext.find_shape(head, self._want, self._parts.label(ENROLLMENTS))


def _resolution(own: Mapping[str, str], joined: Joined) -> dict[str, str]:
    """The joined fields. The course's own org is often the district."""
    return {
        "course_id": joined.course_id,
        "school_id": own.get("school_id") or joined.class_school or joined.primary_org,
        "begin_date": own.get("begin_date") or joined.begin_date,
    }


def _class_flaw(joined: Joined, *, active: bool) -> str | None:
    if not joined.class_is:
        return "is not in classes.csv"
    if joined.class_is == TWICE:
        return "stands in classes.csv twice, with different courses"
    if not joined.course_id:
        return "has no course in classes.csv"
    if active and joined.class_is == DELETED:
        return "is marked tobedeleted in classes.csv"
    return None


def _user_flaw(joined: Joined) -> str:
    return {
        DELETED: "is marked tobedeleted in users.csv",
        TWICE: "stands in users.csv twice, once as tobedeleted",
    }.get(joined.user_is, "is not in users.csv")
