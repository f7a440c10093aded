"""Plans made, written down, and carried out: `plan`, `apply` and `sync`, with their parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import AllSinks
from batch_enroll.adapters.files import plan_file
from batch_enroll.commands.apply import Carried, carried
from batch_enroll.commands.run import USUAL_IN_FLIGHT
from batch_enroll.core.errors import DeadlineError, UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED, leaving
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.plan_document import Plan, checked_body, from_body, requests_of, what_changed
from batch_enroll.core.planning.sync_planner import (
    Route,
    in_scope,
    in_several_classes,
    in_the_rows_words,
    named_by_delta,
    synced,
)
from batch_enroll.core.reporting.run_summary import Estimate
from batch_enroll.core.roster.dates import iso_utc
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.engine import unless_stopped
from batch_enroll.wiring.guards import verdicts_on
from batch_enroll.wiring.id_lookup import look_up, searched
from batch_enroll.wiring.ledger import ledger_of, ledger_there, scratch_over
from batch_enroll.wiring.loop import in_loop
from batch_enroll.wiring.rosters import is_delta, opened
from batch_enroll.wiring.run_options import on_a_day, options_of, rules_of
from batch_enroll.wiring.runtime import until, utc_now
from batch_enroll.wiring.server import asking_of, listening, listing_of, pace_of, server_of
from batch_enroll.wiring.sinks import progress_of
from batch_enroll.wiring.withdrawing import kept_of, nobody_to_ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.planning.plan_document import Step
    from batch_enroll.core.planning.sync_planner import SeatKey
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import EventSink
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.withdrawing import Confirm
    from batch_enroll.workflows import Desired

SCOPES: Final = ("roster-courses", "roster-users", "roster-schools")


@dataclass(frozen=True, slots=True)
class SyncWish:
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
    settings = on_a_day(settings)
    with ExitStack() as stack:
        source = searched(settings, opened(settings, rosters))
        if source.search:
            in_loop(partial(_look_up, settings, source, progress_of(settings, stack)))
        known = ledger_of(settings, stack) if ledger_there(settings) else None
        ledger = scratch_over(known, stack)
        guards = verdicts_on(settings, rosters, source, known, whole=True)
        rules = rules_of(settings, RunId("plan"), settings.base_url)
        if settings.withdraw:
            rules = replace(rules, kept=kept_of(settings, rosters, source, ledger, None))
        record = RunRecord(
            RunId("plan"), settings.env, settings.base_url, settings.base_url, source.columns, utc_now(), ""
        )
        found = workflows.steps_of_run(record, source, rules, ledger)
        made = _plan(settings, "run", rosters, source.refs(), found.steps)
        told = tuple(verdict.as_json() for verdict in guards)
        warnings = (*source.search.seen(), *found.doubts.sentences())
        made = replace(made, counts=dict(found.others), guards=told, warnings=warnings)
    if path is not None:
        plan_file.write(path, made)
    return made


async def _look_up(settings: Settings, roster: workflows.FoundRoster, sink: EventSink) -> None:
    async with server_of(settings, RunId("plan")) as server:
        await look_up(settings, server, roster, sink)


def sync(
    settings: Settings,
    rosters: Sequence[str],
    wish: SyncWish,
    confirm: Confirm = nobody_to_ask,
    allowed: Allowance = NOTHING_ALLOWED,
) -> Carried:
    """Makes the server's seats in a scope equal to the roster's.

    Raises:
        DeadlineError: the deadline came before it was known what to do.
        BatchEnrollError: the roster or the server cannot be read, a guard stops it, or nobody agreed.
    """
    if settings.withdraw and settings.limit is not None:
        raise UsageError("sync --withdraw needs the whole roster, or it takes what it has not read: leave out limit")
    settings = on_a_day(settings)
    made, asked = in_loop(partial(_compared_in_time, settings, rosters, wish.scope))
    if wish.path is not None:
        plan_file.write(wish.path, made)
    if wish.only_plan:
        return Carried(made)
    return carried(settings, made, confirm, allowed, "sync", asked)


def apply(
    settings: Settings, path: Path, confirm: Confirm = nobody_to_ask, allowed: Allowance = NOTHING_ALLOWED
) -> Carried:
    """Does exactly what a plan says.

    Raises:
        UsageError: the plan, its roster or the environment is not as it was, or nobody agreed.
        BatchEnrollError: as `sync`.
    """
    settings = on_a_day(settings)
    body = checked_body(plan_file.read(path), str(path))
    made = from_body(body)
    changes = what_changed(body, settings.env, settings.base_url, _refs_now(settings, made))
    if changes:
        raise UsageError(f"{path} is not applied: {'; '.join(changes)}. Make a new plan")
    return carried(settings, made, confirm, allowed, "apply", Requests())


def _refs_now(settings: Settings, made: Plan) -> list[RosterRef]:
    alike = settings.model_copy(update={"map": made.options.get("map") or {}, "sheet": made.options.get("sheet")})
    return [replace(opened(alike, [ref.path]).refs()[0], path=ref.path) for ref in made.rosters]


async def _compared_in_time(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    compared: list[tuple[Plan, Requests]] = []

    async def compare() -> None:
        compared.append(await _compared(settings, rosters, scope))

    with listening(alone=False) as signals:
        await unless_stopped(compare, signals, until(settings.deadline), AllSinks())
    if not compared:
        raise DeadlineError(
            "the deadline had come before the roster was compared with the server; nothing was sent: sync again, with "
            "more time"
        )
    return compared[0]


async def _compared(settings: Settings, rosters: Sequence[str], scope: str) -> tuple[Plan, Requests]:
    """The plan of a sync, and the requests that it took."""
    with ExitStack() as stack:
        source = searched(settings, opened(settings, rosters))
        known = ledger_of(settings, stack) if ledger_there(settings) else None
        plain = settings.model_copy(update={"withdraw": False})
        verdicts = list(verdicts_on(plain, rosters, source, known, whole=True))
        rules = replace(rules_of(settings, RunId("sync"), settings.base_url), withdraw=True)
        sink = progress_of(settings, stack)
        async with server_of(settings, RunId("sync")) as server:
            pace = pace_of(settings, server, () if known is None else known.runs())
            looked = await look_up(settings, server, source, sink, pace=pace)
            desired = workflows.desired(source.rows(), rules, withdraw=settings.withdraw)
            async with asking_of(settings, server, sink, pace=pace) as (asking, wire):
                schools = dict.fromkeys(school for _, school in desired.pairs)
                listed = await workflows.seats_of(schools, asking, listing_of(settings, wire).page, sink)
        rows = dict.fromkeys((*desired.leaving, *desired.wishes))
        seats = in_the_rows_words(listed.seats, rows, by_class=rules.by_class)
        there = _scoped(seats, desired, scope, delta=is_delta(source))
        others = {seat.place for seat in set(seats).difference(there)}
        route = Route(rules.by_class, in_several_classes(listed.seats), frozenset(listed.odd | others))
        from batch_enroll.adapters.enrollment_diff import differences  # noqa: PLC0415 - brings pandas

        compared = differences(list(desired.wishes), there)
        found = synced(compared, desired.wishes, route, withdraw=settings.withdraw)
        made = _plan(settings, "sync", rosters, source.refs(), found.steps)
        if settings.withdraw:
            verdicts.append(leaving(made.withdrawals, len(there), settings.guard_limits()))
        counts = {**found.counts, "unusable_rows": desired.unusable, "not_attributed": listed.nameless}
        guards = tuple(verdict.as_json() for verdict in verdicts)
        warnings = (*source.search.seen(), *desired.doubts.sentences())
        made = replace(made, scope=scope, counts=counts, guards=guards, warnings=warnings)
        return made, looked.requests + asking.requests


def _scoped(seats: Sequence[SeatKey], desired: Desired, scope: str, *, delta: bool) -> list[SeatKey]:
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
    steps: Sequence[Step],
) -> Plan:
    requests = requests_of(steps, by_class=settings.via == "oneroster")
    seconds = Estimate(settings.rate, settings.max_in_flight or USUAL_IN_FLIGHT).seconds(requests)
    return Plan(
        kind=kind,
        environment=settings.env,
        base_url=settings.base_url,
        made_at=iso_utc(utc_now()),
        rosters=tuple(replace(ref, path=path) for ref, path in zip(refs, rosters, strict=True)),
        options=options_of(settings, rosters),
        steps=tuple(steps),
        requests=requests,
        minutes=round(seconds / 60, 2),
        withdraw=settings.withdraw,
    )
