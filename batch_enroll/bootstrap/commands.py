"""What each command does, with its parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING, TypeVar

import anyio

from batch_enroll import job
from batch_enroll.adapters import run_folder
from batch_enroll.adapters.sink_all import AllSinks
from batch_enroll.bootstrap.alone import keep_others_out
from batch_enroll.bootstrap.books import LEDGER_FILE, books_in, ledger_of, scratch_over
from batch_enroll.bootstrap.rosters import opened
from batch_enroll.bootstrap.sending import Server, sandbox_of, send, server_of
from batch_enroll.bootstrap.sinks import log_in, progress_of
from batch_enroll.bootstrap.wall import utc_now
from batch_enroll.core.errors import UsageError
from batch_enroll.core.intake import Defaults
from batch_enroll.core.model import RunId, RunRecord
from batch_enroll.core.plan import Rules
from batch_enroll.core.summary import Estimate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from batch_enroll.core.summary import CheckSummary, RunSummary
    from batch_enroll.ports import RosterSource
    from batch_enroll.sandbox import Sandbox
    from batch_enroll.settings import Settings

T = TypeVar("T")


def run(settings: Settings, rosters: Sequence[str]) -> RunSummary:
    """Enrolls the rosters; a run that halted early says so in its summary.

    Raises:
        BatchEnrollError: nothing could be started, or the books could not be kept.
    """
    return _in_loop(partial(_run, settings, rosters))


async def _run(settings: Settings, rosters: Sequence[str]) -> RunSummary:
    with ExitStack() as stack:
        source = opened(settings, rosters)
        ledger = ledger_of(settings, stack)
        if settings.dry_run:
            ledger = scratch_over(ledger, stack)
        else:
            keep_others_out(settings, ledger, "run")
        folder = run_folder.create(settings.out, rosters[0], utc_now())
        sink = AllSinks(log_in(folder, settings, stack), progress_of(settings, stack))
        run_id = RunId(folder.name)
        async with server_of(settings, run_id) as server:
            record = _record(settings, run_id, server, source, folder=str(folder))
            sending = None if settings.dry_run else partial(send, settings, server, run_id, ledger, sink)
            books = books_in(folder, source.columns, ledger, sink, several=len(rosters) > 1)
            return await job.run(record, source, _rules(settings, run_id, server), books, sending)


def check(settings: Settings, rosters: Sequence[str]) -> CheckSummary:
    """Tells everything a run would refuse or skip; sends nothing and leaves nothing behind.

    Raises:
        RosterError: a roster has no readable header.
    """
    run_id = RunId("check")
    with ExitStack() as stack:
        source = opened(settings, rosters)
        known = ledger_of(settings, stack) if (settings.state / LEDGER_FILE).exists() else None
        ledger = scratch_over(known, stack)
        server = Server(settings.base_url, settings.base_url)
        estimate = Estimate(settings.rate, settings.max_in_flight)
        record = _record(settings, run_id, server, source, folder="")
        return job.check(record, source, _rules(settings, run_id, server), ledger, estimate)


def show(settings: Settings, run_id: str | None) -> RunSummary:
    """The summary of one run (its id, or its folder), or of the latest.

    Raises:
        UsageError: there is no such run.
    """
    if not (settings.state / LEDGER_FILE).exists():
        raise UsageError(f"there are no runs in {settings.state}; start one with: batch-enroll run ROSTER")
    with ExitStack() as stack:
        ledger = ledger_of(settings, stack)
        record = ledger.run(None if run_id is None else RunId(Path(run_id).name))
        if record is None:
            latest = [past.run_id for past, _ in zip(ledger.runs(), range(3), strict=False)]
            known = f"; the latest are {', '.join(latest)}" if latest else ""
            which = "no run" if run_id is None else f"no run {run_id}"
            raise UsageError(f"there is {which} in {settings.state}{known}")
        return job.retell(record, ledger, run_folder.files_in(Path(record.folder)))


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
    _in_loop(partial(_rehearse, settings, port, announce))


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


def _rules(settings: Settings, run_id: RunId, server: Server) -> Rules:
    return Rules(
        scope=server.scope,
        run_id=run_id,
        today=settings.as_of or utc_now().astimezone().date(),
        defaults=Defaults(settings.course_id, settings.school_id, settings.role, settings.begin_date),
        send_sourced_id=settings.send_sourced_id == "roster",
    )


def _in_loop(main: Callable[[], Awaitable[T]]) -> T:
    # A fifth less CPU per request; not there on Windows.
    return anyio.run(main, backend_options={"use_uvloop": find_spec("uvloop") is not None})
