"""A roster read, planned and claimed batch by batch."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError, RunStoppedError
from batch_enroll.core.planning import row_planner
from batch_enroll.core.roster.damaged_ids import RowWarnings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.model import Outcome, PlannedRow, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.ports import Ledger, RosterSource

# Rows that are claimed to be sent are looked up after a crash. So batches begin small, each is twice the one before,
# and none has more than a thousand. It also lets the first request leave early.
_FIRST_BATCH: Final = 64
_LARGEST_BATCH: Final = 1_000


class BatchPlanner:
    """Reads, plans and claims a roster batch by batch. `seen` is told of every row and its plan, for `check`."""

    def __init__(
        self,
        source: RosterSource,
        rules: PlanSettings,
        ledger: Ledger,
        seen: Callable[[ParsedRow, PlannedRow], None] | None = None,
    ) -> None:
        self._source = iter(source.rows())
        self._rules = rules
        self._ledger = ledger
        self._seen = seen
        self._size = _FIRST_BATCH
        self._stopped_by: RosterError | RunStoppedError | None = None
        self.rows_read = 0
        self.warnings = RowWarnings()

    def next_batch(self, instead: Outcome | None) -> Sequence[PlannedRow]:
        """The next rows, claimed in the ledger; see `engine.Planning`."""
        sources = self._read() if self._stopped_by is None else []
        if not sources and (error := self._stopped_by) is not None:
            self._stopped_by = None
            raise error
        readings = [
            row_planner.parse_row(self.rows_read + nth, source, self._rules) for nth, source in enumerate(sources, 1)
        ]
        known = self._ledger.known([reading.request.key for reading in readings if reading.request is not None])
        rows = row_planner.plan_row(readings, known, self._rules)
        if instead is not None:
            rows = [row_planner.hold_back(row, instead) for row in rows]
        if rows:
            self._ledger.claim(self._rules.run_id, rows)
        self.rows_read += len(rows)
        for source in sources:
            if source.warnings:
                self.warnings.add(source)
        self._size = min(2 * self._size, _LARGEST_BATCH)
        if self._seen is not None:
            for reading, row in zip(readings, rows, strict=True):
                self._seen(reading, row)
        return rows

    def _read(self) -> list[SourceRow]:
        sources: list[SourceRow] = []
        try:
            sources.extend(islice(self._source, self._size))
        except (RosterError, RunStoppedError) as error:
            self._stopped_by = error
        return sources
