"""A whole run on virtual time: the real engine, planning, pace and verdicts between doubles that behave."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from support.fakes import FakeRoster, FakeServer, FakeTokens, Remembering, SignalsAt, struck, students
from support.memory_ledger import MemoryLedger

from batch_enroll.core.model import RunId
from batch_enroll.core.pace import FixedPace, Pace, PaceLimits
from batch_enroll.core.planning.probe_gate import ProbeGate
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import Engine, EngineDependencies, EngineResult
from batch_enroll.workflows import BatchPlanner

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.model import Outcome
    from batch_enroll.workflows import CapacityGuard

T = TypeVar("T")
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
FIRST_RUN = RunId("r1")
COLUMNS = ("user_id", "course_id", "school_id")


async def at_once(verb: Callable[[], T]) -> T:
    """Ledger work that takes no virtual time; a real thread would let the clock run away."""
    return verb()


@dataclass
class Harness:
    """One run; change what matters, then `run`."""

    roster: FakeRoster = field(default_factory=lambda: FakeRoster(students(20)))
    server: FakeServer = field(default_factory=FakeServer)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(lambda: NOON))
    sink: Remembering = field(default_factory=Remembering)
    signals: SignalsAt = field(default_factory=SignalsAt)
    law: Callable[[PaceLimits], Pace] = FixedPace
    pace: PaceLimits = field(default_factory=lambda: PaceLimits(max_in_flight=10))
    policy: Policy = field(default_factory=Policy)
    limits: BreakerLimits = field(default_factory=BreakerLimits)
    run_id: RunId = FIRST_RUN
    probing: bool = True
    seed: int = 7
    deadline_s: float | None = None
    grace_s: float = 30.0
    recheck: bool = False
    withdraw: bool = False
    guard: CapacityGuard | None = None

    async def run(self) -> EngineResult:
        """Carries the roster to its outcomes."""
        self.ledger.begin(RunRecord(self.run_id, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
        parts = EngineDependencies(
            gateway=self.server,
            tokens=self.tokens,
            ledger=self.ledger,
            pace=self.law(self.pace),
            breaker=Breaker(self.limits),
            gate=ProbeGate(probing=self.probing),
            sink=self.sink,
            policy=self.policy,
            draw=random.Random(self.seed).random,  # noqa: S311 - jitter
            max_in_flight=self.pace.max_in_flight,
            workers=2 * self.pace.max_in_flight + 16,
            run_blocking=at_once,
            grace_s=self.grace_s,
        )
        rules = PlanSettings("test", self.run_id, NOON.date(), Defaults(), recheck=self.recheck, withdraw=self.withdraw)
        planning = BatchPlanner(self.roster, rules, self.ledger, guard=self.guard)
        return await Engine(self.run_id, parts).run(
            planning, self.signals.__aiter__(), partial(struck, self.deadline_s)
        )

    def outcomes(self) -> list[Outcome]:
        """What the ledger holds, in input order."""
        return [row.outcome for row in self.ledger.results(self.run_id)]

    def kinds(self) -> list[str]:
        """The same, kinds only."""
        return [outcome.kind.value for outcome in self.outcomes()]
