"""One file of a bundle whose lines are seats."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from batch_enroll.adapters.rosters.bundle_roster.column_select import header_of, spelt
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import clean_cell
from batch_enroll.core.roster.damaged_ids import first_problem
from batch_enroll.core.roster.header_map import plain
from batch_enroll.core.roster.table_search import SEARCHED_ROWS, HeaderRequirements, Table, find_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.damaged_ids import CellProblem
    from batch_enroll.core.roster.roster_format import EnrollmentFile
    from batch_enroll.ports import RosterParts


class EnrollmentLine(NamedTuple):
    """One seat as its line says it, and where it stands: the file, and the column if the line may hold several."""

    row: SourceRow
    seat_from: str


class EnrollmentLines:
    """The seats of one file, read on their own."""

    def __init__(self, parts: RosterParts, seat_file: EnrollmentFile, overrides: Mapping[str, str]) -> None:
        self._parts = parts
        self._seat_file = seat_file
        self._overrides = overrides
        self.name = seat_file.file.lower()
        self.people = seat_file.people

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's own columns."""
        return self._table.map.own_columns

    @property
    def header(self) -> tuple[int, Sequence[str]]:
        """The row that the header stands in, and the header."""
        return self._table.header_row, self._table.map.header

    @property
    def below(self) -> int | None:
        """About how many lines there are below the header."""
        lines = self._parts.lines(self.name)
        return None if lines is None else max(lines - self._table.header_row, 0)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column and the field it is read as."""
        users = {header for header, _ in self._users}
        return tuple((name, "user_id" if name in users else field) for name, field in self._table.map.describe())

    def seats(self) -> Iterator[EnrollmentLine]:
        """Every seat of every line; a line that names nobody in any of several columns holds none."""
        header_row, read = self._table.header_row, self._table.map.row
        for nth, (record, flaws) in enumerate(self._parts.rows_with_problems(self.name), 1):
            if nth > header_row:
                problem = first_problem(self._table.map, record, flaws) if flaws else None
                row = read(self._parts.locate(self.name, nth), record, problem)
                yield from () if row is None else self._split(row, record, flaws)

    def _split(self, row: SourceRow, record: list[str], flaws: Mapping[int, CellProblem]) -> Iterator[EnrollmentLine]:
        of_file = {"role": self._seat_file.role} if self._seat_file.role else {}
        fields = {**self._others(record), **of_file, **row.fields}
        if not self._seat_file.users:
            yield EnrollmentLine(replace(row, fields=fields), self._parts.names[self.name])
            return
        for header, at in self._users:
            if at < len(record) and (user := clean_cell(record[at])):
                flaw = flaws.get(at)
                problem = row.problem or (None if flaw is None else RowProblem(*flaw, header, user))
                yield EnrollmentLine(
                    replace(
                        row,
                        fields={**fields, "user_id": user},
                        headers={**row.headers, "user_id": header},
                        problem=problem,
                    ),
                    f"{self._parts.names[self.name]} {header}",
                )

    def _others(self, record: list[str]) -> dict[str, str]:
        """Fields from headers less likely than the one that is read, for cells that are blank in that."""
        return {field: text for field, at in self._less_likely if at < len(record) and (text := clean_cell(record[at]))}

    @cached_property
    def _less_likely(self) -> list[tuple[str, int]]:
        header = [plain(name) for name in self._table.map.header]
        read = {at for _, at in self._table.map.places}
        named = [(field, header.index(name)) for field, names in self._seat_file.fields.items() for name in names[::-1]
                 if name in header]  # fmt: skip
        return [(field, at) for field, at in named if at not in read]

    @cached_property
    def _users(self) -> list[tuple[str, int]]:
        header = [plain(name) for name in self._table.map.header]
        return [
            (clean_cell(self._table.map.header[header.index(name)]), header.index(name))
            for name in self._seat_file.users
            if name in header
        ]

    @cached_property
    def _table(self) -> Table:
        required = frozenset({"class_id"} if self._seat_file.users else {"class_id", "user_id"})
        if "course_id" in self._seat_file.fields:  # a line that names its course need not name a class
            required -= {"class_id"}
        overrides = spelt(header_of(self._parts, self.name), self._seat_file.fields) | dict(self._overrides)
        head = list(islice(self._parts.records(self.name), SEARCHED_ROWS))
        table = find_table(head, HeaderRequirements(required, overrides, numbered=()))
        if isinstance(table, Table):
            return table
        raise RosterError(f"{self._parts.locate(self.name, 1).file}: {table.reason}")
