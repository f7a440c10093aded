"""One run from its first row to the goodbye: plan, send, write the results, count them, close the books."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import AuthRefusedError, LedgerError, RosterError, RunStoppedError
from batch_enroll.core.events import RunEnded, RunStarted
from batch_enroll.core.model import Outcome, OutcomeKind, SettledRow
from batch_enroll.core.pace import FACT
from batch_enroll.core.reporting import anomalies
from batch_enroll.core.reporting.check_summary import CheckSummary, row_finding, warning_findings
from batch_enroll.core.reporting.run_summary import Tally, summarize
from batch_enroll.core.verdict.attempt_state import NO_ATTEMPTS, HaltReason
from batch_enroll.core.verdict.judge import outcome_when_halted
from batch_enroll.engine import EngineResult
from batch_enroll.workflows.batch_planner import BatchPlanner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import Json, PlannedRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.core.reporting.check_summary import Estimate, RowFinding
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import BatchSource
    from batch_enroll.ports import Document, EventSink, Ledger, ReportWriter, RosterSource

_HALTED: Final = {
    HaltReason.AUTH_REFUSED: AuthRefusedError.exit_status,
    HaltReason.API_DOWN: RunStoppedError.exit_status,
    HaltReason.TOO_MANY_FAILURES: RunStoppedError.exit_status,
    HaltReason.ROSTER_UNREADABLE: RosterError.exit_status,
    HaltReason.GUARD: RunStoppedError.exit_status,
}
_SIGNAL_BASE: Final = 128  # a shell's exit status for "ended by signal n" is 128 + n
_NOT_SENT: Final = frozenset({OutcomeKind.INVALID, OutcomeKind.SKIPPED})
DRY_RUN: Final = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.DRY_RUN)


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Where a run is written down.

    Attributes:
        ledger: rows and outcomes.
        reports: opened when the sending is over, fed every row in input order.
        write_summary: writes `summary.json`, and the documents if the run was not cut off; returns the summary
            without the files that could not be written, which does not raise.
        sink: told of start and end.
        utc_now: the wall clock.
        files: where to find what the run leaves behind, by role.
        documents: fed every row, too; written with the summary.
        facts: what was found out besides the rows, to be kept with the run.
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
    books: RunOutputs,
    send: Callable[[BatchSource], Awaitable[EngineResult]] | None,
) -> RunSummary:
    """Runs a roster to its summary. `send` is the engine's work; None plans everything and sends nothing.

    Raises:
        LedgerError: the ledger cannot be written, or rows and results do not add up.
    """
    books.ledger.begin(record)
    books.sink.emit(RunStarted(record, source.estimated_rows))
    planning = BatchPlanner(source, rules, books.ledger)
    ending = _plan_only(planning, books.ledger, rules) if send is None else await send(planning)
    facts: dict[str, Json] = {**record.facts, "doubts": list(planning.warnings.sentences())}
    return write_results(replace(record, rosters=source.refs(), facts=facts), ending, books, planning.rows_read)


def write_results(record: RunRecord, ending: EngineResult, books: RunOutputs, rows_read: int) -> RunSummary:
    """Writes the results from the ledger, counts them against the rows read, and closes the books.

    The requests of the ending come on top of those of the record.
    """
    tally = Tally()
    with ExitStack() as stack:
        reports = [] if ending.aborted else [stack.enter_context(report) for report in books.reports]
        documents = () if ending.aborted else books.documents
        takers = [tally.add, *(report.write for report in reports), *(each.write for each in documents)]
        for row in books.ledger.results(record.run_id):
            for take in takers:
                take(row)
        if tally.rows != rows_read:
            raise LedgerError(
                f"run {record.run_id}: {rows_read} rows were read but the ledger holds {tally.rows}; "
                "no results were written, please report this"
            )
    exit_status = _exit_status(ending, tally)
    ended = replace(
        record,
        finished_at=books.utc_now(),
        requests=record.requests + ending.requests,
        exit_status=exit_status,
        ending=ending.detail,
        outcomes=tally.counts(),
        facts={**record.facts, **books.facts(), **ending.facts},
    )
    past = anomalies.comparable(ended, books.ledger.runs())
    compared: dict[str, Json] = {
        "changed": anomalies.changed(ended, past),
        "warnings": list(anomalies.warnings(ended, past)),
    }
    paced: dict[str, Json] = {FACT: dict(ending.pace)} if ending.pace else {}
    ended = replace(ended, facts={**ended.facts, **compared, **paced})
    files = {} if ending.aborted else {name: str(path) for name, path in books.files.items()}
    summary = summarize(ended, tally, files)
    summary = books.write_summary(summary)
    books.ledger.finish(ended)
    books.sink.emit(RunEnded(ended))
    return summary


def summarize_past_run(
    record: RunRecord, ledger: Ledger, files: dict[str, str], documents: Sequence[Document] = ()
) -> RunSummary:
    """The summary of a past run, told again from the ledger; documents are fed every row."""
    tally = Tally()
    takers = [tally.add, *(document.write for document in documents)]
    for row in ledger.results(record.run_id):
        for take in takers:
            take(row)
    return summarize(record, tally, files)


def check(
    record: RunRecord,
    source: RosterSource,
    rules: PlanSettings,
    ledger: Ledger,
    estimate: Estimate,
    guards: tuple[GuardResult, ...] = (),
) -> CheckSummary:
    """Everything a run would refuse or skip; `ledger` is a scratch one over the real one. Sends nothing."""
    ledger.begin(record)
    problems: list[RowFinding] = []
    warnings: list[RowFinding] = []

    later = 0

    def note(reading: ParsedRow, row: PlannedRow) -> None:
        nonlocal later
        warnings.extend(warning_findings(reading.source))
        if row.outcome is not None and row.outcome.kind in _NOT_SENT:
            problems.append(row_finding(reading, row.outcome))
        begin = None if row.request is None else row.request.begin_date
        later += begin is not None and begin.date() > rules.today

    planning = BatchPlanner(source, rules, ledger, note)
    ending = _plan_only(planning, ledger, rules)
    tally = Tally()
    for row in ledger.results(rules.run_id):
        tally.add(row)
    unreadable = ending.detail if ending.halted is not None else ""
    notes = (*source.notes(), *_early(later, rules))
    return CheckSummary(
        source.refs(), _readings(source), tally, tuple(problems), estimate, unreadable, guards, tuple(warnings), notes
    )


def _readings(source: RosterSource) -> tuple[str, ...]:
    columns = [f"column {column!r}: {field or 'not used'}" for column, field in source.describe()]
    return (*(f"{ref.path}: read as {ref.read_as}" for ref in source.refs() if ref.read_as), *columns)


def _early(later: int, rules: PlanSettings) -> tuple[str, ...]:
    if not later:
        return ()
    return (f"rows that begin after {rules.today}: {later}; they are sent now, with their first day",)


async def hold_all_rows(ending: EngineResult, planning: BatchSource) -> EngineResult:
    """Sends nothing, since the run was stopped before its first row: what would be sent is left for `resume`."""
    left = outcome_when_halted(NO_ATTEMPTS, ending.halted or HaltReason.INTERRUPTED)
    with suppress(RosterError):  # what stopped the run is told, and `resume` finds that for itself
        while _next_batch(planning, ending, left):
            pass
    return ending


def _plan_only(planning: BatchPlanner, ledger: Ledger, rules: PlanSettings) -> EngineResult:
    ending = EngineResult()
    try:
        while rows := _next_batch(planning, ending):
            held = [SettledRow(row.row_no, row.request.key, DRY_RUN) for row in rows if row.request is not None]
            ledger.settle(rules.run_id, held)
    except RosterError as error:
        ending.halted, ending.detail = HaltReason.ROSTER_UNREADABLE, str(error)
    return ending


def _next_batch(planning: BatchSource, ending: EngineResult, instead: Outcome | None = None) -> Sequence[PlannedRow]:
    """The next rows, also of a roster that a guard would have stopped at."""
    try:
        return planning.next_batch(instead)
    except RunStoppedError as error:
        if ending.halted is None:
            ending.halted, ending.detail = HaltReason.GUARD, str(error)
    return planning.next_batch(instead)


def _exit_status(ending: EngineResult, tally: Tally) -> int:
    left = tally.outcomes[OutcomeKind.NOT_ATTEMPTED] + tally.outcomes[OutcomeKind.UNKNOWN]
    if ending.signal is not None and left == 0:
        return tally.exit_status()  # the signal came when everything was done
    if ending.signal is not None:
        return _SIGNAL_BASE + int(ending.signal)
    # A deadline is no failure: the run did what it was told. Rows that were left make it 1, and none left make it 0.
    if ending.halted in _HALTED:
        return _HALTED[ending.halted]
    return tally.exit_status()
