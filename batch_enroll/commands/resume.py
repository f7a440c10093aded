"""How an earlier run is gone on with, with its parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.commands.verify import PostRunVerification
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.model import KINDS_TO_FIX
from batch_enroll.core.planning.protected_enrollments import WHOLE_PLACES
from batch_enroll.core.planning.resume_planner import TO_RESUME, TO_RETRY, TO_RETRY_ALL, compare
from batch_enroll.wiring.alone import acquire_run_lock
from batch_enroll.wiring.guards import evaluate, extend_overrides, with_capacity_guard
from batch_enroll.wiring.id_lookup import look_up_ids, with_lookups
from batch_enroll.wiring.ledger import open_outputs
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.past import find_run, refuse_another_server
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings, restore_options
from batch_enroll.wiring.server import make_pace, open_target, send
from batch_enroll.wiring.sinks import make_timeline, open_log, open_progress
from batch_enroll.wiring.withdrawing import NOT_CONFIRMED, describe_withdrawals, find_protected, refuse_unconfirmed
from batch_enroll.workflows import Corrections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import OutcomeKind, SourceRow
    from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.withdrawing import Confirm
    from batch_enroll.workflows import ResolvedRoster, ResumeResult, Rows


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """What is to be gone on with, and for which command."""

    command: str
    again: frozenset[OutcomeKind]
    accept_changes: bool = False
    corrections: str | None = None
    confirm: Confirm = refuse_unconfirmed
    allowed: Allowance = NOTHING_ALLOWED

    @property
    def as_agreed(self) -> bool:
        """Whether exactly the rows are meant that the run began with, so that its withdrawals are agreed to."""
        return self.corrections is None and not self.accept_changes


def resume(
    settings: Settings,
    run_id: str | None,
    *,
    accept_changes: bool,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> ResumeResult:
    """Finishes an interrupted run: what was left, what is in doubt, and what was never read.

    If its rows are not those that it began with, guards look at them, and `confirm` is asked if it withdraws.

    Raises:
        BatchEnrollError: it cannot be gone on with, or the books could not be kept.
    """
    wish = ResumeRequest("resume", TO_RESUME, accept_changes, confirm=confirm, allowed=allowed)
    return run_async(partial(_resume, settings, run_id, wish))


def retry(
    settings: Settings,
    run_id: str | None,
    *,
    rejected: bool,
    accept_changes: bool,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> ResumeResult:
    """Resumes, and sends what failed again; with `rejected` what the server refused too. Raises as `resume`."""
    again = TO_RETRY_ALL if rejected else TO_RETRY
    wish = ResumeRequest("retry", again, accept_changes, confirm=confirm, allowed=allowed)
    return run_async(partial(_resume, settings, run_id, wish))


def retry_from(
    settings: Settings, run_id: str | None, corrections: str, confirm: Confirm = refuse_unconfirmed
) -> ResumeResult:
    """Sends the rows that were mended in a file of the run's results, and no others. Raises as `resume`."""
    return run_async(
        partial(
            _resume, settings, run_id, ResumeRequest("retry", KINDS_TO_FIX, corrections=corrections, confirm=confirm)
        )
    )


async def _resume(settings: Settings, run_id: str | None, wish: ResumeRequest) -> ResumeResult:
    with ExitStack() as stack:
        ledger, record = find_run(settings, run_id, stack)
        refuse_another_server(settings, record)
        acquire_run_lock(settings, ledger, wish.command)
        record = ledger.run(record.run_id) or record  # another command may have gone on with it meanwhile
        settings, rosters = restore_options(freeze_dates(settings), record)
        recorded = RecordedRoster(record, ledger, overrides=settings.map)
        roster = with_lookups(settings, _roster(settings, rosters, recorded, wish), recorded.rows())
        if wish.accept_changes and STDIN not in rosters and _changed(roster, record):
            verdicts = evaluate(settings, rosters, roster, ledger)
            record = replace(record, facts=extend_overrides(record.facts, verdicts, wish.allowed))
        folder = run_folder.reopened(Path(record.folder))
        timeline = make_timeline()
        sink = FanoutSink(open_log(folder, settings, stack), open_progress(settings, stack), timeline)
        async with open_target(settings, record.run_id) as server:
            pace = make_pace(settings, server, ledger.runs())
            looked = await look_up_ids(settings, server, roster, sink, recorded.rows(), pace=pace, alone=True)
            record = replace(record, requests=record.requests + looked.requests)
            source, notes = _rows(settings, roster, rosters, record, ledger, wish)
            rules = make_plan_settings(settings, record.run_id, server.scope)
            if settings.withdraw and looked.stopped is None:
                rules = replace(rules, kept=_kept(settings, rosters, roster, source, record, ledger, wish))
                record = replace(
                    record, facts={name: fact for name, fact in record.facts.items() if name != NOT_CONFIRMED}
                )
            mended = None if wish.corrections else lambda line: roster.row(recorded.row(line))
            planning = workflows.ResumePlanner(
                source, rules, ledger, wish.again, changes=wish.accept_changes, recorded=mended
            )
            books = open_outputs(folder, settings, record, ledger, sink, timeline)
            sending = partial(send, settings, server, record.run_id, ledger, sink, pace=pace)
            verified = PostRunVerification(settings, server, record, rules, ledger, sink, roster.row)
            send_all = verified.after(looked.instead_of(sending))
            return replace(await workflows.resume_run(record, source, books, planning, send_all), notes=notes)


def _roster(settings: Settings, rosters: Sequence[str], recorded: RecordedRoster, wish: ResumeRequest) -> RosterSource:
    """What is read to go on."""
    if wish.corrections is not None:
        return open_rosters(settings.model_copy(update={"limit": None, "sheet": None}), [wish.corrections])
    return recorded if STDIN in rosters else open_rosters(settings, rosters)


def _rows(
    settings: Settings,
    roster: ResolvedRoster,
    rosters: Sequence[str],
    record: RunRecord,
    ledger: Ledger,
    wish: ResumeRequest,
) -> tuple[Rows, tuple[str, ...]]:
    """The rows as they are now, and what is to be told of them."""
    if wish.corrections is not None:
        corrections = Corrections(roster, record, ledger)
        return corrections, corrections.notes
    if STDIN in rosters:
        return roster, ("standard input cannot be read again, so only the rows that were recorded were gone on with",)
    source = with_capacity_guard(settings, roster, dict(record.facts))
    return source, _changes(source, record, ledger, accept=wish.accept_changes)


def _kept(
    settings: Settings,
    rosters: Sequence[str],
    roster: ResolvedRoster,
    source: Rows,
    record: RunRecord,
    ledger: Ledger,
    wish: ResumeRequest,
) -> ProtectedEnrollments:
    """What no withdrawal may take, now; asked about unless that was agreed to when the run began."""
    if settings.exact and wish.as_agreed:
        return WHOLE_PLACES
    confirm = None if wish.as_agreed and NOT_CONFIRMED not in record.facts else wish.confirm
    if wish.corrections is None and STDIN not in rosters:
        return find_protected(settings, rosters, roster, ledger, confirm)
    recorded = RecordedRoster(record, ledger, overrides=settings.map)

    def rows() -> Iterator[SourceRow]:
        """What the run recorded, and what was mended in it; either may be what stands."""
        yield from map(roster.row, recorded.rows())
        yield from (row for row in source.rows() if row is not None)

    found = workflows.count_withdrawals(rows, make_plan_settings(settings, record.run_id, record.scope), ledger)
    if found.seats and confirm is not None:
        confirm(describe_withdrawals(found.seats, settings))
    return replace(found.kept, leaving={})  # rows that stand in both would count twice


def _changed(source: RosterSource, record: RunRecord) -> bool:
    return [ref.sha256 for ref in source.refs()] != [ref.sha256 for ref in record.rosters]


def _changes(source: RosterSource, record: RunRecord, ledger: Ledger, *, accept: bool) -> tuple[str, ...]:
    """Rows are known by their place, so a roster that changed is not gone on with unseen."""
    if not _changed(source, record):
        return ()
    names = " ".join(ref.path for ref in record.rosters)
    own = f"a run of its own (what is enrolled is not sent twice): batch-enroll run {names}"
    if source.columns != record.columns:
        raise UsageError(f"{names} has other columns than when run {record.run_id} began; enroll it as {own}")
    changes = compare(source.rows(), ledger.results(record.run_id))
    if not accept:
        raise UsageError(
            f"{names} changed since run {record.run_id}; {changes}. "
            f"Add --accept-changes to go on with it as it is now, or enroll it as {own}"
        )
    if not changes.enrolled:
        return ()
    kept = f"rows that changed after they were enrolled, and are kept as they were: {changes.enrolled}"
    return (f"{kept}; to enroll what they say now, start {own}",)
