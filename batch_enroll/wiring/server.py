"""How rows reach a server: the engine with its parts, and the embedded rehearsal server if that is the server."""

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
from batch_enroll.wiring.runtime import until, utc_now

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
_MORE_WORKERS: Final = 16  # on top of twice the requests in flight: for rows that wait for their next attempt


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """Where requests go, and as whom. `scope` tells its seats from every other server's in the ledger."""

    base_url: str
    scope: str
    client: ClientCredentials = field(default=ClientCredentials("", "", ""), repr=False)


@asynccontextmanager
async def open_target(settings: Settings, run_id: RunId) -> AsyncIterator[ApiTarget]:
    """The server that the settings name. An embedded rehearsal knows nothing of earlier ones, so its scope is new."""
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
    """The rehearsal server, while it listens.

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


def make_pace(settings: Settings, server: ApiTarget, runs: Iterable[RunRecord]) -> Pace:
    """The pace that was asked for; one that tunes itself begins where the last run at this server left off."""
    limits = PaceLimits(settings.at_once, settings.rate)
    if settings.pace == "fixed":
        return FixedPace(limits)
    return SelfTuningPace(limits, remembered(runs, server.scope, utc_now()))


@asynccontextmanager
async def open_connection(
    settings: Settings, server: ApiTarget, sink: EventSink
) -> AsyncIterator[tuple[Transport, OAuthTokens]]:
    """Connections to a server, and tokens for them."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s, sock_connect=min(_CONNECT_S, settings.timeout_s))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),  # the pace limits; the default of 100 would do so silently
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"batch_enroll/{__version__}"},
    ) as session:
        yield Transport(session, server.base_url, utc_now), OAuthTokens(session, server.client, sink, random.random)


def make_listings(settings: Settings, wire: Transport) -> OneRosterListings:
    """The lists of who sits where; by OneRoster's route a seat that has ended is none, as for its own look-ups."""
    return OneRosterListings(wire, utc_now().date() if settings.via == "oneroster" else None)


@asynccontextmanager
async def open_query_runner(
    settings: Settings, server: ApiTarget, sink: EventSink, runs: Iterable[RunRecord] = (), pace: Pace | None = None
) -> AsyncIterator[tuple[QueryRunner, Transport]]:
    """Someone to put questions to a server, under `pace` or else the one that `runs` learnt; and the way there."""
    async with open_connection(settings, server, sink) as (wire, tokens):
        means = QueryDependencies(
            tokens=tokens,
            pace=pace or make_pace(settings, server, runs),
            breaker=Breaker(BreakerLimits(settings.retry_budget, settings.patience_s)),
            sink=sink,
            policy=Policy(),
            draw=random.random,
            workers=2 * settings.at_once,
        )
        yield QueryRunner(means), wire


def make_gateway(settings: Settings, wire: Transport) -> EduBridge | EduBridgeWithDates | OneRosterGateway:
    """The route that the settings name."""
    oneroster = OneRosterGateway(wire, lambda: utc_now().date(), by_end_date=settings.withdraw_by == "end_date")
    if settings.via == "oneroster":
        return oneroster
    return EduBridge(wire) if settings.own_since is None else EduBridgeWithDates(EduBridge(wire), oneroster)


async def send(
    settings: Settings,
    server: ApiTarget,
    run_id: RunId,
    ledger: Ledger,
    sink: EventSink,
    planning: BatchSource,
    *,
    alone: bool = True,
    pace: Pace | None = None,
) -> EngineResult:
    """Carries the planned rows to the server with the real engine; `alone` in its process, it heeds signals.

    `pace`: the one that ids were looked up under, so that what it learnt and its ceilings hold for both.
    """
    async with open_connection(settings, server, sink) as (wire, tokens):
        gateway = make_gateway(settings, wire)
        parts = EngineDependencies(
            gateway=gateway,
            tokens=tokens,
            ledger=ledger,
            pace=pace or make_pace(settings, server, ledger.runs()),
            breaker=Breaker(
                BreakerLimits(settings.retry_budget, settings.patience_s, max_failed_share=settings.max_failed_share)
            ),
            gate=ProbeGate(probing=settings.probe == "first_row"),
            sink=sink,
            policy=Policy(max_attempts=settings.max_attempts, withdraws_all_in_course=settings.via == "edubridge"),
            draw=random.random,
            max_in_flight=settings.at_once,
            workers=2 * settings.at_once + _MORE_WORKERS,
            run_blocking=SingleThreadRunner(),
            grace_s=settings.grace,
        )
        with open_signals(alone=alone) as signals:
            ending = await Engine(run_id, parts).run(planning, signals, until(settings.deadline))
        if not isinstance(gateway, EduBridge):
            ending.requests += Requests(gateway.besides)
        return ending


def open_signals(*, alone: bool) -> AbstractContextManager[AsyncIterator[Signals]]:
    """The signals that ask the program to stop; none for a guest in another one's process."""
    return anyio.open_signal_receiver(SIGINT, SIGTERM) if alone else nullcontext(_silence())


async def _silence() -> AsyncIterator[Signals]:
    """No signals, ever."""
    await anyio.sleep_forever()
    yield SIGINT
