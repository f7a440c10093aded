"""Rows read, planned and claimed batch by batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError, RunStoppedError
from batch_enroll.core.planning import row_planner
from batch_enroll.core.roster.damaged_ids import RowWarnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from batch_enroll.core.model import EnrollmentKey, LedgerEntry, Outcome, PlannedRow, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.workflows.capacity_guard import CapacityGuard

# Rows that are claimed to be sent are looked up after a crash. So batches begin small, each is twice the one before,
# and none has more than a thousand. It also lets the first request leave early.
_FIRST_BATCH: Final = 64
_LARGEST_BATCH: Final = 1_000


class Planner(ABC):
    """Plans the rows of a run; see `engine.BatchSource`.

    Args:
        rules: what the plan depends on apart from the rows.
        ledger: where the rows are claimed.
        observe: called with each row and its plan.

    Attributes:
        rows_read: rows of the roster that were read, planned or not.
        planned: those that were planned.
        warnings: what may be wrong with rows that are sent all the same.
    """

    def __init__(
        self, rules: PlanSettings, ledger: Ledger, observe: Callable[[ParsedRow, PlannedRow], None] | None = None
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._observe = observe
        self._size = _FIRST_BATCH
        self._stopped_by: RosterError | RunStoppedError | None = None
        self.rows_read = 0
        self.planned = 0
        self.warnings = RowWarnings()

    def next_batch(self, instead: Outcome | None) -> Sequence[PlannedRow]:
        """Returns the next rows, claimed in the ledger; none at the end.

        Args:
            instead: the outcome of rows that would be sent, once the run stops.

        Raises:
            RosterError: the roster cannot be read further; the rows before it were returned.
            RunStoppedError: a guard stops the run here, and another call continues; the rows before it were returned.
        """
        selected = self._read(instead) if self._stopped_by is None else []
        if not selected and (error := self._stopped_by) is not None:
            self._stopped_by = None
            raise error
        parsed = [row_planner.parse_row(row_no, row, self._rules) for row_no, row in selected]
        known = self._ledger.known([one.request.key for one in parsed if one.request is not None])
        rows = self._plan(parsed, known)
        if instead is not None:
            rows = [row_planner.hold_back(row, instead) for row in rows]
        if rows:
            self._ledger.claim(self._rules.run_id, rows)
        self.planned += len(rows)
        self._size = min(2 * self._size, _LARGEST_BATCH)
        if self._observe is not None:
            for one, row in zip(parsed, rows, strict=True):
                self._observe(one, row)
        return rows

    def _read(self, instead: Outcome | None) -> list[tuple[int, SourceRow]]:
        """Reads the rows of a batch; an error is kept until they are out."""
        selected: list[tuple[int, SourceRow]] = []
        try:
            selected.extend(islice(self._select(recorded_too=instead is None), self._size))
        except (RosterError, RunStoppedError) as error:
            self._stopped_by = error
        return selected

    @abstractmethod
    def _select(self, *, recorded_too: bool) -> Iterator[tuple[int, SourceRow]]:
        """Yields the rows to plan from where the last batch ended, with their numbers.

        Without `recorded_too` rows that an earlier try recorded are left as they are.
        """

    @abstractmethod
    def _plan(self, parsed: Sequence[ParsedRow], known: Mapping[EnrollmentKey, LedgerEntry]) -> Sequence[PlannedRow]:
        """Returns the plan of a batch."""


class BatchPlanner(Planner):
    """Plans a roster from its first row to its last.

    Args:
        source: the roster.
        rules: what the plan depends on apart from the rows.
        ledger: where the rows are claimed.
        guard: stops the run before a course or school takes too many.
        observe: called with each row and its plan.
    """

    def __init__(
        self,
        source: RosterSource,
        rules: PlanSettings,
        ledger: Ledger,
        *,
        guard: CapacityGuard | None = None,
        observe: Callable[[ParsedRow, PlannedRow], None] | None = None,
    ) -> None:
        super().__init__(rules, ledger, observe)
        rows = source.rows()
        self._rows = rows if guard is None else guard.watch(rows)

    def _select(self, *, recorded_too: bool) -> Iterator[tuple[int, SourceRow]]:
        del recorded_too  # a new run has recorded nothing
        for row in self._rows:
            self.rows_read += 1
            if row.warnings:
                self.warnings.add(row)
            yield self.rows_read, row

    def _plan(self, parsed: Sequence[ParsedRow], known: Mapping[EnrollmentKey, LedgerEntry]) -> Sequence[PlannedRow]:
        return row_planner.plan_rows(parsed, known, self._rules)
