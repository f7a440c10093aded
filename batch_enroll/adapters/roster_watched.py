"""A roster whose ids are judged by what its first rows hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from batch_enroll.core.damage import LOOK_AHEAD, Watch
from batch_enroll.core.errors import RosterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import RosterRef, SourceRow
    from batch_enroll.ports import RosterSource


class WatchedRoster:
    """A RosterSource over another: the same rows, those with destroyed ids made problems or doubts."""

    def __init__(self, source: RosterSource) -> None:
        self._source = source
        self._rows_read = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns."""
        return self._source.columns

    @property
    def estimated_rows(self) -> int | None:
        """About how many rows there are."""
        return self._source.estimated_rows

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column and the field it is read as."""
        return self._source.describe()

    def rows(self) -> Iterator[SourceRow]:
        """Every row.

        Raises:
            RosterError: the roster cannot be read to its end; told once the rows before are out.
        """
        self._rows_read = 0
        for row in self._judged():
            self._rows_read += 1
            yield row

    def notes(self) -> tuple[str, ...]:
        """What people should know of how it is read."""
        return self._source.notes()

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read, without the rows that were only looked at."""
        return tuple(replace(ref, rows=self._rows_read) for ref in self._source.refs())

    def _judged(self) -> Iterator[SourceRow]:
        rows = self._source.rows()
        first: list[SourceRow] = []
        broken: RosterError | None = None
        try:
            first.extend(islice(rows, LOOK_AHEAD))
        except RosterError as why:
            broken = why
        watch = Watch(first)
        yield from map(watch.judged, first)
        if broken is not None:
            raise broken
        yield from map(watch.judged, rows)
