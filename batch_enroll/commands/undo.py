"""A run undone: a run of its own, which withdraws what that one created."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.undo_roster import SEATS, write_enrollments
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.guards.rules import undo_guard as verdicts_on_undo
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import RunRecord
from batch_enroll.wiring.alone import acquire_run_lock
from batch_enroll.wiring.guards import apply_overrides
from batch_enroll.wiring.ledger import open_outputs, open_scratch_ledger
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.past import find_run, refuse_another_server
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import make_plan_settings, recorded_options, undo_settings
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import open_target, send
from batch_enroll.wiring.sinks import make_timeline, open_log, open_progress
from batch_enroll.wiring.withdrawing import describe_withdrawals, find_protected, refuse_unconfirmed
from batch_enroll.workflows import ResumeResult
from batch_enroll.workflows.undo import UNDO, UNDONE, created_by, undo_of, unfinished, wanted_since

if TYPE_CHECKING:
    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import Json
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.withdrawing import Confirm


def undo(
    settings: Settings,
    run_id: str,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
    *,
    via: str | None = None,
) -> ResumeResult:
    """Withdraws the seats that the run created, the last one first, once `confirm` agreed.

    `via` is the route they go; None: the one they came.

    Raises:
        BatchEnrollError: it cannot be undone, a guard stops it, nobody agreed, or the books could not be kept.
    """
    return run_async(partial(_undo, settings, run_id, confirm, allowed, via))


async def _undo(settings: Settings, run_id: str, confirm: Confirm, allowed: Allowance, via: str | None) -> ResumeResult:
    with ExitStack() as stack:
        ledger, record = find_run(settings, run_id, stack)
        _refuse(settings, record, ledger)
        if not settings.dry_run:
            acquire_run_lock(settings, ledger, UNDO)
        if not (seats := sum(1 for _ in created_by(record, ledger))):
            return ResumeResult(_told_again(undo_of(record.run_id, ledger) or record, ledger), went_on=False)
        wanted = wanted_since(record, ledger)
        facts = apply_overrides(verdicts_on_undo(record.run_id, seats, wanted, settings.guard_limits()), allowed)
        if not settings.dry_run:
            confirm(describe_withdrawals(seats, settings))
        return ResumeResult(
            await _withdraw(undo_settings(settings, record, via), record, ledger, facts, stack), went_on=True
        )


async def _withdraw(
    settings: Settings, undone: RunRecord, ledger: Ledger, facts: dict[str, Json], stack: ExitStack
) -> RunSummary:
    named = undone.rosters[0].path if undone.rosters else undone.run_id
    folder = run_folder.create(settings.out, f"undo-{Path(named).name}", utc_now())
    rosters = [str(folder / SEATS)]
    write_enrollments(folder / SEATS, created_by(undone, ledger), undone.started_at)
    source = open_rosters(settings, rosters)
    if settings.dry_run:
        ledger = open_scratch_ledger(ledger, stack)
    timeline = make_timeline()
    sink = FanoutSink(open_log(folder, settings, stack), open_progress(settings, stack), timeline)
    run_id = RunId(folder.name)
    async with open_target(settings, run_id) as server:
        kept = find_protected(settings, rosters, source, ledger, None)
        record = RunRecord(
            run_id, settings.env, server.base_url, server.scope, source.columns, utc_now(), str(folder),
            rosters=source.refs(), dry_run=settings.dry_run, options=recorded_options(settings, rosters), kind=UNDO,
            facts={UNDONE: undone.run_id, **facts},
        )  # fmt: skip
        rules = replace(make_plan_settings(settings, run_id, server.scope), kept=kept)
        sending = None if settings.dry_run else partial(send, settings, server, run_id, ledger, sink)
        books = open_outputs(folder, settings, record, ledger, sink, timeline)
        return await workflows.run(record, source, rules, books, sending)


def _refuse(settings: Settings, record: RunRecord, ledger: Ledger) -> None:
    """Only a run of this server that nobody is undoing can be undone."""
    refuse_another_server(settings, record)
    if record.kind == UNDO:
        again = record.facts.get(UNDONE)
        raise UsageError(f"run {record.run_id} is an undo itself; to enroll again, run the roster of {again} again")
    before = undo_of(record.run_id, ledger)
    if before is not None and unfinished(before):
        raise UsageError(
            f"run {record.run_id} is being undone by run {before.run_id}, which is not through; go on with: "
            f"batch-enroll retry {before.run_id} --env {record.environment}"
        )


def _told_again(record: RunRecord, ledger: Ledger) -> RunSummary:
    return workflows.summarize_past_run(record, ledger, run_folder.files_in(Path(record.folder)))
