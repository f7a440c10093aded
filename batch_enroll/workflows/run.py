"""A run from its first row to its end: plan, send, write the results, count them, write the summary."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import AuthRefusedError, LedgerError, RosterError, RunStoppedError
from batch_enroll.core.events import RunEnded, RunStarted
from batch_enroll.core.model import Outcome, OutcomeKind, SettledRow
from batch_enroll.core.pace import FACT
from batch_enroll.core.reporting import anomalies
from batch_enroll.core.reporting.run_summary import Tally, summarize
from batch_enroll.core.verdict.attempt_state import NO_ATTEMPTS, HaltReason
from batch_enroll.core.verdict.judge import outcome_when_halted
from batch_enroll.engine import EngineResult
from batch_enroll.workflows.batch_planner import BatchPlanner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from batch_enroll.core.model import Json, PlannedRow
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import BatchSource
    from batch_enroll.ports import Document, EventSink, Ledger, ReportWriter, RosterSource
    from batch_enroll.workflows.capacity_guard import CapacityGuard

_EXIT_STATUS: Final = {
    HaltReason.AUTH_REFUSED: AuthRefusedError.exit_status,
    HaltReason.API_DOWN: RunStoppedError.exit_status,
    HaltReason.TOO_MANY_FAILURES: RunStoppedError.exit_status,
    HaltReason.ROSTER_UNREADABLE: RosterError.exit_status,
    HaltReason.GUARD: RunStoppedError.exit_status,
}
_SIGNAL_BASE: Final = 128  # a shell's exit status for "ended by signal n" is 128 + n
DRY_RUN: Final = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.DRY_RUN)


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Everything that a run writes to.

    Attributes:
        ledger: rows and outcomes.
        reports: opened when the sending is over, fed every row in input order.
        write_summary: writes `summary.json`, and the documents if the run was not cut off; returns the summary
            without the files that could not be written, which does not raise.
        sink: receives the start and the end.
        utc_now: the wall clock.
        files: the files that the run leaves behind, by role.
        documents: fed every row, too; written with the summary.
        facts: what was found out apart from the rows, to be kept with the run.
    """

    ledger: Ledger
    reports: Sequence[ReportWriter]
    write_summary: Callable[[RunSummary], RunSummary]
    sink: EventSink
    utc_now: Callable[[], datetime]
    files: dict[str, Path]
    documents: Sequence[Document] = ()
    facts: Callable[[], Mapping[str, Json]] = dict


async def run(
    record: RunRecord,
    source: RosterSource,
    rules: PlanSettings,
    outputs: RunOutputs,
    send: Callable[[BatchSource], Awaitable[EngineResult]] | None,
    guard: CapacityGuard | None = None,
) -> RunSummary:
    """Runs a roster to its summary.

    Args:
        record: the run, which has not begun.
        source: its roster.
        rules: what its plan depends on.
        outputs: where it is written down.
        send: the engine's work; None plans everything and sends nothing.
        guard: stops the run before a course or school takes too many.

    Raises:
        LedgerError: the ledger cannot be written, or rows and results do not add up.
    """
    outputs.ledger.begin(record)
    outputs.sink.emit(RunStarted(record, source.estimated_rows))
    planner = BatchPlanner(source, rules, outputs.ledger, guard=guard)
    result = plan_without_sending(planner, outputs.ledger, rules) if send is None else await send(planner)
    facts: dict[str, Json] = {**record.facts, "doubts": list(planner.warnings.sentences())}
    return write_results(replace(record, rosters=source.refs(), facts=facts), result, outputs, planner.rows_read)


def plan_without_sending(planner: BatchSource, ledger: Ledger, rules: PlanSettings) -> EngineResult:
    """Plans all rows of a roster; those that would be sent are settled as not attempted."""
    result = EngineResult()
    try:
        while rows := _next_batch(planner, result):
            held = [SettledRow(row.row_no, row.request.key, DRY_RUN) for row in rows if row.request is not None]
            ledger.settle(rules.run_id, held)
    except RosterError as error:
        result.halted, result.detail = HaltReason.ROSTER_UNREADABLE, str(error)
    return result


async def hold_all_rows(result: EngineResult, planner: BatchSource) -> EngineResult:
    """Sends nothing, since `result` stopped the run before its first row: what would be sent is left for `resume`."""
    left = outcome_when_halted(NO_ATTEMPTS, result.halted or HaltReason.INTERRUPTED)
    with suppress(RosterError):  # the run reports what stopped it, and `resume` finds this by itself
        while _next_batch(planner, result, left):
            pass
    return result


def _next_batch(planner: BatchSource, result: EngineResult, instead: Outcome | None = None) -> Sequence[PlannedRow]:
    """Returns the next rows, also beyond the row at which a guard would have stopped the run."""
    try:
        return planner.next_batch(instead)
    except RunStoppedError as error:
        if result.halted is None:
            result.halted, result.detail = HaltReason.GUARD, str(error)
    return planner.next_batch(instead)


def write_results(record: RunRecord, result: EngineResult, outputs: RunOutputs, rows_read: int) -> RunSummary:
    """Writes the results from the ledger, counts them against the rows read, and records the end of the run.

    The requests of `result` are added to those of the record.

    Raises:
        LedgerError: the ledger cannot be written, or rows and results do not add up.
    """
    tally = Tally()
    with ExitStack() as stack:
        reports = [] if result.aborted else [stack.enter_context(report) for report in outputs.reports]
        documents = () if result.aborted else outputs.documents
        takers = [tally.add, *(report.write for report in reports), *(document.write for document in documents)]
        for row in outputs.ledger.results(record.run_id):
            for take in takers:
                take(row)
        if tally.rows != rows_read:
            raise LedgerError(
                f"run {record.run_id}: {rows_read} rows were read but the ledger holds {tally.rows}; "
                "no results were written, please report this"
            )
    ended = _end_record(record, result, outputs, tally)
    files = {} if result.aborted else {name: str(path) for name, path in outputs.files.items()}
    summary = summarize(ended, tally, files)
    summary = outputs.write_summary(summary)
    outputs.ledger.finish(ended)
    outputs.sink.emit(RunEnded(ended))
    return summary


def _end_record(record: RunRecord, result: EngineResult, outputs: RunOutputs, tally: Tally) -> RunRecord:
    """Returns the record of the run as it ended, compared with runs of the same roster before it."""
    ended = replace(
        record,
        finished_at=outputs.utc_now(),
        requests=record.requests + result.requests,
        exit_status=_exit_status(result, tally),
        ending=result.detail,
        outcomes=tally.counts(),
        facts={**record.facts, **outputs.facts(), **result.facts},
    )
    past = anomalies.comparable(ended, outputs.ledger.runs())
    compared: dict[str, Json] = {
        "changed": anomalies.changed(ended, past),
        "warnings": list(anomalies.warnings(ended, past)),
    }
    paced: dict[str, Json] = {FACT: dict(result.pace)} if result.pace else {}
    return replace(ended, facts={**ended.facts, **compared, **paced})


def _exit_status(result: EngineResult, tally: Tally) -> int:
    left = tally.outcomes[OutcomeKind.NOT_ATTEMPTED] + tally.outcomes[OutcomeKind.UNKNOWN]
    if result.signal is not None and left == 0:
        return tally.exit_status()  # the signal came when everything was done
    if result.signal is not None:
        return _SIGNAL_BASE + int(result.signal)
    # A deadline is not a failure: the run did what it was asked. It is 1 if rows were left, and 0 if none were.
    if result.halted in _EXIT_STATUS:
        return _EXIT_STATUS[result.halted]
    return tally.exit_status()


def summarize_past_run(
    record: RunRecord, ledger: Ledger, files: dict[str, str], documents: Sequence[Document] = ()
) -> RunSummary:
    """Returns the summary of a past run, counted again from the ledger; documents are fed every row."""
    tally = Tally()
    takers = [tally.add, *(document.write for document in documents)]
    for row in ledger.results(record.run_id):
        for take in takers:
            take(row)
    return summarize(record, tally, files)


def list_runs(ledger: Ledger, limit: int) -> Iterator[RunRecord]:
    """Yields the latest runs, latest first, each with its outcomes; those of a run that never ended are counted now."""
    for record in islice(ledger.runs(), limit):
        if record.finished_at is not None:
            yield record
            continue
        tally = Tally()
        for row in ledger.results(record.run_id):
            tally.add(row)
        yield replace(record, outcomes=tally.counts())
