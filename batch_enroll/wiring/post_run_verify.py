"""Enrollments compared with what the server shows: after a run that asked for it, and for the command `verify`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.reports.csv_report import VERIFY, VerifyCsv
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import OutcomeKind, ServerEnrollment, SourceRow
from batch_enroll.core.planning.verification import VerifySummary
from batch_enroll.engine import verify
from batch_enroll.wiring.server import make_gateway, make_listings, open_query_runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from batch_enroll.adapters.api import Transport
    from batch_enroll.core.model import UserId
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import BatchSource, EngineResult, QueryRunner
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.id_lookup import Send
    from batch_enroll.wiring.server import ApiTarget
    from batch_enroll.workflows import Comparison


@dataclass(frozen=True, slots=True)
class VerifySubject:
    """A roster or a run that is verified.

    Attributes:
        name: as people know it.
        folder: where `verify.csv` is written.
        columns: the roster's own.
        rows: reads its rows.
        rules: how they are read.
        grace_s: how long the server may take to show a new enrollment, from now on.
        runs: earlier runs, which learned the pace of the server.
    """

    name: str
    folder: Path
    columns: Sequence[str]
    rows: Callable[[], Iterable[SourceRow]]
    rules: PlanSettings
    grace_s: float
    runs: Iterable[RunRecord] = ()


@dataclass(frozen=True, slots=True)
class PostRunVerification:
    """A verification at the end of a run, with `--verify`.

    Attributes:
        read_recorded: gives a recorded row the ids that were found for what it names; None if it names ids itself.
    """

    settings: Settings
    target: ApiTarget
    record: RunRecord
    rules: PlanSettings
    ledger: Ledger
    sink: EventSink
    read_recorded: Callable[[SourceRow], SourceRow] | None = None

    def wrap(self, send: Send) -> Send:
        """Returns `send`, followed by the verification if the settings ask for one."""
        return partial(self._send_and_verify, send) if self.settings.verify else send

    async def _send_and_verify(self, send: Send, planner: BatchSource) -> EngineResult:
        """Sends the rows, then looks up each that was reported enrolled; one that is not there has failed.

        A run that stopped early is not verified: `resume` does so when it ends.
        """
        result = await send(planner)
        if result.halted is not None or result.aborted:
            return result
        record, ledger = self.record, self.ledger
        rows = partial(read_recorded_rows, record, ledger, self.settings, self.read_recorded)
        grace_s, folder = self.settings.verify_within_s, Path(record.folder)
        subject = VerifySubject(record.run_id, folder, record.columns, rows, self.rules, grace_s, ledger.runs())
        with SqliteVerificationStore() as store:
            comparison = workflows.Comparison(store, self.sink)
            summary = await compare_with_server(self.settings, self.target, subject, comparison, self.sink)
            comparison.mark_failed(ledger, record.run_id)
            write_verification(subject, comparison, summary)
        result.requests += summary.requests
        result.facts["verified"] = {found.value: count for found, count in summary.found()}
        return result


def read_recorded_rows(
    record: RunRecord, ledger: Ledger, settings: Settings, read_recorded: Callable[[SourceRow], SourceRow] | None
) -> Iterator[SourceRow]:
    """Yields the rows of a run as it read them; those that it refused or skipped expect nothing of the server."""
    recorded = RecordedRoster(record, ledger, overrides=settings.map)
    for line in ledger.results(record.run_id):
        kind, code = line.outcome.kind, line.outcome.code
        if kind is OutcomeKind.INVALID or (kind is OutcomeKind.SKIPPED and code != catalogue.REPEATED):
            yield SourceRow(line.location, line.cells, {})
        else:
            row = recorded.row(line)
            yield row if read_recorded is None else read_recorded(row)


async def compare_with_server(
    settings: Settings, target: ApiTarget, subject: VerifySubject, comparison: Comparison, sink: EventSink
) -> VerifySummary:
    """Compares the rows of a subject with lists where those are cheaper, else with a look-up of each user.

    Raises:
        RosterError: the rows cannot be read to their end.
        AuthRefusedError, RunStoppedError: the server does not answer.
    """
    comparison.read(subject.rows(), subject.rules)
    async with open_query_runner(settings, target, sink, subject.runs) as (queries, transport):
        await _compare_lists(settings, comparison, queries, transport, sink)
        await verify(comparison, queries, make_gateway(settings, transport).look_up, grace_s=subject.grace_s)
    return VerifySummary(subject.name, settings.env, target.base_url, comparison.users, queries.requests)


async def _compare_lists(
    settings: Settings, comparison: Comparison, queries: QueryRunner, transport: Transport, sink: EventSink
) -> None:
    """Compares all users with lists, where that is cheaper and the client may read them."""
    if not (schools := comparison.choose_schools()):
        return
    try:
        listed = await workflows.list_enrollments(schools, queries, make_listings(settings, transport).page, sink)
    except RunStoppedError:  # a client may look users up without the right to list them
        return

    def enrollments() -> Iterator[tuple[UserId, ServerEnrollment]]:
        for one in listed.enrollments:
            yield one.user_id, ServerEnrollment("", one.course_id, one.school_id, one.role, class_id=one.class_id)

    comparison.compare_lists(enrollments())


def write_verification(subject: VerifySubject, comparison: Comparison, summary: VerifySummary) -> None:
    """Writes `verify.csv`, and completes the summary with its counts and its file.

    Raises:
        RosterError: the rows cannot be read to their end.
    """
    with VerifyCsv(subject.folder, subject.columns) as report:
        summary.counts = comparison.write(subject.rows(), report.write)
    summary.files = {"verify": str(subject.folder / VERIFY)}
