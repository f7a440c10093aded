"""Several rosters read as one, one after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

from batch_enroll.core.roster.column_alignment import laid, places, united

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.column_alignment import Column
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class CombinedRoster:
    """A RosterSource over several: columns are united by name, in order of first appearance.

    Args:
        sources: the rosters, in reading order.
        limit: at most so many data rows are read, over all rosters.
    """

    def __init__(self, sources: Sequence[RosterSource], *, limit: int | None = None) -> None:
        self._sources = tuple(sources)
        self._limit = limit

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of any roster, once."""
        return tuple(name for name, _ in self._united)

    @property
    def estimated_rows(self) -> int | None:
        """The sum, if every roster can tell."""
        told = [source.estimated_rows for source in self._sources]
        known = [rows for rows in told if rows is not None]
        if len(known) < len(told):
            return None
        return sum(known) if self._limit is None else min(sum(known), self._limit)

    def rows(self) -> Iterator[SourceRow]:
        """All rows, their cells laid below the united columns; blank where a roster lacks a column.

        Raises:
            RosterError: a roster has no rows, told before the first row of any; or one cannot be read to its end.
        """
        for source in self._sources:
            next(source.rows(), None)
        yield from islice(chain.from_iterable(map(self._relaid, self._sources)), self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """How each roster reads its columns, one after the other."""
        return tuple(read for source in self._sources for read in source.describe())

    def notes(self) -> tuple[str, ...]:
        """What people should know of any of them, once."""
        return tuple(dict.fromkeys(note for source in self._sources for note in source.notes()))

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read, roster by roster."""
        return tuple(ref for source in self._sources for ref in source.refs())

    @cached_property
    def _united(self) -> tuple[Column, ...]:
        return united(source.columns for source in self._sources)

    def _relaid(self, source: RosterSource) -> Iterator[SourceRow]:
        at = places(self._united, source.columns)
        if at == list(range(len(source.columns))):
            yield from source.rows()
            return
        for row in source.rows():
            yield replace(row, cells=laid(row.cells, at))
