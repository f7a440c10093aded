"""What the server has of a run or a roster: asked for, and written down."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.reports.csv_report import VERIFY, VerifyCsv
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import OutcomeKind, RunId, ServerEnrollment, SourceRow
from batch_enroll.core.planning.verification import NOT_THERE, VerifySummary
from batch_enroll.engine import EngineResult
from batch_enroll.engine import verify as verify_seats
from batch_enroll.wiring.alone import acquire_run_lock
from batch_enroll.wiring.id_lookup import look_up_ids, with_lookups
from batch_enroll.wiring.ledger import ledger_exists, open_ledger, open_outputs
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.past import find_run, refuse_another_server
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings, restore_options
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import make_gateway, make_listings, open_query_runner, open_target
from batch_enroll.wiring.sinks import make_timeline, open_progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from batch_enroll.adapters.api import Transport
    from batch_enroll.core.model import UserId
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import BatchSource, QueryRunner
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.server import ApiTarget


_ENDED_WELL: Final = frozenset({0, 1})  # what else is left of a run is for `resume`


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is verified: its rows and how they are read, and where what was found is written."""

    name: str
    folder: Path
    columns: Sequence[str]
    rows: Callable[[], Iterable[SourceRow]]
    rules: PlanSettings
    grace_s: float
    runs: Iterable[RunRecord] = ()
    past: tuple[RunRecord, Ledger] | None = None


@dataclass(frozen=True, slots=True)
class PostRunVerification:
    """A run whose seats may be asked for when it is over, with what that takes.

    Attributes:
        read: a recorded row as the run read it, with the ids that were found for what it names.
    """

    settings: Settings
    server: ApiTarget
    record: RunRecord
    rules: PlanSettings
    ledger: Ledger
    sink: EventSink
    read: Callable[[SourceRow], SourceRow] = lambda row: row

    def after(
        self, sending: Callable[[BatchSource], Awaitable[EngineResult]]
    ) -> Callable[[BatchSource], Awaitable[EngineResult]]:
        """`sending`, and with `--verify` a look at every seat after it."""
        return partial(self._send_and_verify, sending) if self.settings.verify else sending

    async def _send_and_verify(
        self, sending: Callable[[BatchSource], Awaitable[EngineResult]], planning: BatchSource
    ) -> EngineResult:
        """Sends the rows, then asks the server for each that was reported enrolled; one that is not there has failed.

        A run that stopped early is not verified: `resume` does so when it ends.
        """
        ending = await sending(planning)
        if ending.halted is not None or ending.aborted:
            return ending
        record, ledger = self.record, self.ledger
        rows = partial(_rows_of, record, ledger, self.settings, self.read)
        grace_s, folder = self.settings.verify_within_s, Path(record.folder)
        subject = _Subject(record.run_id, folder, record.columns, rows, self.rules, grace_s, ledger.runs())
        with SqliteVerificationStore() as book:
            comparison = workflows.Comparison(book, self.sink)
            summary = await _compared(self.settings, self.server, subject, comparison, self.sink)
            comparison.take_back(ledger, record.run_id)
            _write(subject, comparison, summary)
        ending.requests += summary.requests
        ending.facts["verified"] = {found.value: count for found, count in summary.found()}
        return ending


def verify(settings: Settings, what: str | None) -> VerifySummary:
    """Compares the server with a run (by id or folder, or the latest) or a roster, and writes verify.csv.

    Rows of a run that were reported enrolled and are not there have failed from then on.

    Raises:
        BatchEnrollError: there is no such run or roster, or the server cannot be asked.
    """
    return run_async(partial(_verify, freeze_dates(settings), what))


async def _verify(settings: Settings, what: str | None) -> VerifySummary:
    with ExitStack() as stack:
        settings, roster, subject = _subject(settings, what, stack)
        sink = open_progress(settings, stack)
        comparison = workflows.Comparison(stack.enter_context(SqliteVerificationStore()), sink)
        async with open_target(settings, subject.rules.run_id) as server:
            looked = await look_up_ids(settings, server, roster, sink)
            summary = await _compared(settings, server, subject, comparison, sink)
        summary.requests += looked.requests
        _write(subject, comparison, summary)
        if subject.past is not None and subject.past[0].exit_status in _ENDED_WELL:
            summary.failed = _take_back(settings, *subject.past, comparison, summary, sink)
        return summary


def _take_back(
    settings: Settings,
    record: RunRecord,
    ledger: Ledger,
    comparison: workflows.Comparison,
    summary: VerifySummary,
    sink: EventSink,
) -> int:
    """How many rows of a past run have failed after all; its results say so then."""
    if not any(summary.counts[found] for found in NOT_THERE):
        return 0
    acquire_run_lock(settings, ledger, "verify")
    if taken := comparison.take_back(ledger, record.run_id):
        ended_at = record.finished_at or utc_now()
        books = open_outputs(Path(record.folder), settings, record, ledger, sink, make_timeline())
        books = replace(books, utc_now=lambda: ended_at, facts=dict)  # the run itself is over, and remembered
        workflows.write_results(record, EngineResult(), books, sum(1 for _ in ledger.results(record.run_id)))
    return taken


def _subject(
    settings: Settings, what: str | None, stack: ExitStack
) -> tuple[Settings, workflows.ResolvedRoster, _Subject]:
    if what is not None and Path(what).exists() and not _is_a_run(settings, what, stack):
        return _of_roster(settings, what, stack)
    return _of_run(settings, what, stack)


def _is_a_run(settings: Settings, what: str, stack: ExitStack) -> bool:
    """Whether this is the folder of a run; a bundle may be a folder, too."""
    return ledger_exists(settings) and open_ledger(settings, stack).run(RunId(Path(what).name)) is not None


def _of_roster(settings: Settings, what: str, stack: ExitStack) -> tuple[Settings, workflows.ResolvedRoster, _Subject]:
    roster = with_lookups(settings, open_rosters(settings, [what]))
    folder = stack.enter_context(run_folder.unless(BaseException, settings.out, what, utc_now()))
    rules = make_plan_settings(settings, RunId(folder.name), settings.base_url)
    return settings, roster, _Subject(what, folder, roster.columns, roster.rows, rules, 0.0)


def _of_run(
    settings: Settings, what: str | None, stack: ExitStack
) -> tuple[Settings, workflows.ResolvedRoster, _Subject]:
    ledger, record = find_run(settings, what, stack)
    refuse_another_server(settings, record)
    settings, _ = restore_options(settings, record)
    recorded = RecordedRoster(record, ledger, overrides=settings.map)
    roster = with_lookups(settings, recorded)
    age_s = (utc_now() - (record.finished_at or record.started_at)).total_seconds()
    rules = make_plan_settings(settings, record.run_id, record.scope)
    folder = run_folder.reopened(Path(record.folder))
    grace_s = settings.verify_within_s - age_s
    rows = partial(_rows_of, record, ledger, settings, roster.row)
    subject = _Subject(record.run_id, folder, record.columns, rows, rules, grace_s, ledger.runs(), (record, ledger))
    return settings, roster, subject


def _rows_of(
    record: RunRecord, ledger: Ledger, settings: Settings, read: Callable[[SourceRow], SourceRow]
) -> Iterator[SourceRow]:
    """The rows of a run as it read them; those that it refused or skipped want nothing of the server."""
    recorded = RecordedRoster(record, ledger, overrides=settings.map)
    for line in ledger.results(record.run_id):
        kind, code = line.outcome.kind, line.outcome.code
        unwanted = kind is OutcomeKind.INVALID or (kind is OutcomeKind.SKIPPED and code != catalogue.REPEATED)
        yield SourceRow(line.location, line.cells, {}) if unwanted else read(recorded.row(line))


async def _compared(
    settings: Settings, server: ApiTarget, subject: _Subject, comparison: workflows.Comparison, sink: EventSink
) -> VerifySummary:
    comparison.read(subject.rows(), subject.rules)
    async with open_query_runner(settings, server, sink, subject.runs) as (asking, wire):
        await _read_lists(settings, comparison, asking, wire, sink)
        await verify_seats(comparison, asking, make_gateway(settings, wire).look_up, grace_s=subject.grace_s)
    return VerifySummary(subject.name, settings.env, server.base_url, comparison.users, asking.requests)


async def _read_lists(
    settings: Settings, comparison: workflows.Comparison, asking: QueryRunner, wire: Transport, sink: EventSink
) -> None:
    """Compares everybody with lists, where that is cheaper and the client may read them."""
    if not (schools := comparison.schools_to_list()):
        return
    try:
        listed = await workflows.list_enrollments(schools, asking, make_listings(settings, wire).page, sink)
    except RunStoppedError:  # a client may look users up without the right to list them
        return

    def seats() -> Iterator[tuple[UserId, ServerEnrollment]]:
        for seat in listed.seats:
            yield seat.user_id, ServerEnrollment("", seat.course_id, seat.school_id, seat.role, class_id=seat.class_id)

    comparison.listed(seats())


def _write(subject: _Subject, comparison: workflows.Comparison, summary: VerifySummary) -> None:
    with VerifyCsv(subject.folder, subject.columns) as report:
        summary.counts = comparison.write(subject.rows(), report.write)
    summary.files = {"verify": str(subject.folder / VERIFY)}
