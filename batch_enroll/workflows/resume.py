"""An earlier run gone on with: the same roster beside what the ledger holds of it, into the same results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from batch_enroll.core.errors import RosterError, RunStoppedError
from batch_enroll.core.events import RunStarted
from batch_enroll.core.model import SUCCESS_KINDS
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.resume_planner import replan
from batch_enroll.core.roster.damaged_ids import RowWarnings
from batch_enroll.workflows.run import write_results

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from batch_enroll.core.model import Json, Outcome, OutcomeKind, PlannedRow, ResultRow, SourceRow
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RosterRef, RunRecord
    from batch_enroll.engine import BatchSource, EngineResult
    from batch_enroll.ports import Ledger
    from batch_enroll.workflows.run import RunOutputs

_BATCH: Final = 500


class Rows(Protocol):
    """The rows of a run as they are now; None stands for one that is left alone."""

    @property
    def estimated_rows(self) -> int | None:
        """About how many there are."""

    def rows(self) -> Iterator[SourceRow | None]:
        """Each row once, in input order."""

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""


class ResumePlanner:
    """Walks the roster beside the run's lines and plans again those that ended as `again` says, and all unrecorded.

    `recorded` reads a row from the ledger's cells if they differ from the roster's: a person mended it. With `changes`
    the roster has the last word, and rows that changed are planned again too, unless they were enrolled.

    Recorded rows keep their outcome when the run stops meanwhile: a row in doubt must not become "not attempted".
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
    ) -> None:
        self._source = iter(source.rows())
        self._lines = ledger.results(rules.run_id)
        self._rules = rules
        self._ledger = ledger
        self._again = again
        self._changes = changes
        self._recorded = recorded
        self._stopped_by: RosterError | RunStoppedError | None = None
        self._walked = 0
        self.planned = 0
        self.warnings = RowWarnings()

    def next_batch(self, instead: Outcome | None) -> Sequence[PlannedRow]:
        """The next rows to go on with, claimed in the ledger; see `engine.Planning`."""
        sources, lines = self._read(recorded_too=instead is None) if self._stopped_by is None else ([], {})
        if not sources and (error := self._stopped_by) is not None:
            self._stopped_by = None
            raise error
        readings = [row_planner.parse_row(row_no, source, self._rules) for row_no, source in sources]
        known = self._ledger.known([reading.request.key for reading in readings if reading.request is not None])
        rows = replan(readings, lines, known, self._rules)
        if instead is not None:
            rows = [row_planner.hold_back(row, instead) for row in rows]
        if rows:
            self._ledger.claim(self._rules.run_id, rows)
        self.planned += len(rows)
        return rows

    def rows(self) -> int:
        """How many rows the run has: those walked, and those recorded beyond; to be asked at the end."""
        self._walked += sum(1 for _ in self._lines)
        return self._walked

    def _read(self, *, recorded_too: bool) -> tuple[list[tuple[int, SourceRow]], dict[int, ResultRow]]:
        chosen = self._chosen(recorded_too=recorded_too)
        sources: list[tuple[int, SourceRow]] = []
        lines: dict[int, ResultRow] = {}
        try:
            for source, line in islice(chosen, _BATCH):
                sources.append((self._walked, source))
                if line is not None:
                    lines[self._walked] = line
        except (RosterError, RunStoppedError) as error:
            self._stopped_by = error
        return sources, lines

    def _chosen(self, *, recorded_too: bool) -> Iterator[tuple[SourceRow, ResultRow | None]]:
        for source in self._source:
            line = next(self._lines, None)
            self._walked += 1
            if source is None:
                continue
            self.warnings.add(source)
            if line is None:
                yield source, None
            elif recorded_too and self._planned_again(source, line):
                yield self._as_it_stands(source, line), line

    def _as_it_stands(self, source: SourceRow, line: ResultRow) -> SourceRow:
        """A row that was mended after the roster was read stays mended."""
        if self._recorded is None or self._changes or source.cells == line.cells:
            return source
        return self._recorded(line)

    def _planned_again(self, source: SourceRow, line: ResultRow) -> bool:
        if self._changes and source.cells != line.cells:
            return line.outcome.kind not in SUCCESS_KINDS
        return line.outcome.kind in self._again


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """What going on came to: the summary of the whole run, whether anything had been left to do, what else to know."""

    summary: RunSummary
    went_on: bool
    notes: tuple[str, ...] = ()


async def resume_run(
    record: RunRecord,
    source: Rows,
    books: RunOutputs,
    planning: ResumePlanner,
    send: Callable[[BatchSource], Awaitable[EngineResult]],
) -> ResumeResult:
    """Sends what the run left, and writes its results anew for the whole roster; requests add up over all tries.

    Raises:
        LedgerError: the ledger cannot be written, or rows and results do not add up.
    """
    record = replace(record, finished_at=None, exit_status=None, ending="")
    books.ledger.finish(record)  # until it ends again
    books.sink.emit(RunStarted(record, source.estimated_rows))
    ending = await send(planning)
    facts: dict[str, Json] = {"doubts": list(planning.warnings.sentences()), **record.facts}
    ended = replace(record, rosters=_refs(record, source), facts=facts)
    return ResumeResult(
        write_results(ended, ending, books, planning.rows()), planning.planned > 0 or ending.halted is not None
    )


def _refs(record: RunRecord, source: Rows) -> tuple[RosterRef, ...]:
    """What was read now, under the names that were typed when the run began."""
    refs = source.refs()
    names = [ref.path for ref in record.rosters] or [ref.path for ref in refs]
    return tuple(replace(ref, path=name) for ref, name in zip(refs, names, strict=True))
