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
from batch_enroll.adapters.events.fanout_sink import AllSinks
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.commands.verify import Afterwards
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.protected_enrollments import NOTHING_KEPT
from batch_enroll.core.reporting.run_summary import Estimate
from batch_enroll.core.run_record import RunRecord
from batch_enroll.wiring.alone import keep_others_out
from batch_enroll.wiring.guards import past_guards, verdicts_on
from batch_enroll.wiring.id_lookup import LookedUp, look_up, searched
from batch_enroll.wiring.ledger import books_in, ledger_of, ledger_there, scratch_over
from batch_enroll.wiring.loop import in_loop
from batch_enroll.wiring.past import past_run
from batch_enroll.wiring.rosters import given, opened
from batch_enroll.wiring.run_options import on_a_day, options_of, rules_of
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import Server, pace_of, sandbox_of, send, server_of
from batch_enroll.wiring.sinks import log_in, progress_of, timeline_now, told_by
from batch_enroll.wiring.withdrawing import UNASKED, kept_of, nobody_to_ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.reporting.run_summary import CheckSummary, RunSummary
    from batch_enroll.ports import EventSink, RosterSource
    from batch_enroll.sandbox import Sandbox
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guest import Guest
    from batch_enroll.wiring.withdrawing import Confirm
    from batch_enroll.workflows import FoundRoster

USUAL_IN_FLIGHT: Final = 10  # what a pace that tunes itself begins with


def run(
    settings: Settings, rosters: Sequence[str], confirm: Confirm = nobody_to_ask, allowed: Allowance = NOTHING_ALLOWED
) -> RunSummary:
    """Enrolls the rosters; a run that halted early says so in its summary. `confirm` is asked before it withdraws.

    Raises:
        BatchEnrollError: nothing could be started, or the books could not be kept.
    """
    return in_loop(partial(_run, settings, rosters, confirm, allowed))


async def run_within(
    settings: Settings, rosters: Sequence[str], guest: Guest, allowed: Allowance = NOTHING_ALLOWED
) -> RunSummary:
    """Enrolls inside a program's own event loop. Raises as `run`; whoever is cancelled can be gone on with."""
    return await _run(settings, rosters, nobody_to_ask, allowed, guest)


async def _run(
    settings: Settings, rosters: Sequence[str], confirm: Confirm, allowed: Allowance, guest: Guest | None = None
) -> RunSummary:
    settings = on_a_day(settings)
    with ExitStack() as stack:
        source = opened(settings, rosters) if guest is None or rosters else given(settings, guest.rows)
        source = roster = searched(settings, workflows.KeptAhead(source))
        rosters = rosters or [STDIN]  # neither can be read again later
        ledger = real = ledger_of(settings, stack)
        named = bool(roster.search) and not settings.dry_run
        passed = past_guards(settings, rosters, source, real, allowed, named=named)
        kept = NOTHING_KEPT
        if settings.withdraw and not named:
            kept = kept_of(settings, rosters, source, ledger, confirm)
        if settings.dry_run:
            ledger = scratch_over(real, stack)
        else:
            keep_others_out(settings, ledger, "run")
        source = passed.source
        folder = stack.enter_context(run_folder.unless(UsageError, settings.out, rosters[0], utc_now()))
        timeline = timeline_now()
        sink = AllSinks(log_in(folder, settings, stack), told_by(settings, stack, guest), timeline)
        run_id = RunId(folder.name)
        async with server_of(settings, run_id) as server:
            record = _record(settings, run_id, server, source, folder=str(folder))
            pace = pace_of(settings, server, real.runs())
            looked = LookedUp()
            if not settings.dry_run:
                looked = await look_up(settings, server, roster, sink, pace=pace, alone=guest is None)
            facts = passed.facts | ({"looked_up": list(looked.notes)} if looked.notes else {})
            if settings.withdraw and named and looked.stopped is None:
                kept = kept_of(settings, rosters, roster, ledger, confirm)
            elif settings.withdraw and named:
                facts[UNASKED] = True
            record = replace(
                record,
                rosters=source.refs(),
                options=options_of(settings, rosters),
                requests=looked.requests,
                facts=facts,
            )
            books = books_in(folder, settings, record, ledger, sink, timeline)
            rules = replace(rules_of(settings, run_id, server.scope), kept=kept)
            if settings.dry_run:
                return await workflows.run(record, source, rules, books, None)
            sending = partial(send, settings, server, run_id, ledger, sink, alone=guest is None, pace=pace)
            verified = Afterwards(settings, server, record, rules, ledger, sink, roster.row)
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
        source = searched(settings, opened(settings, rosters))
        if online:
            sink = progress_of(settings, stack)
            notes = in_loop(partial(_look_up, settings, run_id, source, sink))
        else:
            notes = _to_look_up(source)
        known = ledger_of(settings, stack) if ledger_there(settings) else None
        ledger = scratch_over(known, stack)
        server = Server(settings.base_url, settings.base_url)
        estimate = Estimate(settings.rate, settings.max_in_flight or USUAL_IN_FLIGHT)
        record = _record(settings, run_id, server, source, folder="")
        kept = kept_of(settings, rosters, source, ledger, None) if settings.withdraw else NOTHING_KEPT
        rules = replace(rules_of(settings, run_id, server.scope), kept=kept)
        guards = verdicts_on(settings, rosters, source, known, whole=True)
        checked = workflows.check(record, source, rules, ledger, estimate, guards)
        return replace(checked, readings=(*checked.readings, *notes))


async def _look_up(settings: Settings, run_id: RunId, roster: FoundRoster, sink: EventSink) -> tuple[str, ...]:
    async with server_of(settings, run_id) as server:
        return (await look_up(settings, server, roster, sink, online=True)).notes


def _to_look_up(roster: FoundRoster) -> tuple[str, ...]:
    """What a run would ask the server, for people."""
    told = (f"{told}, when it runs; check --online asks now" for told in roster.search.told())
    return (*told, *roster.search.seen())


def show(settings: Settings, run_id: str | None) -> RunSummary:
    """The summary of one run (its id, or its folder), or of the latest.

    Raises:
        UsageError: there is no such run.
    """
    with ExitStack() as stack:
        ledger, record = past_run(settings, run_id, stack)
        return workflows.retell(record, ledger, run_folder.files_in(Path(record.folder)))


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
    in_loop(partial(_rehearse, settings, port, announce))


async def _rehearse(settings: Settings, port: int, announce: Callable[[Sandbox], None]) -> None:
    with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
        async with sandbox_of(settings, port) as sandbox:
            announce(sandbox)
            async for _ in signals:
                return


def _record(settings: Settings, run_id: RunId, server: Server, source: RosterSource, *, folder: str) -> RunRecord:
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
