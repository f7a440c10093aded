"""What each command does, with its parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING, Final

import anyio

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.commands.verify import PostRunVerification
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.protected_enrollments import NOTHING_PROTECTED
from batch_enroll.core.reporting.check_summary import Estimate
from batch_enroll.core.run_record import RunRecord
from batch_enroll.wiring.alone import acquire_run_lock
from batch_enroll.wiring.guards import check_guards, evaluate
from batch_enroll.wiring.id_lookup import LookedUp, look_up_ids, with_lookups
from batch_enroll.wiring.ledger import ledger_exists, open_ledger, open_outputs, open_scratch_ledger
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.past import find_run
from batch_enroll.wiring.rosters import open_rosters, open_rows
from batch_enroll.wiring.run_options import freeze_dates, make_plan_settings, recorded_options
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import ApiTarget, make_pace, open_sandbox, open_target, send
from batch_enroll.wiring.sinks import make_timeline, open_display, open_log, open_progress
from batch_enroll.wiring.withdrawing import NOT_CONFIRMED, find_protected, refuse_unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.reporting.check_summary import CheckSummary
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.ports import EventSink, RosterSource
    from batch_enroll.sandbox import Sandbox
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guest import HostProgram
    from batch_enroll.wiring.withdrawing import Confirm
    from batch_enroll.workflows import ResolvedRoster

USUAL_IN_FLIGHT: Final = 10  # what a pace that tunes itself begins with


def run(
    settings: Settings,
    rosters: Sequence[str],
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> RunSummary:
    """Enrolls the rosters; a run that halted early says so in its summary. `confirm` is asked before it withdraws.

    Raises:
        BatchEnrollError: nothing could be started, or the books could not be kept.
    """
    return run_async(partial(_run, settings, rosters, confirm, allowed))


async def run_within(
    settings: Settings, rosters: Sequence[str], guest: HostProgram, allowed: Allowance = NOTHING_ALLOWED
) -> RunSummary:
    """Enrolls inside a program's own event loop. Raises as `run`; whoever is cancelled can be gone on with."""
    return await _run(settings, rosters, refuse_unconfirmed, allowed, guest)


async def _run(
    settings: Settings, rosters: Sequence[str], confirm: Confirm, allowed: Allowance, guest: HostProgram | None = None
) -> RunSummary:
    settings = freeze_dates(settings)
    with ExitStack() as stack:
        source = open_rosters(settings, rosters) if guest is None or rosters else open_rows(settings, guest.rows)
        source = roster = with_lookups(settings, workflows.PrefetchedRoster(source))
        rosters = rosters or [STDIN]  # neither can be read again later
        ledger = real = open_ledger(settings, stack)
        named = bool(roster.search) and not settings.dry_run
        passed = check_guards(settings, rosters, source, real, allowed, named=named)
        kept = NOTHING_PROTECTED
        if settings.withdraw and not named:
            kept = find_protected(settings, rosters, source, ledger, confirm)
        if settings.dry_run:
            ledger = open_scratch_ledger(real, stack)
        else:
            acquire_run_lock(settings, ledger, "run")
        source = passed.source
        folder = stack.enter_context(run_folder.unless(UsageError, settings.out, rosters[0], utc_now()))
        timeline = make_timeline()
        sink = FanoutSink(open_log(folder, settings, stack), open_display(settings, stack, guest), timeline)
        run_id = RunId(folder.name)
        async with open_target(settings, run_id) as server:
            record = _record(settings, run_id, server, source, folder=str(folder))
            pace = make_pace(settings, server, real.runs())
            looked = LookedUp()
            if not settings.dry_run:
                looked = await look_up_ids(settings, server, roster, sink, pace=pace, alone=guest is None)
            facts = passed.facts | ({"looked_up": list(looked.notes)} if looked.notes else {})
            if settings.withdraw and named and looked.stopped is None:
                kept = find_protected(settings, rosters, roster, ledger, confirm)
            elif settings.withdraw and named:
                facts[NOT_CONFIRMED] = True
            record = replace(
                record,
                rosters=source.refs(),
                options=recorded_options(settings, rosters),
                requests=looked.requests,
                facts=facts,
            )
            books = open_outputs(folder, settings, record, ledger, sink, timeline)
            rules = replace(make_plan_settings(settings, run_id, server.scope), kept=kept)
            if settings.dry_run:
                return await workflows.run(record, source, rules, books, None)
            sending = partial(send, settings, server, run_id, ledger, sink, alone=guest is None, pace=pace)
            verified = PostRunVerification(settings, server, record, rules, ledger, sink, roster.row)
            return await workflows.run(record, source, rules, books, verified.after(looked.instead_of(sending)))


def check(settings: Settings, rosters: Sequence[str], *, online: bool = False) -> CheckSummary:
    """Tells everything a run would refuse or skip; enrolls nobody and leaves nothing behind.

    `online` asks the server for every id and name of the rosters.

    Raises:
        RosterError: a roster has no readable header.
        AuthRefusedError, RunStoppedError: the server does not answer.
    """
    run_id = RunId("check")
    with ExitStack() as stack:
        source = with_lookups(settings, open_rosters(settings, rosters))
        if online:
            sink = open_progress(settings, stack)
            notes = run_async(partial(_look_up, settings, run_id, source, sink))
        else:
            notes = _to_look_up(source)
        known = open_ledger(settings, stack) if ledger_exists(settings) else None
        ledger = open_scratch_ledger(known, stack)
        server = ApiTarget(settings.base_url, settings.base_url)
        estimate = Estimate(settings.rate, settings.max_in_flight or USUAL_IN_FLIGHT)
        record = _record(settings, run_id, server, source, folder="")
        kept = find_protected(settings, rosters, source, ledger, None) if settings.withdraw else NOTHING_PROTECTED
        rules = replace(make_plan_settings(settings, run_id, server.scope), kept=kept)
        guards = evaluate(settings, rosters, source, known, whole=True)
        checked = workflows.check(record, source, rules, ledger, estimate, guards)
        return replace(checked, readings=(*checked.readings, *notes))


async def _look_up(settings: Settings, run_id: RunId, roster: ResolvedRoster, sink: EventSink) -> tuple[str, ...]:
    async with open_target(settings, run_id) as server:
        return (await look_up_ids(settings, server, roster, sink, online=True)).notes


def _to_look_up(roster: ResolvedRoster) -> tuple[str, ...]:
    """What a run would ask the server, for people."""
    told = (f"{told}, when it runs; check --online asks now" for told in roster.search.told())
    return (*told, *roster.search.seen())


def show(settings: Settings, run_id: str | None) -> RunSummary:
    """The summary of one run (its id, or its folder), or of the latest.

    Raises:
        UsageError: there is no such run.
    """
    with ExitStack() as stack:
        ledger, record = find_run(settings, run_id, stack)
        return workflows.summarize_past_run(record, ledger, run_folder.files_in(Path(record.folder)))


def rehearse(
    settings: Settings,
    *,
    port: int,
    scenarios: Sequence[str],
    school: Path | None,
    seed: int,
    announce: Callable[[Sandbox], None],
) -> None:
    """Runs the rehearsal server until SIGINT or SIGTERM; `announce` is told where it listens."""
    settings = settings.model_copy(
        update={"sandbox_scenarios": tuple(scenarios), "sandbox_school": school, "sandbox_seed": seed}
    )
    run_async(partial(_rehearse, settings, port, announce))


async def _rehearse(settings: Settings, port: int, announce: Callable[[Sandbox], None]) -> None:
    with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
        async with open_sandbox(settings, port) as sandbox:
            announce(sandbox)
            async for _ in signals:
                return


def _record(settings: Settings, run_id: RunId, server: ApiTarget, source: RosterSource, *, folder: str) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        environment=settings.env,
        base_url=server.base_url,
        scope=server.scope,
        columns=source.columns,
        started_at=utc_now(),
        folder=folder,
        dry_run=settings.dry_run,
    )
