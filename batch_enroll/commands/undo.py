"""The command `undo`: a run of its own that withdraws what another run created."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.undo_roster import SEATS, write_enrollments
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED, undo_guard
from batch_enroll.wiring.guards import apply_overrides, describe_withdrawals, find_protected, refuse_unconfirmed
from batch_enroll.wiring.ledger import acquire_run_lock, open_past_run, refuse_another_server
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import undo_settings
from batch_enroll.wiring.run_session import open_run_session
from batch_enroll.wiring.runtime import run_async
from batch_enroll.workflows import ResumeResult
from batch_enroll.workflows.undo import UNDO, UNDONE, find_created, find_later_use, find_undo, is_unfinished

if TYPE_CHECKING:
    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import Json
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm


def undo(
    settings: Settings,
    run_id: str,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
    *,
    via: str | None = None,
) -> ResumeResult:
    """Withdraws the enrollments that the run created, the last one first, once `confirm` agreed.

    `via` is the route of the withdrawals; None: the one that created the enrollments.

    Raises:
        BatchEnrollError: it cannot be undone, a guard stops it, it was not agreed to, or the ledger could not be
            written.
    """
    return run_async(partial(_undo, settings, run_id, confirm, allowed, via))


async def _undo(settings: Settings, run_id: str, confirm: Confirm, allowed: Allowance, via: str | None) -> ResumeResult:
    with open_past_run(settings, run_id) as (ledger, record):
        _refuse(settings, record, ledger)
        if not settings.dry_run:
            acquire_run_lock(settings, ledger, UNDO)
        if not (count := sum(1 for _ in find_created(record, ledger))):
            earlier = find_undo(record.run_id, ledger) or record
            files = run_folder.files_in(Path(earlier.folder))
            return ResumeResult(workflows.summarize_past_run(earlier, ledger, files), had_work=False)
        later_use = find_later_use(record, ledger)
        facts = apply_overrides(undo_guard(record.run_id, count, later_use, settings.guard_limits()), allowed)
        if not settings.dry_run:
            confirm(describe_withdrawals(count, settings))
        summary = await _withdraw(undo_settings(settings, record, via), record, ledger, facts)
        return ResumeResult(summary, had_work=True)


async def _withdraw(settings: Settings, undone: RunRecord, ledger: Ledger, facts: dict[str, Json]) -> RunSummary:
    name = Path(undone.rosters[0].path if undone.rosters else undone.run_id).name
    async with open_run_session(settings, ledger, UNDO, f"undo-{name}", is_locked=True) as session:
        roster = session.folder / SEATS
        write_enrollments(roster, find_created(undone, ledger), undone.started_at)
        rosters = [str(roster)]
        source = open_rosters(settings, rosters)
        protected = find_protected(settings, rosters, source, session.ledger, None)
        record = session.make_record(source, rosters, kind=UNDO, facts={UNDONE: undone.run_id, **facts})
        return await session.run(record, source, replace(session.make_plan_settings(), kept=protected))


def _refuse(settings: Settings, record: RunRecord, ledger: Ledger) -> None:
    """Accepts only a run of this server that is not being undone already.

    Raises:
        UsageError: it cannot be undone.
    """
    refuse_another_server(settings, record)
    if record.kind == UNDO:
        again = record.facts.get(UNDONE)
        raise UsageError(f"run {record.run_id} is an undo itself; to enroll again, run the roster of {again} again")
    before = find_undo(record.run_id, ledger)
    if before is not None and is_unfinished(before):
        raise UsageError(
            f"run {record.run_id} is being undone by run {before.run_id}, which is not finished; finish it with: "
            f"batch-enroll retry {before.run_id} --env {record.environment}"
        )
