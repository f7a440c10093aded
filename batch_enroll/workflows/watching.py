"""A roster whose ids, and whose rows as ones of its table, are judged by what its first rows hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD, IdDamageDetector
from batch_enroll.core.roster.table_boundary import TableBoundaryDetector
from batch_enroll.workflows.roster_wrappers import RosterWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class ScreenedRoster(RosterWrapper):
    """A RosterSource over another: the same rows, those with destroyed ids or of another table problems or doubts.

    Args:
        source: the roster.
        gaps: whether a row number that is left out stands for a blank row.
    """

    def __init__(self, source: RosterSource, *, gaps: bool = True) -> None:
        super().__init__(source)
        self._gaps = gaps
        self._rows_read = 0

    def rows(self) -> Iterator[SourceRow]:
        """Every row.

        Raises:
            RosterError: the roster cannot be read to its end; told once the rows before are out.
        """
        rows = self._source.rows()
        first: list[SourceRow] = []
        broken: RosterError | None = None
        try:
            first.extend(islice(rows, LOOK_AHEAD))
        except RosterError as why:
            broken = why
        watch, header = IdDamageDetector(first), TableBoundaryDetector(self._source.columns, first, gaps=self._gaps)
        self._rows_read = 0
        for row in chain(first, rows if broken is None else ()):
            self._rows_read += 1
            yield header.judged(watch.judged(row))
        if broken is not None:
            raise broken

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read, without the rows that were only looked at."""
        return tuple(replace(ref, rows=self._rows_read) for ref in self._source.refs())
