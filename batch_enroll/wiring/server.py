"""The server of a command: its connections, queries and gateway, and the engine that sends rows to it."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING, Final

import aiohttp
import anyio

from batch_enroll import __version__
from batch_enroll.adapters.api import EduBridge, EduBridgeWithDates, OneRosterGateway, OneRosterListings, Transport
from batch_enroll.adapters.api.oauth import ClientCredentials, OAuthTokens
from batch_enroll.core.errors import UsageError
from batch_enroll.core.pace import FixedPace, PaceLimits, SelfTuningPace, remembered
from batch_enroll.core.planning.probe_gate import ProbeGate
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import Engine, EngineDependencies, QueryDependencies, QueryRunner, SingleThreadRunner
from batch_enroll.wiring.runtime import make_deadline_wait, utc_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from contextlib import AbstractContextManager
    from signal import Signals

    from batch_enroll.core.model import RunId
    from batch_enroll.core.pace import Pace
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import BatchSource, EngineResult
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.sandbox import Sandbox
    from batch_enroll.settings import Settings

_CONNECT_S: Final = 10.0
_SPARE_WORKERS: Final = 16  # on top of twice the requests in flight: for rows that wait for their next attempt


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """An address that requests go to, and the client they come from.

    `scope` separates its enrollments in the ledger from those of every other server.
    """

    base_url: str
    scope: str
    client: ClientCredentials = field(default=ClientCredentials("", "", ""), repr=False)


@asynccontextmanager
async def open_target(settings: Settings, run_id: RunId) -> AsyncIterator[ApiTarget]:
    """Opens the server of the settings. An embedded rehearsal knows nothing of earlier ones, so its scope is new."""
    if settings.dry_run or not settings.embedded:
        scope = settings.base_url or f"rehearsal {run_id}"
        client = ClientCredentials(
            settings.token_url, settings.client_id, settings.client_secret.get_secret_value(), settings.token_auth
        )
        yield ApiTarget(settings.base_url, scope, client)
        return
    async with open_sandbox(settings, port=0) as sandbox:
        client = ClientCredentials(sandbox.token_url, sandbox.client_id, sandbox.client_secret, settings.token_auth)
        yield ApiTarget(sandbox.base_url, f"rehearsal {run_id}", client)


@asynccontextmanager
async def open_sandbox(settings: Settings, port: int) -> AsyncIterator[Sandbox]:
    """Opens the rehearsal server.

    Raises:
        UsageError: a scenario or school that it does not have, or a port that is taken.
    """
    from batch_enroll.sandbox import serve  # noqa: PLC0415 - only rehearsals need a server

    async with AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(
                serve(
                    port=port,
                    scenarios=settings.sandbox_scenarios,
                    seed=settings.sandbox_seed,
                    school_bundle=settings.sandbox_school,
                )
            )
        except (ValueError, OSError) as error:
            raise UsageError(f"the rehearsal server cannot start: {error}") from error
        yield sandbox


def make_pace(settings: Settings, target: ApiTarget, runs: Iterable[RunRecord]) -> Pace:
    """Returns the pace of the settings; one that tunes itself begins where the last run at this server ended."""
    limits = PaceLimits(settings.at_once, settings.rate)
    if settings.pace == "fixed":
        return FixedPace(limits)
    return SelfTuningPace(limits, remembered(runs, target.scope, utc_now()))


@asynccontextmanager
async def open_connection(
    settings: Settings, target: ApiTarget, sink: EventSink
) -> AsyncIterator[tuple[Transport, OAuthTokens]]:
    """Opens connections to a server, with tokens for them."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s, sock_connect=min(_CONNECT_S, settings.timeout_s))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),  # the pace limits; the default of 100 would do so silently
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"batch_enroll/{__version__}"},
    ) as session:
        yield Transport(session, target.base_url, utc_now), make_tokens(session, target, sink)


def make_tokens(session: aiohttp.ClientSession, target: ApiTarget, sink: EventSink) -> OAuthTokens:
    """Returns the source of tokens for the client of a server."""
    return OAuthTokens(session, target.client, sink, random.random)


def make_listings(settings: Settings, transport: Transport) -> OneRosterListings:
    """Returns the lists of enrollments; via OneRoster one that has ended is left out, as in its own look-ups."""
    return OneRosterListings(transport, utc_now().date() if settings.via == "oneroster" else None)


@asynccontextmanager
async def open_query_runner(
    settings: Settings, target: ApiTarget, sink: EventSink, runs: Iterable[RunRecord] = (), pace: Pace | None = None
) -> AsyncIterator[tuple[QueryRunner, Transport]]:
    """Opens a runner of queries, under `pace` or else the one that `runs` learned, and the transport for them."""
    async with open_connection(settings, target, sink) as (transport, tokens):
        dependencies = QueryDependencies(
            tokens=tokens,
            pace=pace or make_pace(settings, target, runs),
            breaker=Breaker(BreakerLimits(settings.retry_budget, settings.patience_s)),
            sink=sink,
            policy=Policy(),
            draw=random.random,
            workers=2 * settings.at_once,
        )
        yield QueryRunner(dependencies), transport


def make_gateway(settings: Settings, transport: Transport) -> EduBridge | EduBridgeWithDates | OneRosterGateway:
    """Returns the route that the settings name."""
    oneroster = OneRosterGateway(transport, lambda: utc_now().date(), by_end_date=settings.withdraw_by == "end_date")
    if settings.via == "oneroster":
        return oneroster
    edubridge = EduBridge(transport)
    return edubridge if settings.own_since is None else EduBridgeWithDates(edubridge, oneroster)


async def send_rows(
    settings: Settings,
    target: ApiTarget,
    run_id: RunId,
    ledger: Ledger,
    sink: EventSink,
    planner: BatchSource,
    *,
    pace: Pace,
    owns_process: bool,
) -> EngineResult:
    """Sends planned rows; the deadline stops it, and a signal where the run owns its process.

    `pace` is the one that ids were looked up under, so that what it learned and its ceilings hold for both.
    """
    async with open_connection(settings, target, sink) as (transport, tokens):
        gateway = make_gateway(settings, transport)
        dependencies = EngineDependencies(
            gateway=gateway,
            tokens=tokens,
            ledger=ledger,
            pace=pace,
            breaker=Breaker(
                BreakerLimits(settings.retry_budget, settings.patience_s, max_failed_share=settings.max_failed_share)
            ),
            gate=ProbeGate(probing=settings.probe == "first_row"),
            sink=sink,
            policy=Policy(max_attempts=settings.max_attempts, withdraws_all_in_course=settings.via == "edubridge"),
            draw=random.random,
            max_in_flight=settings.at_once,
            workers=2 * settings.at_once + _SPARE_WORKERS,
            run_blocking=SingleThreadRunner(),
            grace_s=settings.grace,
        )
        with open_signals(owns_process=owns_process) as signals:
            result = await Engine(run_id, dependencies).run(planner, signals, make_deadline_wait(settings.deadline))
        if not isinstance(gateway, EduBridge):
            result.requests += Requests(gateway.besides)
        return result


def open_signals(*, owns_process: bool) -> AbstractContextManager[AsyncIterator[Signals]]:
    """Opens the signals that ask the process to stop; in a process of another program there are none."""
    return anyio.open_signal_receiver(SIGINT, SIGTERM) if owns_process else nullcontext(_wait_silently())


async def _wait_silently() -> AsyncIterator[Signals]:
    """Yields no signal, ever."""
    await anyio.sleep_forever()
    yield SIGINT
