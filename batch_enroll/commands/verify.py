"""The command `verify`: compares the server with a run or a roster, and writes down the differences."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.verification import NOT_THERE
from batch_enroll.engine import EngineResult
from batch_enroll.wiring.id_lookup import look_up_ids, prepare_roster
from batch_enroll.wiring.ledger import acquire_run_lock, open_existing_ledger, open_past_run, refuse_another_server
from batch_enroll.wiring.post_run_verify import (
    VerifySubject,
    compare_with_server,
    read_recorded_rows,
    write_verification,
)
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings, restore_options
from batch_enroll.wiring.run_outputs import make_outputs, open_progress
from batch_enroll.wiring.runtime import run_async, utc_now
from batch_enroll.wiring.server import open_target

if TYPE_CHECKING:
    from batch_enroll.core.planning.verification import VerifySummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.workflows import Comparison, PreparedRoster


_FINISHED: Final = frozenset({0, 1})  # exit statuses; after any other, rows are left for `resume`


@dataclass(frozen=True, slots=True)
class _Opened:
    """A roster or a run that is verified, opened: its settings and its rows, and of a run its record and ledger."""

    settings: Settings
    roster: PreparedRoster
    subject: VerifySubject
    past_run: tuple[RunRecord, Ledger] | None = None


def verify(settings: Settings, subject: str | None) -> VerifySummary:
    """Compares the server with a run (by id or folder, or the latest) or a roster, and writes `verify.csv`.

    Rows of a run that were reported enrolled and are not there count as failed from then on.

    Raises:
        BatchEnrollError: there is no such run or roster, or the server does not answer.
    """
    return run_async(partial(_verify, freeze_dates(settings), subject))


async def _verify(settings: Settings, subject: str | None) -> VerifySummary:
    with ExitStack() as stack:
        opened = _open_subject(settings, subject, stack)
        settings = opened.settings
        sink = stack.enter_context(open_progress(settings))
        comparison = workflows.Comparison(stack.enter_context(SqliteVerificationStore()), sink)
        async with open_target(settings, opened.subject.rules.run_id) as target:
            looked_up = await look_up_ids(settings, target, opened.roster, sink)
            summary = await compare_with_server(settings, target, opened.subject, comparison, sink)
        summary.requests += looked_up.requests
        write_verification(opened.subject, comparison, summary)
        if opened.past_run is not None and opened.past_run[0].exit_status in _FINISHED:
            summary.failed = _mark_failed(settings, *opened.past_run, comparison, summary, sink)
        return summary


def _mark_failed(
    settings: Settings,
    record: RunRecord,
    ledger: Ledger,
    comparison: Comparison,
    summary: VerifySummary,
    sink: EventSink,
) -> int:
    """Returns how many rows of a past run turned out to have failed; its results are written again to show it."""
    if not any(summary.counts[found] for found in NOT_THERE):
        return 0
    acquire_run_lock(settings, ledger, "verify")
    if failed := comparison.mark_failed(ledger, record.run_id):
        ended_at = record.finished_at or utc_now()
        outputs = make_outputs(settings, record, ledger, sink)
        outputs = replace(outputs, utc_now=lambda: ended_at)  # the run itself has ended
        workflows.write_results(record, EngineResult(), outputs, sum(1 for _ in ledger.results(record.run_id)))
    return failed


def _open_subject(settings: Settings, subject: str | None, stack: ExitStack) -> _Opened:
    """Opens a roster or a run, until `stack` is left; the folder of a run is a run, though a bundle may be a folder."""
    if subject is None or not Path(subject).exists():
        return _open_run(settings, subject, stack)
    with open_existing_ledger(settings) as ledger:
        is_run = ledger is not None and ledger.run(RunId(Path(subject).name)) is not None
    return _open_run(settings, subject, stack) if is_run else _open_roster(settings, subject, stack)


def _open_roster(settings: Settings, path: str, stack: ExitStack) -> _Opened:
    roster = prepare_roster(settings, open_rosters(settings, [path]))
    folder = stack.enter_context(run_folder.unless(BaseException, settings.out, path, utc_now()))
    rules = make_plan_settings(settings, RunId(folder.name), settings.base_url)
    return _Opened(settings, roster, VerifySubject(path, folder, roster.columns, roster.rows, rules, 0.0))


def _open_run(settings: Settings, run_id: str | None, stack: ExitStack) -> _Opened:
    ledger, record = stack.enter_context(open_past_run(settings, run_id))
    refuse_another_server(settings, record)
    settings, _ = restore_options(settings, record)
    roster = prepare_roster(settings, RecordedRoster(record, ledger, overrides=settings.map))
    age_s = (utc_now() - (record.finished_at or record.started_at)).total_seconds()
    subject = VerifySubject(
        record.run_id,
        run_folder.reopened(Path(record.folder)),
        record.columns,
        partial(read_recorded_rows, record, ledger, settings, roster.resolve),
        make_plan_settings(settings, record.run_id, record.scope),
        settings.verify_within_s - age_s,
        ledger.runs(),
    )
    return _Opened(settings, roster, subject, (record, ledger))
