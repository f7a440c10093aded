"""The command `sync`: makes the enrollments of the server equal to those of a roster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.enrollment_diff import diff_enrollments
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import plan_file
from batch_enroll.commands.apply import PlanResult, carry_out
from batch_enroll.commands.plan import make_plan
from batch_enroll.core.errors import DeadlineError, UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED, withdrawal_guard
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.sync_planner import (
    SyncRoute,
    express_as_rows,
    find_in_several_classes,
    plan_sync,
    select_in_scope,
    select_named_by_delta,
)
from batch_enroll.engine import run_until_stopped
from batch_enroll.wiring.guards import evaluate, refuse_unconfirmed
from batch_enroll.wiring.id_lookup import look_up_ids, prepare_roster
from batch_enroll.wiring.ledger import open_existing_ledger
from batch_enroll.wiring.rosters import is_delta, open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings
from batch_enroll.wiring.run_outputs import open_progress
from batch_enroll.wiring.runtime import make_deadline_wait, run_async
from batch_enroll.wiring.server import make_listings, make_pace, open_query_runner, open_signals, open_target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from batch_enroll.core.guards.rules import Allowance, GuardResult
    from batch_enroll.core.planning.plan_document import Plan
    from batch_enroll.core.planning.sync_planner import EnrollmentIdentity
    from batch_enroll.core.run_record import Requests
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm
    from batch_enroll.workflows import DesiredState, PreparedRoster, SchoolEnrollments

SCOPES: Final = ("roster-courses", "roster-users", "roster-schools")
_RUN_ID: Final = RunId("sync")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The part of the enrollments that a sync is about, where its plan is written, and whether it ends with the plan.

    Raises:
        UsageError: the scope is unknown.
    """

    scope: str
    path: Path | None = None
    only_plan: bool = False

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise UsageError(f"--scope {self.scope}: unknown scope; choose one of {', '.join(SCOPES)}")


def sync(
    settings: Settings,
    rosters: Sequence[str],
    request: SyncRequest,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> PlanResult:
    """Makes the enrollments of the server in a scope equal to those of the rosters.

    Raises:
        DeadlineError: the deadline passed before the rosters were compared with the server.
        BatchEnrollError: the rosters or the server cannot be read, a guard stops it, or it was not agreed to.
    """
    if settings.withdraw and settings.limit is not None:
        raise UsageError(
            "sync --withdraw needs the whole roster, or it would withdraw what it has not read: leave out --limit"
        )
    settings = freeze_dates(settings)
    made, requests = run_async(partial(_compare_in_time, settings, rosters, request.scope))
    if request.path is not None:
        plan_file.write(request.path, made)
    if request.only_plan:
        return PlanResult(made)
    return carry_out(settings, made, confirm, allowed, "sync", requests)


async def _compare_in_time(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    compared: list[tuple[Plan, Requests]] = []

    async def compare() -> None:
        compared.append(await _compare(settings, rosters, scope))

    with open_signals(owns_process=False) as signals:  # Ctrl-C simply ends it: nothing was sent
        await run_until_stopped(compare, signals, make_deadline_wait(settings.deadline), FanoutSink())
    if not compared:
        raise DeadlineError(
            "the deadline passed before the roster was compared with the server; nothing was sent: sync again, with "
            "more time"
        )
    return compared[0]


async def _compare(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    """Returns the plan of a sync, and the requests that it took."""
    roster = prepare_roster(settings, open_rosters(settings, rosters))
    rules = replace(make_plan_settings(settings, _RUN_ID, settings.base_url), withdraw=True)
    with open_existing_ledger(settings) as known, open_progress(settings) as sink:
        plain = settings.model_copy(update={"withdraw": False})
        verdicts = evaluate(plain, rosters, roster, known, whole=True)
        async with open_target(settings, _RUN_ID) as target:
            pace = make_pace(settings, target, () if known is None else known.runs())
            looked_up = await look_up_ids(settings, target, roster, sink, pace=pace)
            desired = workflows.read_desired_state(roster.rows(), rules, withdraw=settings.withdraw)
            async with open_query_runner(settings, target, sink, pace=pace) as (queries, transport):
                schools = dict.fromkeys(school for _, school in desired.courses)
                page = make_listings(settings, transport).page
                listed = await workflows.list_enrollments(schools, queries, page, sink)
    made = _plan_changes(settings, rosters, roster, desired, listed, scope, verdicts)
    return made, looked_up.requests + queries.requests


def _plan_changes(
    settings: Settings,
    rosters: Sequence[str],
    roster: PreparedRoster,
    desired: DesiredState,
    listed: SchoolEnrollments,
    scope: str,
    verdicts: Sequence[GuardResult],
) -> Plan:
    """Returns the plan of the differences between a roster and the lists of its schools."""
    by_class = settings.via == "oneroster"
    rows = dict.fromkeys((*desired.withdrawals, *desired.enrollments))
    all_enrollments = express_as_rows(listed.enrollments, rows, by_class=by_class)
    there = _select_in_scope(all_enrollments, desired, scope, delta=is_delta(roster))
    others = {one.place for one in set(all_enrollments).difference(there)}
    route = SyncRoute(by_class, find_in_several_classes(listed.enrollments), frozenset(listed.unknown_roles | others))
    found = plan_sync(
        diff_enrollments(list(desired.enrollments), there), desired.enrollments, route, withdraw=settings.withdraw
    )
    made = make_plan(settings, "sync", rosters, roster.refs(), found.steps)
    guards = [*verdicts]
    if settings.withdraw:
        guards.append(withdrawal_guard(made.withdrawals, len(there), settings.guard_limits()))
    return replace(
        made,
        scope=scope,
        counts={**found.counts, "unusable_rows": desired.unusable, "not_attributed": listed.unattributed},
        guards=tuple(verdict.as_json() for verdict in guards),
        warnings=(*roster.search.seen(), *desired.warnings.sentences()),
    )


def _select_in_scope(
    enrollments: Sequence[EnrollmentIdentity], desired: DesiredState, scope: str, *, delta: bool
) -> list[EnrollmentIdentity]:
    """Returns the enrollments of the server that the sync is about."""
    if delta:
        return select_named_by_delta(enrollments, desired.enrollments, desired.withdrawals)
    if scope == "roster-schools":
        return list(dict.fromkeys(enrollments))
    there = select_in_scope(enrollments, frozenset(desired.courses))
    if scope == "roster-users":
        users = {one.user_id for one in (*desired.enrollments, *desired.withdrawals)}
        return [one for one in there if one.user_id in users]
    return there
