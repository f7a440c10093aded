"""Lives that end: parts around a ledger and a server which both survive them, on virtual time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
from support.fakes import FakeRoster, FakeServer, FakeTokens, Remembering, SignalsAt
from support.harness import COLUMNS, FIRST_RUN, NOON, at_once
from support.memory_ledger import MemoryLedger

from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.planning.probe_gate import ProbeGate
from batch_enroll.core.planning.resume_planner import TO_RESUME
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import Engine, EngineDependencies
from batch_enroll.workflows import BatchPlanner, ResumePlanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from batch_enroll.core.model import (
        EnrollmentKey,
        EnrollmentRequest,
        LedgerEntry,
        NoReply,
        PlannedRow,
        Reply,
        ResultRow,
        RunId,
        SettledRow,
        UserEnrollments,
        UserId,
    )
    from batch_enroll.engine import BatchSource, EngineResult

T = TypeVar("T")
RULES = PlanSettings("test", FIRST_RUN, NOON.date(), Defaults())


class DeadError(BaseException):
    """The process is no more; like a kill, nothing of the program catches it."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A verb at which, before or after its work, the `nth` time; or an instant, in seconds, if there is no verb.

    `acted_s` is how long afterwards the server acts on the requests that were under way; None: they never arrived.
    """

    verb: str = ""
    after: bool = False
    nth: int = 1
    at_s: float = 0.0
    acted_s: float | None = 0.0


class Life:
    """Everything a process does goes through here, until it dies; then nothing does."""

    def __init__(self, crash: Crash | None) -> None:
        self.crash = crash
        self.dead = False
        self._met: Counter[tuple[str, bool]] = Counter()

    def passes(self, verb: str, *, after: bool) -> None:
        """Nothing while there is life. Raises DeadError at the crash and ever after."""
        self._met[verb, after] += 1
        crash = self.crash
        if crash is not None and (crash.verb, crash.after, crash.nth) == (verb, after, self._met[verb, after]):
            self.dead = True
        if self.dead:
            raise DeadError

    def does(self, verb: str, work: Callable[[], T]) -> T:
        """What `work` returns, if life lasts so long."""
        self.passes(verb, after=False)
        done = work()
        self.passes(verb, after=True)
        return done


class MortalLedger(MemoryLedger):
    """The ledger as one life sees it; what was done stays in the memory that all lives share."""

    def __init__(self, shared: MemoryLedger, life: Life) -> None:
        super().__init__(lambda: NOON)
        self._shared, self._life = shared, life

    def begin(self, run: RunRecord) -> None:
        self._life.does("begin", partial(self._shared.begin, run))

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        return self._life.does("known", partial(self._shared.known, keys))

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        self._life.does("claim", partial(self._shared.claim, run_id, rows))

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        self._life.does("settle", partial(self._shared.settle, run_id, settled))

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        return self._life.does("results", partial(self._shared.results, run_id))


@dataclass
class MortalGateway:
    """The way to the server; a request that was under way at the death may still be acted on."""

    server: FakeServer
    life: Life
    under_way: list[EnrollmentRequest] = field(default_factory=list)

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        self.life.passes("submit", after=False)
        self.under_way.append(request)
        answer = await self.server.submit(request, token)
        self.under_way.remove(request)
        self.life.passes("submit", after=True)
        return answer

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        self.life.passes("look_up", after=False)
        answer = await self.server.look_up(user_id, token)
        self.life.passes("look_up", after=True)
        return answer

    def arrive(self) -> None:
        """The server acts on what was under way."""
        for request in self.under_way:
            self.server.act(request)


@dataclass
class World:
    """What survives: the roster, the server and the ledger."""

    fields: list[dict[str, str]]
    server: FakeServer
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(lambda: NOON))
    deaths: int = 0
    rules: PlanSettings = RULES
    policy: Policy = field(default_factory=Policy)

    async def live(self, crash: Crash | None = None) -> EngineResult | None:
        """One process: begins the run, or goes on with it. None if it died."""
        life = Life(crash)
        gateway = MortalGateway(self.server, life)
        ending: EngineResult | None = None
        try:
            async with anyio.create_task_group() as tasks:
                if crash is not None and not crash.verb:
                    tasks.start_soon(self._strike, life, crash.at_s, tasks.cancel_scope)
                ending = await self._carry(life, gateway)
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            if group.split(DeadError)[1] is not None:
                raise
        if not life.dead:
            return ending
        self.deaths += 1
        if crash is not None and crash.acted_s is not None:
            asyncio.get_running_loop().call_later(crash.acted_s, gateway.arrive)
        return None

    @staticmethod
    async def _strike(life: Life, at_s: float, scope: anyio.CancelScope) -> None:
        await anyio.sleep(at_s)
        life.dead = True
        scope.cancel()

    async def _carry(self, life: Life, gateway: MortalGateway) -> EngineResult:
        ledger = MortalLedger(self.ledger, life)
        roster = FakeRoster(self.fields)
        planning: BatchSource
        if self.ledger.run() is None:
            ledger.begin(RunRecord(FIRST_RUN, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
            planning = BatchPlanner(roster, self.rules, ledger)
        else:
            planning = ResumePlanner(roster, self.rules, ledger, TO_RESUME)
        return await Engine(FIRST_RUN, self._parts(gateway, ledger)).run(planning, SignalsAt().__aiter__())

    def _parts(self, gateway: MortalGateway, ledger: MortalLedger) -> EngineDependencies:
        return EngineDependencies(
            gateway=gateway,
            tokens=FakeTokens(lifetime_s=1.5),
            ledger=ledger,
            pace=FixedPace(PaceLimits(max_in_flight=4)),
            breaker=Breaker(BreakerLimits()),
            gate=ProbeGate(probing=True),
            sink=Remembering(),
            policy=self.policy,
            draw=random.Random(7).random,  # noqa: S311 - jitter
            max_in_flight=5,
            workers=10,
            run_blocking=at_once,
        )
