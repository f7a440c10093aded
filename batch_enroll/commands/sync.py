"""Plans made, written down, and carried out: `plan`, `apply` and `sync`, with their parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import plan_file
from batch_enroll.commands.apply import PlanResult, carry_out
from batch_enroll.commands.run import USUAL_IN_FLIGHT
from batch_enroll.core.errors import DeadlineError, UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED, withdrawal_guard
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.plan_document import Plan, checked_body, from_body, requests_of, what_changed
from batch_enroll.core.planning.sync_planner import (
    SyncRoute,
    in_scope,
    in_several_classes,
    in_the_rows_words,
    named_by_delta,
    plan_sync,
)
from batch_enroll.core.reporting.check_summary import Estimate
from batch_enroll.core.roster.dates import iso_utc
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.engine import run_until_stopped
from batch_enroll.wiring.guards import evaluate
from batch_enroll.wiring.id_lookup import look_up_ids, with_lookups
from batch_enroll.wiring.ledger import ledger_exists, open_ledger, open_scratch_ledger
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.rosters import is_delta, open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings, recorded_options
from batch_enroll.wiring.runtime import until, utc_now
from batch_enroll.wiring.server import make_listings, make_pace, open_query_runner, open_signals, open_target
from batch_enroll.wiring.sinks import open_progress
from batch_enroll.wiring.withdrawing import find_protected, refuse_unconfirmed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.planning.plan_document import PlanStep
    from batch_enroll.core.planning.sync_planner import EnrollmentIdentity
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import EventSink
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.withdrawing import Confirm
    from batch_enroll.workflows import DesiredState

SCOPES: Final = ("roster-courses", "roster-users", "roster-schools")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Which seats a sync is about, where its plan goes, and whether it ends with the plan.

    Raises:
        UsageError: there is no such scope.
    """

    scope: str
    path: Path | None = None
    only_plan: bool = False

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise UsageError(f"--scope {self.scope}: there is no such scope; choose one of {', '.join(SCOPES)}")


def plan(settings: Settings, rosters: Sequence[str], path: Path | None) -> Plan:
    """What a run of the rosters would send now, written to `path`; sends nothing.

    Raises:
        BatchEnrollError: a roster cannot be read, or the plan cannot be written.
    """
    settings = freeze_dates(settings)
    with ExitStack() as stack:
        source = with_lookups(settings, open_rosters(settings, rosters))
        if source.search:
            run_async(partial(_look_up, settings, source, open_progress(settings, stack)))
        known = open_ledger(settings, stack) if ledger_exists(settings) else None
        ledger = open_scratch_ledger(known, stack)
        guards = evaluate(settings, rosters, source, known, whole=True)
        rules = make_plan_settings(settings, RunId("plan"), settings.base_url)
        if settings.withdraw:
            rules = replace(rules, kept=find_protected(settings, rosters, source, ledger, None))
        record = RunRecord(
            RunId("plan"), settings.env, settings.base_url, settings.base_url, source.columns, utc_now(), ""
        )
        found = workflows.steps_of_run(record, source, rules, ledger)
        made = _plan(settings, "run", rosters, source.refs(), found.steps)
        told = tuple(verdict.as_json() for verdict in guards)
        warnings = (*source.search.seen(), *found.warnings.sentences())
        made = replace(made, counts=dict(found.others), guards=told, warnings=warnings)
    if path is not None:
        plan_file.write(path, made)
    return made


async def _look_up(settings: Settings, roster: workflows.ResolvedRoster, sink: EventSink) -> None:
    async with open_target(settings, RunId("plan")) as server:
        await look_up_ids(settings, server, roster, sink)


def sync(
    settings: Settings,
    rosters: Sequence[str],
    wish: SyncRequest,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> PlanResult:
    """Makes the server's seats in a scope equal to the roster's.

    Raises:
        DeadlineError: the deadline came before it was known what to do.
        BatchEnrollError: the roster or the server cannot be read, a guard stops it, or nobody agreed.
    """
    if settings.withdraw and settings.limit is not None:
        raise UsageError("sync --withdraw needs the whole roster, or it takes what it has not read: leave out limit")
    settings = freeze_dates(settings)
    made, asked = run_async(partial(_compared_in_time, settings, rosters, wish.scope))
    if wish.path is not None:
        plan_file.write(wish.path, made)
    if wish.only_plan:
        return PlanResult(made)
    return carry_out(settings, made, confirm, allowed, "sync", asked)


def apply(
    settings: Settings, path: Path, confirm: Confirm = refuse_unconfirmed, allowed: Allowance = NOTHING_ALLOWED
) -> PlanResult:
    """Does exactly what a plan says.

    Raises:
        UsageError: the plan, its roster or the environment is not as it was, or nobody agreed.
        BatchEnrollError: as `sync`.
    """
    settings = freeze_dates(settings)
    body = checked_body(plan_file.read(path), str(path))
    made = from_body(body)
    changes = what_changed(body, settings.env, settings.base_url, _refs_now(settings, made))
    if changes:
        raise UsageError(f"{path} is not applied: {'; '.join(changes)}. Make a new plan")
    return carry_out(settings, made, confirm, allowed, "apply", Requests())


def _refs_now(settings: Settings, made: Plan) -> list[RosterRef]:
    alike = settings.model_copy(update={"map": made.options.get("map") or {}, "sheet": made.options.get("sheet")})
    return [replace(open_rosters(alike, [ref.path]).refs()[0], path=ref.path) for ref in made.rosters]


async def _compared_in_time(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    compared: list[tuple[Plan, Requests]] = []

    async def compare() -> None:
        compared.append(await _compared(settings, rosters, scope))

    with open_signals(alone=False) as signals:
        await run_until_stopped(compare, signals, until(settings.deadline), FanoutSink())
    if not compared:
        raise DeadlineError(
            "the deadline had come before the roster was compared with the server; nothing was sent: sync again, with "
            "more time"
        )
    return compared[0]


async def _compared(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    """The plan of a sync, and the requests that it took."""
    with ExitStack() as stack:
        source = with_lookups(settings, open_rosters(settings, rosters))
        known = open_ledger(settings, stack) if ledger_exists(settings) else None
        plain = settings.model_copy(update={"withdraw": False})
        verdicts = list(evaluate(plain, rosters, source, known, whole=True))
        rules = replace(make_plan_settings(settings, RunId("sync"), settings.base_url), withdraw=True)
        sink = open_progress(settings, stack)
        async with open_target(settings, RunId("sync")) as server:
            pace = make_pace(settings, server, () if known is None else known.runs())
            looked = await look_up_ids(settings, server, source, sink, pace=pace)
            desired = workflows.desired_state(source.rows(), rules, withdraw=settings.withdraw)
            async with open_query_runner(settings, server, sink, pace=pace) as (asking, wire):
                schools = dict.fromkeys(school for _, school in desired.pairs)
                listed = await workflows.list_enrollments(schools, asking, make_listings(settings, wire).page, sink)
        rows = dict.fromkeys((*desired.leaving, *desired.wishes))
        seats = in_the_rows_words(listed.seats, rows, by_class=rules.by_class)
        there = _scoped(seats, desired, scope, delta=is_delta(source))
        others = {seat.place for seat in set(seats).difference(there)}
        route = SyncRoute(rules.by_class, in_several_classes(listed.seats), frozenset(listed.odd | others))
        from batch_enroll.adapters.enrollment_diff import diff_enrollments  # noqa: PLC0415 - brings pandas

        compared = diff_enrollments(list(desired.wishes), there)
        found = plan_sync(compared, desired.wishes, route, withdraw=settings.withdraw)
        made = _plan(settings, "sync", rosters, source.refs(), found.steps)
        if settings.withdraw:
            verdicts.append(withdrawal_guard(made.withdrawals, len(there), settings.guard_limits()))
        counts = {**found.counts, "unusable_rows": desired.unusable, "not_attributed": listed.nameless}
        guards = tuple(verdict.as_json() for verdict in verdicts)
        warnings = (*source.search.seen(), *desired.warnings.sentences())
        made = replace(made, scope=scope, counts=counts, guards=guards, warnings=warnings)
        return made, looked.requests + asking.requests


def _scoped(
    seats: Sequence[EnrollmentIdentity], desired: DesiredState, scope: str, *, delta: bool
) -> list[EnrollmentIdentity]:
    """The seats that the sync is about."""
    if delta:
        return named_by_delta(seats, desired.wishes, desired.leaving)
    if scope == "roster-schools":
        return list(dict.fromkeys(seats))
    there = in_scope(seats, frozenset(desired.pairs))
    if scope == "roster-users":
        users = {seat.user_id for seat in (*desired.wishes, *desired.leaving)}
        return [seat for seat in there if seat.user_id in users]
    return there


def _plan(
    settings: Settings,
    kind: str,
    rosters: Sequence[str],
    refs: Sequence[RosterRef],
    steps: Sequence[PlanStep],
) -> Plan:
    requests = requests_of(steps, by_class=settings.via == "oneroster")
    seconds = Estimate(settings.rate, settings.max_in_flight or USUAL_IN_FLIGHT).seconds(requests)
    return Plan(
        kind=kind,
        environment=settings.env,
        base_url=settings.base_url,
        made_at=iso_utc(utc_now()),
        rosters=tuple(replace(ref, path=path) for ref, path in zip(refs, rosters, strict=True)),
        options=recorded_options(settings, rosters),
        steps=tuple(steps),
        requests=requests,
        minutes=round(seconds / 60, 2),
        withdraw=settings.withdraw,
    )
