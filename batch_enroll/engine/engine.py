"""Carries every planned row to its outcome.

One task group holds a feeder (reads, plans and claims batches ahead of the workers), the workers, a committer, and a
listener for signals. `_carry` is a row's way from claim to settle, read from top to bottom.
"""

from __future__ import annotations

from asyncio import get_running_loop
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio

from batch_enroll.core.errors import AuthRefusedError, BatchEnrollError, RosterError, RunStoppedError
from batch_enroll.core.events import AttemptFailed, PaceChanged, RowSettled, Stopping
from batch_enroll.core.model import Action, NoReply, Reply, SettledRow, UserEnrollments
from batch_enroll.core.pace import Sample, sample_of
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict import judge
from batch_enroll.core.verdict.attempt_state import (
    NO_ATTEMPTS,
    Halt,
    HaltReason,
    RenewToken,
    RetryAfterWait,
    RetryContext,
    Settle,
    initial_state,
)
from batch_enroll.engine.commit_buffer import CommitBuffer
from batch_enroll.engine.lookup_cache import SharedLookups
from batch_enroll.engine.rate_limiter import RateLimiter
from batch_enroll.engine.row_queue import RowQueue
from batch_enroll.engine.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from signal import Signals

    from batch_enroll.core.model import EnrollmentRequest, Json, Outcome, RunId
    from batch_enroll.core.pace import Pace, Turn
    from batch_enroll.core.planning.probe_gate import ProbeGate
    from batch_enroll.core.verdict.attempt_state import AttemptResult, AttemptState, Decision, Policy
    from batch_enroll.core.verdict.circuit_breaker import Breaker
    from batch_enroll.engine.row_queue import BatchSource, BlockingRunner
    from batch_enroll.ports import EventSink, Gateway, Ledger, TokenSource

DEADLINE_CAME: Final = "its deadline had come"
_LOOK_UP = Action.LOOK_UP  # each row asks for it, and Python 3.11 takes long to look up a member of an enum
_PROOF_OF_OUTAGE: Final = 5  # different rows that failed with no success between them
_LEAST_GRACE_S: Final = 0.1  # for rows that were never sent: they only have to be told that the run stops


@dataclass(frozen=True, slots=True)
class EngineDependencies:
    """The parts of an engine.

    Attributes:
        draw: returns numbers from [0, 1) for the jitter of waits.
        max_in_flight: requests in flight, at most.
        workers: rows under way at most, those that wait included.
        run_blocking: runs the ledger's work beside the event loop.
        grace_s: the time that requests in flight get after a stop, in seconds.
    """

    gateway: Gateway
    tokens: TokenSource
    ledger: Ledger
    pace: Pace
    breaker: Breaker
    gate: ProbeGate
    sink: EventSink
    policy: Policy
    draw: Callable[[], float]
    max_in_flight: int
    workers: int
    run_blocking: BlockingRunner
    grace_s: float = 30.0


@dataclass(slots=True)
class EngineResult:
    """How the sending ended.

    Attributes:
        halted: why it stopped early; None when every row had its turn.
        detail: the same in a sentence.
        signal: the signal that asked for it.
        aborted: a second signal ended it at once; some rows are claimed and unsettled.
        requests: what it took.
        pace: what it found out about the server's limits, and the time lost to them.
        facts: what else is to be recorded with the run.
    """

    halted: HaltReason | None = None
    detail: str = ""
    signal: Signals | None = None
    aborted: bool = False
    requests: Requests = field(default_factory=Requests)
    pace: Mapping[str, Json] = field(default_factory=dict)
    facts: dict[str, Json] = field(default_factory=dict)


class Engine:
    """Carries planned rows to their outcomes; use once."""

    def __init__(self, run_id: RunId, parts: EngineDependencies) -> None:
        self._parts = parts
        self._limiter = RateLimiter(parts.pace, self._pace_changed)
        self._lookups = SharedLookups()
        self._commits = CommitBuffer(lambda group: parts.run_blocking(partial(parts.ledger.settle, run_id, group)))
        self._queue = RowQueue(parts.gate, parts.sink, parts.run_blocking)
        self._stopping = anyio.Event()
        self._workers = WorkerPool(parts.max_in_flight, parts.workers, partial(self._guarded, self._work))
        self._sending = anyio.CancelScope()
        self._proven_token: str | None = None
        self._failure: BatchEnrollError | None = None
        self._sent = self._retried = self._throttled = 0
        self._failing: set[int] = set()
        self._scope = anyio.CancelScope()
        self._result = EngineResult()
        self._now: Callable[[], float] = anyio.current_time
        self._began_at = 0.0

    async def run(
        self,
        planning: BatchSource,
        signals: AsyncIterator[Signals],
        deadline: Callable[[], Awaitable[None]] = anyio.sleep_forever,
    ) -> EngineResult:
        """Sends every planned row and settles it in the ledger.

        The first signal, or the return of `deadline`, lets what is in flight finish within the grace time; what takes
        longer stays claimed. The second signal ends at once and leaves claimed rows unsettled.

        Raises:
            LedgerError: the ledger cannot be written; claimed rows stay claimed.
        """
        self._now = get_running_loop().time  # at a tenth of what anyio.current_time costs
        self._began_at = self._now()
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._listen, signals)
                    tasks.start_soon(self._watch, deadline)
                    tasks.start_soon(self._end_grace)
                    tasks.start_soon(self._guarded, partial(self._read, planning))
                    tasks.start_soon(self._work_all)
                    await self._guarded(self._commits.run)
                    tasks.cancel_scope.cancel()
        finally:
            if self._failure is None:
                with anyio.CancelScope(shield=True):
                    self._give_back()
                    await self._commits.flush()
        if self._failure is not None:
            raise self._failure
        self._result.requests = Requests(self._sent, self._retried, self._throttled)
        self._result.pace = self._parts.pace.told(self._now())
        return self._result

    def stop(self, reason: HaltReason, detail: str) -> None:
        """Takes no more rows; what is in flight is finished. The first reason stands."""
        if self._result.halted is None:
            self._result.halted, self._result.detail = reason, detail
            self._parts.sink.emit(Stopping(reason.value))
            self._stopping.set()
            self._queue.refill_now()
            self._limiter.let_all_through()

    # -- the row's way ------------------------------------------------------------------------------------------------

    async def _carry(self, request: EnrollmentRequest, tries: AttemptState) -> None:
        began_at = self._now()
        while self._result.halted is None:
            turn = await self._turn()
            if turn is None:
                break
            token, start = turn
            answer, took_s = await self._attempt(request, tries, token, start)
            match self._judged(request, tries, answer, token):
                case Settle(outcome):
                    return self._settle(request, outcome, began_at, took_s)
                case RetryAfterWait(state=tries, wait_s=wait_s):
                    if not isinstance(answer, UserEnrollments):
                        failed = AttemptFailed(request.row_no, tries.sent, _cause(answer), wait_s, took_s)
                        self._parts.sink.emit(failed)
                    await self._wait(wait_s)
                case RenewToken(state=tries):
                    await self._token(self._parts.tokens.renew(token))
                case Halt(reason, detail):
                    self.stop(reason, detail)
        return self._settle(
            request, judge.outcome_when_halted(tries, self._result.halted or HaltReason.INTERRUPTED), began_at
        )

    def _judged(self, request: EnrollmentRequest, tries: AttemptState, answer: AttemptResult, token: str) -> Decision:
        if (outcome := judge.outcome_if_created(tries, answer)) is not None:
            return Settle(outcome)
        bench = RetryContext(self._parts.policy, self._parts.draw(), token == self._proven_token, self._down)
        return judge.decide(request, tries, answer, bench)

    async def _seen_by_another(self, request: EnrollmentRequest, tries: AttemptState) -> Outcome | None:
        """What a row that begins with a look-up gets, if another's showed its seat; a missing one is asked for anew."""
        if (seats := await self._lookups.shared(request)) is not None:
            judged = judge.decide(request, tries, seats, RetryContext(self._parts.policy, 0.0, token_proven=True))
            if isinstance(judged, Settle):
                return judged.outcome
        await self._wait(judge.first_wait_s(tries, self._now() - self._began_at, self._parts.policy))
        return None

    async def _turn(self) -> tuple[str, Turn] | None:
        """A token and the allowed start; None when the run stopped meanwhile.

        The token is fetched outside the turn: workers that wait for a new one must not start all at once after it.
        """
        tokens = self._parts.tokens
        while self._result.halted is None:
            if (token := tokens.ready()) is None:
                await self._token(tokens.current())
                continue
            if (turn := self._limiter.try_acquire()) is not None:
                return token, turn
            turn = await self._limiter.acquire()
            token = tokens.ready()
            if token is not None and self._result.halted is None:
                return token, turn
            self._limiter.release_unused(turn)
        return None

    async def _attempt(
        self, request: EnrollmentRequest, tries: AttemptState, token: str, turn: Turn
    ) -> tuple[AttemptResult, float]:
        """What came of one request, and how many seconds it took."""
        self._sent += 1
        self._retried += tries.sent > 0 or tries.throttles > 0 or tries.look_ups > 0 or tries.renewals > 0
        gateway, heard = self._parts.gateway, False
        try:
            if tries.step is not _LOOK_UP:
                self._lookups.sending(request)
                answer: AttemptResult = await gateway.submit(request, token)
            else:
                answer = await gateway.look_up(request.key.user_id, token)
                self._lookups.heard(request, answer)
            heard = True
        finally:
            if not heard:
                self._limiter.release_unused(turn)
        return answer, self._learn(request, answer, token, turn)

    @property
    def _down(self) -> bool:
        """Whether the server answers nobody: one bad row, or a few at the end of a roster, do not prove that."""
        return self._parts.pace.probing and len(self._failing) >= _PROOF_OF_OUTAGE

    def _learn(self, request: EnrollmentRequest, answer: AttemptResult, token: str, turn: Turn) -> float:
        """Tells the pace and the breaker what the answer says of the server's health; the seconds it took."""
        sample = sample_of(answer)
        retry_after_s = answer.retry_after_s if isinstance(answer, Reply) else None
        took_s = self._limiter.release(turn, sample, retry_after_s)
        breaker, why = self._parts.breaker, None
        match sample:
            case Sample.HEALTHY:
                breaker.succeeded()
                self._failing.clear()
                self._proven_token = token
            case Sample.NOTHING:
                breaker.succeeded()
            case Sample.THROTTLED:
                self._throttled += 1
                why = breaker.throttled(self._now())
            case Sample.FAILED:
                self._failing.add(request.row_no)
                why = breaker.failed(self._now(), down=self._down)
        if why is not None:
            self.stop(HaltReason.API_DOWN, f"{why}; the last answer: {_cause(answer)}")
        return took_s

    def _settle(
        self, request: EnrollmentRequest, outcome: Outcome, began_at: float, took_s: float | None = None
    ) -> None:
        self._lookups.heard(request, None)
        self._commits.add(SettledRow(request.row_no, request.key, outcome, request.purpose))
        self._parts.sink.emit(RowSettled(request.row_no, outcome, self._now() - began_at, took_s))
        if (why := self._parts.breaker.settled(outcome)) is not None:
            self.stop(HaltReason.TOO_MANY_FAILURES, why)
        self._queue.settled(request, outcome)

    async def _token(self, fetching: Awaitable[str]) -> None:
        try:
            await fetching
        except AuthRefusedError as error:
            self.stop(HaltReason.AUTH_REFUSED, str(error))
        except RunStoppedError as error:
            self.stop(HaltReason.API_DOWN, str(error))

    async def _wait(self, wait_s: float) -> None:
        if wait_s > 0:
            with self._workers.replaced_while_waiting(), anyio.move_on_after(wait_s):
                await self._stopping.wait()

    # -- around it ----------------------------------------------------------------------------------------------------

    async def _work_all(self) -> None:
        """The workers, until all rows had their turn or the grace time is over."""
        with self._sending:
            await self._workers.run()
        await self._queue.all_read.wait()
        self._commits.close()

    async def _work(self) -> None:
        while not self._workers.oversized and (admitted := await self._queue.next()) is not None:
            request, outcome = admitted
            tries = initial_state(request)
            if outcome is None and tries.step is _LOOK_UP:
                outcome = await self._seen_by_another(request, tries)
            if outcome is None:
                await self._carry(request, tries)
            else:
                self._settle(request, outcome, self._now())

    def _give_back(self) -> None:
        """Settles rows that were read ahead and never touched, when the run was cut off."""
        halted = self._result.halted or HaltReason.INTERRUPTED
        for request in self._queue.unstarted():  # one that was to be looked up stays in doubt
            outcome = judge.outcome_when_halted(initial_state(request), halted)
            self._commits.add(SettledRow(request.row_no, request.key, outcome, request.purpose))

    async def _read(self, planning: BatchSource) -> None:
        try:
            await self._queue.read(planning, self._instead, lambda error: self.stop(HaltReason.GUARD, str(error)))
        except RosterError as error:
            self.stop(HaltReason.ROSTER_UNREADABLE, str(error))

    def _instead(self) -> Outcome | None:
        """What rows get that are read after the run has stopped."""
        halted = self._result.halted
        return None if halted is None else judge.outcome_when_halted(NO_ATTEMPTS, halted)

    async def _listen(self, signals: AsyncIterator[Signals]) -> None:
        async for signal in signals:
            if self._result.signal is not None:
                self._result.aborted = True
                self._scope.cancel()
                return
            self._result.signal = signal
            self.stop(HaltReason.INTERRUPTED, f"stopped by {signal.name}")

    async def _watch(self, deadline: Callable[[], Awaitable[None]]) -> None:
        await deadline()
        self.stop(HaltReason.DEADLINE, DEADLINE_CAME)

    async def _end_grace(self) -> None:
        """Lets go of requests that outlast the grace time; their rows stay claimed, to be looked up when going on."""
        await self._stopping.wait()
        await anyio.sleep(max(self._parts.grace_s, _LEAST_GRACE_S))
        self._sending.cancel()

    async def _guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a task of the group; a run-level failure ends the others and leaves `run` as it is."""
        try:
            await task()
        except BatchEnrollError as error:
            self._failure = self._failure or error
            self._scope.cancel()

    def _pace_changed(self, sample: Sample) -> None:
        pace = self._parts.pace
        paused_s = pace.paused_s(self._now())
        self._parts.sink.emit(PaceChanged(pace.in_flight_limit, pace.rate_per_s, paused_s, sample.value, pace.lost_s))


def _cause(answer: AttemptResult) -> str:
    match answer:
        case Reply():
            return f"HTTP {answer.status}"
        case NoReply():
            return answer.cause
        case _:
            return "seats listed"
