"""The real engine and a pace on virtual time, against a server's model: one run, from claim to settle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import anyio
from lab.lean import Played
from support.fakes import FakeRoster, FakeTokens, Remembering, SignalsAt, students
from support.harness import COLUMNS, FIRST_RUN, NOON, at_once
from support.memory_ledger import MemoryLedger
from support.virtual_time import VirtualTimeLoop

from batch_enroll.core.model import Meaning, NoReply, OutcomeKind, Reply, ServerEnrollment, UserEnrollments
from batch_enroll.core.planning.probe_gate import ProbeGate
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import Engine, EngineDependencies
from batch_enroll.workflows import BatchPlanner

if TYPE_CHECKING:
    from lab.servers import Server

    from batch_enroll.core.model import EnrollmentRequest, UserId
    from batch_enroll.core.pace import Pace


class ModelGateway:
    """A Gateway whose answers are a model's; look-ups meet the same limits and find nothing."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._enrollments: dict[UserId, ServerEnrollment] = {}

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        del token
        answer = await self._answer()
        if isinstance(answer, Reply) and answer.status == 201:
            key = request.key
            self._enrollments[key.user_id] = ServerEnrollment("e", key.course_id, key.school_id, key.role)
        return answer

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        del token
        answer = await self._answer()
        if isinstance(answer, Reply) and answer.status == 201:
            return UserEnrollments((self._enrollments[user_id],) if user_id in self._enrollments else ())
        return answer

    async def _answer(self) -> Reply | NoReply:
        server = self._server
        server.in_flight += 1
        try:
            decision = server.arrive(anyio.current_time())
            await anyio.sleep(decision.latency_s)
        finally:
            server.in_flight -= 1
        if decision.status == 0:
            return NoReply("no answer in time", sent=True)
        meaning = Meaning.ENROLLMENT if decision.status == 201 else Meaning.NOTHING
        return Reply(decision.status, meaning, retry_after_s=decision.retry_after_s)


@dataclass
class SlowTokens(FakeTokens):
    """Tokens that take the model's time to get."""

    takes_s: float = 0.2

    async def _fetch(self) -> str:
        await anyio.sleep(self.takes_s - 0.2)
        return await super()._fetch()


def run(server: Server, pace: Pace, rows: int, seed: int = 7) -> Played:
    """Carries the rows with the real engine; takes no real time but the processor's."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_run(server, pace, rows, seed))


async def _run(server: Server, pace: Pace, rows: int, seed: int) -> Played:
    ledger, sink = MemoryLedger(lambda: NOON), Remembering()
    ledger.begin(RunRecord(FIRST_RUN, "lab", "https://lab", "lab", COLUMNS, NOON, "runs"))
    parts = EngineDependencies(
        gateway=ModelGateway(server),
        tokens=SlowTokens(server.token_lifetime_s, takes_s=server.token_s),
        ledger=ledger,
        pace=pace,
        breaker=Breaker(BreakerLimits()),
        gate=ProbeGate(probing=True),
        sink=sink,
        policy=Policy(),
        draw=Random(seed).random,
        max_in_flight=100,
        workers=216,
        run_blocking=at_once,
    )
    planning = BatchPlanner(FakeRoster(students(rows)), PlanSettings("lab", FIRST_RUN, NOON.date(), Defaults()), ledger)
    ending = await Engine(FIRST_RUN, parts).run(planning, SignalsAt().__aiter__())
    done = sum(row.outcome.kind is OutcomeKind.ENROLLED for row in ledger.results(FIRST_RUN))
    return Played(rows, anyio.current_time(), ending.requests.sent, ending.requests.throttled, rows - done, done)
