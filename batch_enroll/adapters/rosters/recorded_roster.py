"""The rows of an earlier run as its roster: for standard input, which cannot be read again."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from batch_enroll.core.model import SourceRow
from batch_enroll.core.roster.header_map import map_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batch_enroll.core.model import ResultRow
    from batch_enroll.core.roster.header_map import HeaderMap
    from batch_enroll.core.run_record import RosterRef, RunRecord
    from batch_enroll.ports import Ledger


class RecordedRoster:
    """A RosterSource over the cells that the ledger holds of a run; rows that were never recorded are not in it."""

    def __init__(self, record: RunRecord, ledger: Ledger, *, overrides: Mapping[str, str]) -> None:
        self._record = record
        self._ledger = ledger
        self._overrides = overrides

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns."""
        return self._record.columns

    @property
    def estimated_rows(self) -> int | None:
        """Not known without reading them."""
        return None

    def rows(self) -> Iterator[SourceRow]:
        """Every row recorded, also one that is blank: each stands for its line."""
        return map(self.row, self._ledger.results(self._record.run_id))

    def row(self, line: ResultRow) -> SourceRow:
        """One recorded row as it was, or as a person mended it."""
        row = self._map.row(line.location, line.cells)
        return SourceRow(line.location, line.cells, {}) if row is None else row

    @cached_property
    def _map(self) -> HeaderMap:
        return map_headers(self._record.columns, self._overrides)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as."""
        return self._map.describe()

    def notes(self) -> tuple[str, ...]:
        """Nothing: it was told when the run began."""
        return ()

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read when the run began."""
        return self._record.rosters
