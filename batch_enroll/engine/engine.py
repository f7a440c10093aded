"""Carries every planned row to its outcome.

One task group holds the reader (plans and claims batches ahead of the workers), the workers, the committer, and the
watch for signals and the deadline. `_carry` is a row's way from claim to settle, read from top to bottom.
"""

from __future__ import annotations

from asyncio import get_running_loop
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from batch_enroll.core.errors import AuthRefusedError, BatchEnrollError, RosterError, RunStoppedError
from batch_enroll.core.events import AttemptFailed, RowSettled, Stopping
from batch_enroll.core.model import Action, NoReply, Reply, SettledRow, UserEnrollments
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
from batch_enroll.engine.request_loop import RequestLoop
from batch_enroll.engine.row_queue import RowQueue
from batch_enroll.engine.stop_triggers import watch_for_stop
from batch_enroll.engine.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from signal import Signals

    from batch_enroll.core.model import EnrollmentRequest, Json, Outcome, RunId
    from batch_enroll.core.pace import Pace
    from batch_enroll.core.planning.probe_gate import ProbeGate
    from batch_enroll.core.verdict.attempt_state import AttemptResult, AttemptState, Decision, Policy
    from batch_enroll.core.verdict.circuit_breaker import Breaker
    from batch_enroll.engine.request_loop import Grant
    from batch_enroll.engine.row_queue import BatchSource, BlockingRunner
    from batch_enroll.ports import EventSink, Gateway, Ledger, TokenSource

T = TypeVar("T")

_LOOK_UP = Action.LOOK_UP  # each row needs it, and Python 3.11 takes long to look up a member of an enum
_LEAST_GRACE_S: Final = 0.1  # for rows that were never sent: they are settled without a request


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
    """The end of a run's sending.

    Attributes:
        halted: the reason why it stopped early; None when every row was carried.
        detail: the same in a sentence.
        signal: the signal that asked for it.
        aborted: a second signal ended it at once; some rows are claimed and unsettled.
        requests: the requests it took.
        pace: what it learned about the server's limits, and the time lost to them.
        facts: other facts to record with the run.
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
        self._requests = RequestLoop(parts.tokens, parts.pace, parts.breaker, parts.sink, self._stop_in_outage)
        self._lookups = SharedLookups()
        self._commits = CommitBuffer(lambda group: parts.run_blocking(partial(parts.ledger.settle, run_id, group)))
        self._queue = RowQueue(parts.gate, parts.sink, parts.run_blocking)
        self._stopping = anyio.Event()
        self._workers = WorkerPool(parts.max_in_flight, parts.workers, partial(self._guarded, self._work))
        self._sending = anyio.CancelScope()
        self._failure: BatchEnrollError | None = None
        self._scope = anyio.CancelScope()
        self._result = EngineResult()
        self._now: Callable[[], float] = anyio.current_time
        self._began_at = 0.0

    async def run(
        self,
        batches: BatchSource,
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
                    tasks.start_soon(watch_for_stop, signals, deadline, self._stop_from_outside)
                    tasks.start_soon(self._end_grace)
                    tasks.start_soon(self._guarded, partial(self._read, batches))
                    tasks.start_soon(self._work_all)
                    await self._guarded(self._commits.run)
                    tasks.cancel_scope.cancel()
        finally:
            if self._failure is None:
                with anyio.CancelScope(shield=True):
                    self._settle_unstarted()
                    await self._commits.flush()
        if self._failure is not None:
            raise self._failure
        self._result.requests = self._requests.requests
        self._result.pace = self._parts.pace.told(self._now())
        return self._result

    def stop(self, reason: HaltReason, detail: str) -> None:
        """Takes no more rows; what is in flight is finished. The first reason counts."""
        if self._result.halted is None:
            self._result.halted, self._result.detail = reason, detail
            self._parts.sink.emit(Stopping(reason.value))
            self._stopping.set()
            self._queue.refill_now()
            self._requests.stop()

    # -- the row's way ------------------------------------------------------------------------------------------------

    async def _carry(self, request: EnrollmentRequest, state: AttemptState) -> None:
        began_at = self._now()
        while self._result.halted is None:
            grant = self._requests.try_acquire() or await self._acquire()
            if grant is None:
                break
            token, _ = grant
            repeated = state.sent > 0 or state.throttles > 0 or state.look_ups > 0 or state.renewals > 0
            sending = self._send(request, state, token)
            answer, took_s = await self._requests.perform(sending, grant, request.row_no, repeated=repeated)
            if state.step is _LOOK_UP:
                self._lookups.record(request, answer)
            match self._decide(request, state, answer, token):
                case Settle(outcome):
                    return self._settle(request, outcome, began_at, took_s)
                case RetryAfterWait(state=state, wait_s=wait_s):
                    self._emit_failure(request, state, answer, wait_s, took_s)
                    await self._wait(wait_s)
                case RenewToken(state=state):
                    await self._stop_if_refused(self._requests.renew_token(token))
                case Halt(reason, detail):
                    self.stop(reason, detail)
        outcome = judge.outcome_when_halted(state, self._result.halted or HaltReason.INTERRUPTED)
        return self._settle(request, outcome, began_at)

    async def _acquire(self) -> Grant | None:
        """The right to send one request; None when the run has stopped, or stops now for want of a token."""
        return await self._stop_if_refused(self._requests.acquire())

    def _send(self, request: EnrollmentRequest, state: AttemptState, token: str) -> Awaitable[AttemptResult]:
        if state.step is _LOOK_UP:
            return self._parts.gateway.look_up(request.key.user_id, token)
        self._lookups.forget(request)
        return self._parts.gateway.submit(request, token)

    def _decide(self, request: EnrollmentRequest, state: AttemptState, answer: AttemptResult, token: str) -> Decision:
        if (outcome := judge.outcome_if_created(state, answer)) is not None:
            return Settle(outcome)
        token_proven = token == self._requests.proven_token
        context = RetryContext(self._parts.policy, self._parts.draw(), token_proven, self._requests.is_down)
        return judge.decide(request, state, answer, context)

    def _settle(
        self, request: EnrollmentRequest, outcome: Outcome, began_at: float, took_s: float | None = None
    ) -> None:
        self._lookups.record(request, None)
        self._commits.add(SettledRow(request.row_no, request.key, outcome, request.purpose))
        self._parts.sink.emit(RowSettled(request.row_no, outcome, self._now() - began_at, took_s))
        if (reason := self._parts.breaker.settled(outcome)) is not None:
            self.stop(HaltReason.TOO_MANY_FAILURES, reason)
        self._queue.settled(request, outcome)

    def _emit_failure(
        self, request: EnrollmentRequest, state: AttemptState, answer: AttemptResult, wait_s: float, took_s: float
    ) -> None:
        if not isinstance(answer, UserEnrollments):  # a look-up that was answered did not fail
            self._parts.sink.emit(AttemptFailed(request.row_no, state.sent, _describe(answer), wait_s, took_s))

    async def _wait(self, wait_s: float) -> None:
        if wait_s > 0:
            with self._workers.replaced_while_waiting(), anyio.move_on_after(wait_s):
                await self._stopping.wait()

    async def _stop_if_refused(self, tokens: Awaitable[T]) -> T | None:
        """What `tokens` returns; None when no token can be had, which stops the run."""
        try:
            return await tokens
        except AuthRefusedError as error:
            self.stop(HaltReason.AUTH_REFUSED, str(error))
        except RunStoppedError as error:
            self.stop(HaltReason.API_DOWN, str(error))
        return None

    async def _take_shared(self, request: EnrollmentRequest, state: AttemptState) -> Outcome | None:
        """The outcome of a row that begins with a look-up, if the look-up of another row showed it; else None."""
        if (enrollments := await self._lookups.get_or_claim(request)) is not None:
            context = RetryContext(self._parts.policy, 0.0, token_proven=True)
            decision = judge.decide(request, state, enrollments, context)
            if isinstance(decision, Settle):
                return decision.outcome
        await self._wait(judge.first_wait_s(state, self._now() - self._began_at, self._parts.policy))
        return None

    # -- around it ----------------------------------------------------------------------------------------------------

    async def _work_all(self) -> None:
        """Runs the workers until every row was carried or the grace time is over."""
        with self._sending:
            await self._workers.run()
        await self._queue.all_read.wait()
        self._commits.close()

    async def _work(self) -> None:
        while not self._workers.oversized and (admitted := await self._queue.next()) is not None:
            request, outcome = admitted
            state = initial_state(request)
            if outcome is None and state.step is _LOOK_UP:
                outcome = await self._take_shared(request, state)
            if outcome is None:
                await self._carry(request, state)
            else:
                self._settle(request, outcome, self._now())

    def _settle_unstarted(self) -> None:
        """Settles rows that were read ahead and never started, when the run was aborted."""
        halted = self._result.halted or HaltReason.INTERRUPTED
        for request in self._queue.unstarted():  # one that was to be looked up stays in doubt
            outcome = judge.outcome_when_halted(initial_state(request), halted)
            self._commits.add(SettledRow(request.row_no, request.key, outcome, request.purpose))

    async def _read(self, batches: BatchSource) -> None:
        try:
            await self._queue.read(
                batches, self._outcome_after_halt, lambda error: self.stop(HaltReason.GUARD, str(error))
            )
        except RosterError as error:
            self.stop(HaltReason.ROSTER_UNREADABLE, str(error))

    def _outcome_after_halt(self) -> Outcome | None:
        """The outcome of rows that are read after the run has stopped; None before that."""
        halted = self._result.halted
        return None if halted is None else judge.outcome_when_halted(NO_ATTEMPTS, halted)

    def _stop_from_outside(self, reason: HaltReason, detail: str, signal: Signals | None = None) -> None:
        if signal is not None and self._result.signal is not None:
            self._result.aborted = True
            self._scope.cancel()
            return
        self._result.signal = signal or self._result.signal
        self.stop(reason, detail)

    def _stop_in_outage(self, reason: str, answer: object) -> None:
        self.stop(HaltReason.API_DOWN, f"{reason}; the last answer: {_describe(answer)}")

    async def _end_grace(self) -> None:
        """Drops requests that outlast the grace time; their rows stay claimed, to be looked up by the next run."""
        await self._stopping.wait()
        await anyio.sleep(max(self._parts.grace_s, _LEAST_GRACE_S))
        self._sending.cancel()

    async def _guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        """Runs a task of the group; an error that ends the run ends the other tasks, too, and is raised by `run`."""
        try:
            await task()
        except BatchEnrollError as error:
            self._failure = self._failure or error
            self._scope.cancel()


def _describe(answer: object) -> str:
    match answer:
        case Reply():
            return f"HTTP {answer.status}"
        case NoReply():
            return answer.cause
        case _:
            return "enrollments listed"
