"""An earlier run resumed: its roster beside what the ledger holds of it, into the same results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from batch_enroll.core.events import RunStarted
from batch_enroll.core.model import SUCCESS_KINDS
from batch_enroll.core.planning.resume_planner import replan_rows
from batch_enroll.workflows.batch_planner import Planner
from batch_enroll.workflows.run import write_results

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from batch_enroll.core.model import (
        EnrollmentKey,
        Json,
        LedgerEntry,
        OutcomeKind,
        PlannedRow,
        ResultRow,
        SourceRow,
    )
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RosterRef, RunRecord
    from batch_enroll.engine import BatchSource, EngineResult
    from batch_enroll.ports import Ledger
    from batch_enroll.workflows.capacity_guard import CapacityGuard
    from batch_enroll.workflows.run import RunOutputs


class Rows(Protocol):
    """The rows of a run as they are now; None stands for one that is left as it was recorded."""

    @property
    def estimated_rows(self) -> int | None:
        """About how many there are."""

    def rows(self) -> Iterator[SourceRow | None]:
        """Yields each row once, in input order."""

    def refs(self) -> tuple[RosterRef, ...]:
        """Returns what was read."""


class ResumePlanner(Planner):
    """Plans again the rows of a run that ended as `again` says, and plans those that it never recorded.

    It walks the roster beside the results of the run. Recorded rows keep their outcome when the run stops meanwhile: a
    row in doubt must not become "not attempted".

    Args:
        source: the rows as they are now.
        rules: what the plan depends on apart from the rows.
        ledger: holds the results of the run.
        again: outcomes of rows that are planned again.
        changes: the roster takes precedence; rows that changed are planned again too, unless they succeeded.
        recorded: reads a row from the ledger's cells, where those differ from the roster's: a person corrected it.
        guard: stops the run before a course or school takes too many.
    """

    def __init__(
        self,
        source: Rows,
        rules: PlanSettings,
        ledger: Ledger,
        again: frozenset[OutcomeKind],
        *,
        changes: bool = False,
        recorded: Callable[[ResultRow], SourceRow] | None = None,
        guard: CapacityGuard | None = None,
    ) -> None:
        super().__init__(rules, ledger)
        rows = source.rows()
        self._rows = rows if guard is None else guard.watch(rows)
        self._results = ledger.results(rules.run_id)
        self._again = again
        self._changes = changes
        self._recorded = recorded
        self._results_of_batch: dict[int, ResultRow] = {}

    def count_rows(self) -> int:
        """Returns how many rows the run has: those read, and those recorded beyond; to be called at the end."""
        self.rows_read += sum(1 for _ in self._results)
        return self.rows_read

    def _select(self, *, recorded_too: bool) -> Iterator[tuple[int, SourceRow]]:
        for row in self._rows:
            result = next(self._results, None)
            self.rows_read += 1
            if row is None:
                continue
            self.warnings.add(row)
            if result is None:
                yield self.rows_read, row
            elif recorded_too and self._is_to_plan(row, result):
                self._results_of_batch[self.rows_read] = result
                yield self.rows_read, self._prefer_corrected(row, result)

    def _is_to_plan(self, row: SourceRow, result: ResultRow) -> bool:
        if self._changes and row.cells != result.cells:
            return result.outcome.kind not in SUCCESS_KINDS
        return result.outcome.kind in self._again

    def _prefer_corrected(self, row: SourceRow, result: ResultRow) -> SourceRow:
        """Returns the row as the run recorded it last, if it was corrected after the roster was read."""
        if self._recorded is None or self._changes or row.cells == result.cells:
            return row
        return self._recorded(result)

    def _plan(self, parsed: Sequence[ParsedRow], known: Mapping[EnrollmentKey, LedgerEntry]) -> Sequence[PlannedRow]:
        results, self._results_of_batch = self._results_of_batch, {}
        return replan_rows(parsed, results, known, self._rules)


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """The result of resuming a run.

    Attributes:
        summary: of the whole run.
        had_work: false if nothing was left to do.
        notes: what else people should know.
    """

    summary: RunSummary
    had_work: bool
    notes: tuple[str, ...] = ()


async def resume_run(
    record: RunRecord,
    source: Rows,
    outputs: RunOutputs,
    planner: ResumePlanner,
    send: Callable[[BatchSource], Awaitable[EngineResult]],
) -> ResumeResult:
    """Sends what the run left, and writes the results of the whole roster again; requests add up over all tries.

    Raises:
        LedgerError: the ledger cannot be written, or rows and results do not add up.
    """
    record = replace(record, finished_at=None, exit_status=None, ending="")
    outputs.ledger.finish(record)  # until it ends again
    outputs.sink.emit(RunStarted(record, source.estimated_rows))
    result = await send(planner)
    facts: dict[str, Json] = {"doubts": list(planner.warnings.sentences()), **record.facts}
    ended = replace(record, rosters=_name_as_typed(record, source), facts=facts)
    summary = write_results(ended, result, outputs, planner.count_rows())
    return ResumeResult(summary, planner.planned > 0 or result.halted is not None)


def _name_as_typed(record: RunRecord, source: Rows) -> tuple[RosterRef, ...]:
    """Returns what was read now, under the names that were typed when the run began."""
    refs = source.refs()
    names = [ref.path for ref in record.rosters] or [ref.path for ref in refs]
    return tuple(replace(ref, path=name) for ref, name in zip(refs, names, strict=True))
