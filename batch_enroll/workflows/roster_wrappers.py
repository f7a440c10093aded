"""A roster around another one: screened for damage where it is read, and prepared for a command that reads it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from batch_enroll.core.errors import RosterError
from batch_enroll.core.lookup.id_resolution import Search, presumed, proven, unknown, with_resolved_ids
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD, IdDamageDetector
from batch_enroll.core.roster.table_boundary import TableBoundaryDetector
from batch_enroll.workflows.capacity_guard import ROWS_AHEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batch_enroll.core.lookup.records import Answers, EntityKind
    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class RosterWrapper:
    """A RosterSource that forwards to its `source` whatever a subclass does not define."""

    def __init__(self, source: RosterSource) -> None:
        self._source = source

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns."""
        return self._source.columns

    @property
    def estimated_rows(self) -> int | None:
        """About how many rows there are."""
        return self._source.estimated_rows

    def rows(self) -> Iterator[SourceRow]:
        """Yields every row, in order."""
        return self._source.rows()

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Describes how each column is read."""
        return self._source.describe()

    def notes(self) -> tuple[str, ...]:
        """Returns notes for people on how it is read."""
        return self._source.notes()

    def refs(self) -> tuple[RosterRef, ...]:
        """Returns what was read."""
        return self._source.refs()


class ScreenedRoster(RosterWrapper):
    """A table whose rows are judged by what its first rows hold: damaged ids, and rows that belong to another table.

    Args:
        source: the table.
        gaps: true if a row number that is left out stands for a blank row.
    """

    def __init__(self, source: RosterSource, *, gaps: bool = True) -> None:
        super().__init__(source)
        self._gaps = gaps
        self._rows_read = 0

    def rows(self) -> Iterator[SourceRow]:
        """Yields every row, with its problem or its warnings.

        Raises:
            RosterError: the table cannot be read to its end; raised once the rows before are out.
        """
        rows = self._source.rows()
        first: list[SourceRow] = []
        broken: RosterError | None = None
        try:
            first.extend(islice(rows, LOOK_AHEAD))
        except RosterError as error:
            broken = error
        ids, tables = IdDamageDetector(first), TableBoundaryDetector(self._source.columns, first, gaps=self._gaps)
        self._rows_read = 0
        for row in chain(first, rows if broken is None else ()):
            self._rows_read += 1
            yield tables.judged(ids.judged(row))
        if broken is not None:
            raise broken

    def refs(self) -> tuple[RosterRef, ...]:
        """Returns what was read; rows that were only looked ahead at are not counted."""
        return tuple(replace(ref, rows=self._rows_read) for ref in self._source.refs())


class PreparedRoster(RosterWrapper):
    """A roster as a command reads it: names are replaced by the ids that were found for them.

    Args:
        source: the roster.
        keeps_first_rows: its first rows are read once, however often a command looks at them before it sends.

    Attributes:
        search: what is looked up in it.
        answers: what was found; until it is set, what was typed takes the place of ids.
        defaults: ids of rows that have none; if it is set, the ids that rows have are checked, too.
        given_up: nothing will be looked up, so no row is taken for the same as another.
    """

    def __init__(self, source: RosterSource, search: Search | None = None, *, keeps_first_rows: bool = False) -> None:
        super().__init__(source)
        self._first_rows = _FirstRows(source) if keeps_first_rows else None
        self.search = search or Search()
        self.answers: Answers | None = None
        self.defaults: Mapping[EntityKind, str] | None = None
        self.given_up = False

    def rows(self) -> Iterator[SourceRow]:
        """Yields every row, in order, with its ids."""
        rows = self.unresolved_rows()
        if self.given_up:
            return (unknown(row, self.search, nth) for nth, row in enumerate(rows, 1))
        return map(self.resolve, rows) if self.search or self.answers is not None else rows

    def unresolved_rows(self) -> Iterator[SourceRow]:
        """Yields every row as it was read."""
        return self._source.rows() if self._first_rows is None else self._first_rows.rows()

    def resolve(self, row: SourceRow) -> SourceRow:
        """Returns a row, of this roster or recorded from it, with its ids."""
        if self.answers is None:
            return presumed(row, self.search)
        row = with_resolved_ids(row, self.search, self.answers)
        return row if self.defaults is None else proven(row, self.defaults, self.answers)


class _FirstRows:
    """Rows of a source of which the first are kept, so that looks at them do not read them again.

    A reader that passes `ROWS_AHEAD` continues alone, and the kept rows are dropped: later readers read the source.
    """

    def __init__(self, source: RosterSource) -> None:
        self._source = source
        self._kept: list[SourceRow] = []
        self._unread: Iterator[SourceRow] | None = None
        self._broken: RosterError | None = None
        self._is_whole = False
        self._is_dropped = False

    def rows(self) -> Iterator[SourceRow]:
        """Yields every row, in order."""
        if self._is_dropped:
            return self._source.rows()
        return iter(self._kept) if self._is_whole else self._replay()

    def _replay(self) -> Iterator[SourceRow]:
        kept, nth = self._kept, 0
        while True:
            while nth < len(kept):
                nth += 1
                yield kept[nth - 1]
            if self._is_dropped:
                yield from islice(self._source.rows(), nth, None)
                return
            if (row := self._next()) is None:
                self._is_whole = True
                return
            if len(kept) > ROWS_AHEAD:
                break
            kept.append(row)
        self._is_dropped, self._kept = True, []
        yield row
        yield from self._unread or ()

    def _next(self) -> SourceRow | None:
        """Returns the next row that no reader has reached; None at the end."""
        if self._broken is not None:
            raise self._broken
        if self._unread is None:
            self._unread = self._source.rows()
        try:
            return next(self._unread, None)
        except RosterError as error:
            self._broken = error
            raise
