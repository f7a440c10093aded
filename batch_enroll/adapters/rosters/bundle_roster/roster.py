"""A bundle's seats, each with the course, school and first day that its class and user stand for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.bundle_roster.column_select import first_row, header_of
from batch_enroll.adapters.rosters.bundle_roster.enrollment_lines import EnrollmentLines
from batch_enroll.adapters.rosters.bundle_roster.join_problems import JoinProblems
from batch_enroll.adapters.rosters.bundle_roster.joins import Joins
from batch_enroll.adapters.rosters.bundle_roster.lookup_names import LookupNames
from batch_enroll.adapters.rosters.bundle_roster.manifest import Manifest
from batch_enroll.core.errors import RosterError
from batch_enroll.core.lookup.records import WAYS, EntityKind
from batch_enroll.core.model import RowProblem, SourceRow
from batch_enroll.core.roster.cells import clean_cell, shorten
from batch_enroll.core.roster.column_alignment import laid, numbered, places, united
from batch_enroll.core.roster.formats import fallback_format, recognize_format
from batch_enroll.core.roster.header_map import plain
from batch_enroll.core.roster.merged_cells import describe_merges
from batch_enroll.core.roster.own_columns import SEAT_FROM
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from batch_enroll.adapters.rosters.bundle_roster.enrollment_lines import EnrollmentLine
    from batch_enroll.adapters.rosters.bundle_roster.joins import Joined
    from batch_enroll.core.roster.column_alignment import Column
    from batch_enroll.core.roster.roster_format import BundleFormat, EnrollmentFile
    from batch_enroll.ports import RosterParts

_PIECE: Final = 20_000  # rows joined at a time; memory stays flat, and a join costs little next to its rows


def is_whole(parts: RosterParts) -> bool:
    """Whether the headers show a format, and the table of its classes is there."""
    found = _recognize(parts)
    return found is not None and found.classes.lower() in parts.names


class BundleRoster:
    """A RosterSource over several tables: the lines of seats, joined to classes and people.

    A row whose class or course the bundle does not name is a problem; the class id never stands in for the course. A
    user must be listed, unless the bundle lists none or calls its list a delta. A class or user marked as deleted
    counts as missing for an active seat only, so that withdrawals keep their course.

    Args:
        parts: the tables.
        of: the format; None: as their headers show.
        overrides: field to header of the lines of seats, from `--map field=Header`.
        defaults_present: fields that have a default.
        limit: at most so many seats are read.
        finds: fields that ids are to be found by, of those that the tables tell of people, courses and schools.
    """

    def __init__(
        self,
        parts: RosterParts,
        *,
        of: BundleFormat | None = None,
        overrides: Mapping[str, str] | None = None,
        defaults_present: frozenset[str] = frozenset(),
        limit: int | None = None,
        finds: Collection[str] = (),
    ) -> None:
        self._parts = parts
        self._given = of
        self._overrides = overrides or {}
        self._course_given = "course_id" in defaults_present
        self._limit = limit
        self._finds = finds
        self._rows_read = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the seats, then those that were joined, so that the results read back as a table."""
        return (*(name for name, _ in self._own), *self._added)

    @property
    def estimated_rows(self) -> int | None:
        """The lines below the headers."""
        describe_merges = [lines.below for lines in self._lines]
        below = sum(count for count in describe_merges if count is not None)
        if None in describe_merges:
            return None
        return below if self._limit is None else min(below, self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as, for `check`."""
        read = {
            column: field
            for lines in self._lines
            for column, (_, field) in zip(numbered(lines.columns), lines.describe(), strict=True)
        }
        return (
            *((column[0], self._used(read[column])) for column in self._own),
            *((name, name) for name in self._added if name != SEAT_FROM),
        )

    def rows(self) -> Iterator[SourceRow]:
        """Every seat.

        Raises:
            RosterError: a part cannot be read to its end, or there are no seats.
        """
        self._rows_read = 0
        for row in islice(self._all_rows(), self._limit):
            self._rows_read += 1
            yield row
        if not self._rows_read:
            where = self._parts.locate(self._lines[0].name, 1).file
            raise RosterError(f"{where}: there are no rows below the header")

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""
        changes_only = Manifest(self._parts).changes_only
        return (RosterRef(str(self._parts.path), self._parts.sha256, self._rows_read, self._read_as, changes_only),)

    def notes(self) -> tuple[str, ...]:
        """What people should know of how it is read."""
        notes = [*self._format.notes]
        if not self._format.server_ids and not self._finds and (ways := self._ways):
            notes.append(f"ids are read as the server's own; if it has others, it finds them by {', '.join(ways)}")
        if unclear := self._joins.unclear_days:
            seen = ", ".join(f'"{shorten(text)}"' for text in unclear[:3])
            notes.append(f"first days that can be read in two ways are left out: {seen}; see --begin-date")
        return (*notes, *self._merged())

    def _merged(self) -> Iterator[str]:
        """Which columns have cells that are merged over rows, table by table."""
        headers = {lines.name: lines.header for lines in self._lines}
        for name in map(str.lower, self._format.files):
            if name in self._parts.names and (spans := self._parts.merged_ranges(name)):
                row, header = headers.get(name) or first_row(self._parts, name)
                columns = [(at, clean_cell(column)) for at, column in enumerate(header) if clean_cell(column)]
                yield from (f"{self._parts.names[name]}: {note}" for note in describe_merges(spans, row, columns))

    def _used(self, field: str) -> str:
        """The field that a column is read as; a course without an id is a missing piece, and not looked up unasked."""
        return "" if WAYS.get(field, (None,))[0] is EntityKind.COURSE and field not in self._names.fields else field

    def _all_rows(self) -> Iterator[SourceRow]:
        for lines in self._lines:
            at = places(self._own, lines.columns)
            seats = lines.seats()
            while piece := list(islice(seats, _PIECE)):
                yield from self._resolved(piece, lines.people, at)

    def _resolved(
        self, seats: Sequence[EnrollmentLine], people: tuple[str, ...], at: Sequence[int]
    ) -> Iterator[SourceRow]:
        own_course = self._format.own_course or "course_id" in self._overrides
        keys = [(seat.row.fields.get("class_id", ""), seat.row.fields.get("user_id", "")) for seat in seats]
        for (row, seat_from), joined in zip(seats, self._joins.join(keys, people), strict=True):
            course = row.fields.get("course_id", "") if own_course else ""
            fields = {field: text for field, text in row.fields.items() if field != "course_id"}
            fields |= {field: text for field, text in _resolution(fields, course, joined).items() if text}
            problem = row.problem or self._flaws.of(row, course, joined, people)
            called = {} if problem else self._names.of(fields, row.headers, people)
            if isinstance(called, RowProblem):
                problem = called
            else:
                fields |= called
            named = {**fields, SEAT_FROM: seat_from}
            cells = laid(row.cells, at) + tuple([named.get(field, "") for field in self._added])
            yield replace(row, cells=cells, fields=fields, problem=problem)

    @cached_property
    def _added(self) -> tuple[str, ...]:
        """The columns that results get."""
        return (*self._format.added, *self._names.fields)

    @cached_property
    def _names(self) -> LookupNames:
        return LookupNames(self._parts, self._format, self._finds)

    @cached_property
    def _ways(self) -> list[str]:
        """What ids may be found by, as it is typed; the likeliest of each kind."""
        ways = [WAYS[field] for field in LookupNames(self._parts, self._format, WAYS).fields]
        likeliest = {way.kind: way.by for way in reversed(ways)}
        return [f"--find {kind}={by}" for kind, by in reversed(likeliest.items())]

    @cached_property
    def _format(self) -> BundleFormat:
        names = self._parts.names
        found = self._given or _recognize(self._parts) or fallback_format(names)
        if found is None or not any(lines.file.lower() in names for lines in found.enrollments):
            missing = "a bundle" if found is None else " or ".join(lines.file for lines in found.enrollments)
            raise RosterError(f"{self._parts.path.name}: no {missing}; files: {', '.join(names.values())}")
        return found

    @cached_property
    def _lines(self) -> list[EnrollmentLines]:
        there = [seats for seats in self._format.enrollments if seats.file.lower() in self._parts.names]
        headers = {seats: [plain(name) for name in header_of(self._parts, seats.file.lower())] for seats in there}
        return [EnrollmentLines(self._parts, seats, self._meant_for(seats, headers)) for seats in there]

    def _meant_for(self, seats: EnrollmentFile, headers: Mapping[EnrollmentFile, Sequence[str]]) -> dict[str, str]:
        """Overrides for one of several files; one whose header is nowhere goes to all, to be complained of."""
        known = {name for header in headers.values() for name in header}
        return {
            field: name
            for field, name in self._overrides.items()
            if plain(name) in headers[seats] or plain(name) not in known
        }

    @cached_property
    def _own(self) -> tuple[Column, ...]:
        return united(lines.columns for lines in self._lines)

    @cached_property
    def _joins(self) -> Joins:
        return Joins(self._parts, self._format)

    @cached_property
    def _flaws(self) -> JoinProblems:
        return JoinProblems(self._parts, self._format, Manifest(self._parts), course_given=self._course_given)

    @cached_property
    def _read_as(self) -> str:
        """The format and the files that are read, as `check` shows it."""
        title = Manifest(self._parts).title(self._format)
        there = [self._parts.names[file.lower()] for file in self._format.files if file.lower() in self._parts.names]
        return f"{title} ({', '.join(there)})"


def _recognize(parts: RosterParts) -> BundleFormat | None:
    return recognize_format(parts.names, lambda name: [plain(column) for column in header_of(parts, name)])


def _resolution(own: Mapping[str, str], course: str, joined: Joined) -> dict[str, str]:
    """The joined fields. The course's own org is often the district."""
    return {
        "course_id": course or joined.course_id,
        "school_id": own.get("school_id") or joined.class_school or joined.primary_org,
        "begin_date": own.get("begin_date") or joined.begin_date,
    }
