"""The command `resume`: finishes a run that was interrupted. `retry` resumes with more of its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.planning.protected_enrollments import WHOLE_PLACES
from batch_enroll.core.planning.resume_planner import TO_RESUME, compare_rows
from batch_enroll.wiring.guards import (
    NOT_CONFIRMED,
    describe_withdrawals,
    evaluate,
    extend_overrides,
    find_protected,
    make_capacity_guard,
    refuse_unconfirmed,
)
from batch_enroll.wiring.id_lookup import prepare_roster
from batch_enroll.wiring.ledger import acquire_run_lock, open_past_run, refuse_another_server
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import freeze_dates, restore_options
from batch_enroll.wiring.run_session import open_run_session
from batch_enroll.wiring.runtime import run_async

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import OutcomeKind, SourceRow
    from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm
    from batch_enroll.workflows import CapacityGuard, PreparedRoster, ResumeResult, Rows


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """A request to resume a run.

    Attributes:
        command: the command that asks for it.
        again: outcomes of rows that are sent again.
        accept_changes: the roster may have changed since.
        corrections: a file with corrected rows; only those are sent.
        confirm: called before it withdraws, if that was not agreed to when the run began.
        allowed: guards that are overruled.
    """

    command: str
    again: frozenset[OutcomeKind]
    accept_changes: bool = False
    corrections: str | None = None
    confirm: Confirm = refuse_unconfirmed
    allowed: Allowance = NOTHING_ALLOWED

    @property
    def as_agreed(self) -> bool:
        """True if it sends exactly the rows that the run began with, so that its withdrawals are agreed to."""
        return self.corrections is None and not self.accept_changes


def resume(
    settings: Settings,
    run_id: str | None,
    *,
    accept_changes: bool,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> ResumeResult:
    """Finishes an interrupted run: rows that were left, those in doubt, and those that were never read.

    If its rows are not those that it began with, guards are evaluated, and `confirm` is called if it withdraws.

    Raises:
        BatchEnrollError: it cannot be resumed, or the ledger could not be written.
    """
    request = ResumeRequest("resume", TO_RESUME, accept_changes, confirm=confirm, allowed=allowed)
    return run_async(partial(resume_past_run, settings, run_id, request))


async def resume_past_run(settings: Settings, run_id: str | None, request: ResumeRequest) -> ResumeResult:
    """Sends what is left of a run, as the request says. Raises as `resume`."""
    if settings.dry_run:  # rows would be claimed in the real ledger and settled in a scratch one
        raise UsageError(
            f"{request.command} has no dry run: leave out dry_run (BATCH_ENROLL_DRY_RUN or batch-enroll.toml); "
            "`batch-enroll show` lists what is left of a run"
        )
    with open_past_run(settings, run_id) as (ledger, found):
        refuse_another_server(settings, found)
        acquire_run_lock(settings, ledger, request.command)
        record = ledger.run(found.run_id) or found  # another command may have resumed it meanwhile
        settings, rosters = restore_options(freeze_dates(settings), record)
        recorded = RecordedRoster(record, ledger, overrides=settings.map)
        past = _PastRun(settings, rosters, record, recorded, ledger, request)
        roster = past.open_roster()
        past = past.pass_guards(roster)
        record = past.record
        async with open_run_session(settings, ledger, request.command, record, is_locked=True) as session:
            looked_up = await session.look_up_ids(roster, recorded.rows())
            record = replace(record, requests=record.requests + looked_up.requests)
            guard = past.make_guard()
            source, notes = past.open_rows(roster, guard)
            rules = session.make_plan_settings()
            if settings.withdraw and looked_up.stopped is None:
                rules = replace(rules, kept=past.find_protected(roster, source, rules))
                facts = {name: fact for name, fact in record.facts.items() if name != NOT_CONFIRMED}
                record = replace(record, facts=facts)
            planner = workflows.ResumePlanner(
                source,
                rules,
                ledger,
                request.again,
                changes=request.accept_changes,
                guard=guard,
                recorded=None if request.corrections else lambda line: roster.resolve(recorded.row(line)),
            )
            done = await session.resume(record, source, planner, rules, looked_up, roster.resolve)
            return replace(done, notes=notes)


@dataclass(frozen=True, slots=True)
class _PastRun:
    """A past run whose ledger is locked, with the settings that read its rosters as they were read then.

    `recorded` holds the rows that the ledger has of it.
    """

    settings: Settings
    rosters: Sequence[str]
    record: RunRecord
    recorded: RecordedRoster
    ledger: Ledger
    request: ResumeRequest

    def open_roster(self) -> PreparedRoster:
        """Opens what is read to resume the run."""
        return prepare_roster(self.settings, self._open_source(), self.recorded.rows())

    def _open_source(self) -> RosterSource:
        if self.request.corrections is not None:
            settings = self.settings.model_copy(update={"limit": None, "sheet": None})
            return open_rosters(settings, [self.request.corrections])
        return self.recorded if STDIN in self.rosters else open_rosters(self.settings, self.rosters)

    def pass_guards(self, roster: PreparedRoster) -> _PastRun:
        """Returns the run with guards that are overruled now; they are evaluated only if the roster changed.

        Raises:
            GuardStoppedError: a guard stops it; nothing was sent.
        """
        if not self.request.accept_changes or STDIN in self.rosters or not _has_changed(roster, self.record):
            return self
        verdicts = evaluate(self.settings, self.rosters, roster, self.ledger)
        facts = extend_overrides(self.record.facts, verdicts, self.request.allowed)
        return replace(self, record=replace(self.record, facts=facts))

    def make_guard(self) -> CapacityGuard | None:
        """Returns the guard of rows that are read again; of recorded rows there are no more than before."""
        if self.request.corrections is not None or STDIN in self.rosters:
            return None
        return make_capacity_guard(self.settings, self.record.facts)

    def open_rows(self, roster: PreparedRoster, guard: CapacityGuard | None) -> tuple[Rows, tuple[str, ...]]:
        """Returns the rows as they are now, and notes on them for people.

        Raises:
            UsageError: the roster changed, or a correction matches no row of the run.
        """
        if self.request.corrections is not None:
            corrections = workflows.Corrections(roster, self.record, self.ledger)
            return corrections, corrections.notes
        if STDIN in self.rosters:
            return roster, ("standard input cannot be read again, so only the rows that were recorded were resumed",)
        notes = _describe_changes(roster, guard, self.record, self.ledger, accept=self.request.accept_changes)
        return roster, notes

    def find_protected(self, roster: PreparedRoster, source: Rows, rules: PlanSettings) -> ProtectedEnrollments:
        """Returns what no withdrawal may take; asks first, unless that was agreed to when the run began.

        Raises:
            UsageError: the withdrawals were not agreed to.
        """
        request, settings = self.request, self.settings
        if settings.exact and request.as_agreed:
            return WHOLE_PLACES
        confirm = None if request.as_agreed and NOT_CONFIRMED not in self.record.facts else request.confirm
        if request.corrections is None and STDIN not in self.rosters:
            return find_protected(settings, self.rosters, roster, self.ledger, confirm)

        def rows() -> Iterator[SourceRow]:
            """Yields the rows that the run recorded, and those corrected in it; either may hold in the end."""
            yield from map(roster.resolve, self.recorded.rows())
            yield from (row for row in source.rows() if row is not None)

        planned = workflows.count_withdrawals(rows, rules, self.ledger)
        if planned.count and confirm is not None:
            confirm(describe_withdrawals(planned.count, settings))
        return replace(planned.protected, leaving={})  # rows that are in both would count twice


def _has_changed(source: RosterSource, record: RunRecord) -> bool:
    return [ref.sha256 for ref in source.refs()] != [ref.sha256 for ref in record.rosters]


def _describe_changes(
    source: RosterSource, guard: CapacityGuard | None, record: RunRecord, ledger: Ledger, *, accept: bool
) -> tuple[str, ...]:
    """Returns notes on a roster that changed. Rows are known by their place, so it is never resumed unnoticed.

    Raises:
        UsageError: it changed, and that was not accepted, or cannot be.
        GuardStoppedError: a course or school takes too many now; nothing was sent.
    """
    if not _has_changed(source, record):
        return ()
    names = " ".join(ref.path for ref in record.rosters)
    own = f"a run of its own (what is enrolled is not sent twice): batch-enroll run {names}"
    if source.columns != record.columns:
        raise UsageError(f"{names} has other columns than when run {record.run_id} began; enroll it as {own}")
    rows = source.rows() if guard is None else guard.watch(source.rows())
    changes = compare_rows(rows, ledger.results(record.run_id))
    if not accept:
        raise UsageError(
            f"{names} changed since run {record.run_id}; {changes}. "
            f"Add --accept-changes to resume it as it is now, or enroll it as {own}"
        )
    if not changes.enrolled:
        return ()
    kept = f"rows that changed after they were enrolled, and are kept as they were: {changes.enrolled}"
    return (f"{kept}; to enroll what they say now, start {own}",)
