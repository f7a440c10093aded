"""Questions to the server, many at once, under the pace that the rows keep.

A question changes nothing on the server, so it is put again after a lost answer or a 5xx without a thought; what a
server refuses (an id it does not know) is an answer. For planners that want to know before they plan, and for whoever
compares afterwards; what is sent for a row is the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.events import PaceChanged
from batch_enroll.core.model import NoReply, Reply
from batch_enroll.core.pace import Sample, sample_of
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict.answer_classes import is_about_token
from batch_enroll.core.verdict.attempt_state import RetryContext
from batch_enroll.core.verdict.next_steps import jittered_wait_s
from batch_enroll.engine.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from batch_enroll.core.pace import Pace, Turn
    from batch_enroll.core.verdict.attempt_state import Policy
    from batch_enroll.core.verdict.circuit_breaker import Breaker
    from batch_enroll.ports import EventSink, TokenSource

T = TypeVar("T")
Q = TypeVar("Q")

_REFUSED_FOR_ALL: Final = 5  # refused with a fresh token each, and nothing answered between them


@dataclass(frozen=True, slots=True)
class QueryDependencies:
    """What asking takes. `draw` gives numbers from [0, 1) for the jitter; `workers` ask at once, at most."""

    tokens: TokenSource
    pace: Pace
    breaker: Breaker
    sink: EventSink
    policy: Policy
    draw: Callable[[], float]
    workers: int


class QueryRunner:
    """Puts questions to one server; several `for_each` may follow one another, sharing what the pace has learnt."""

    def __init__(self, means: QueryDependencies) -> None:
        self._means = means
        self._limiter = RateLimiter(means.pace, self._pace_changed)
        self._sent = self._retried = self._throttled = 0
        self._refusals, self._proven = 0, False  # fresh tokens refused in a row, and whether one ever worked

    @property
    def requests(self) -> Requests:
        """What it took so far."""
        return Requests(self._sent, self._retried, self._throttled)

    async def for_each(self, questions: Iterable[Q], handler: Callable[[Q], Awaitable[None]]) -> None:
        """Calls `handler` (which awaits `query`) for every question, several at once, in about the order they come.

        Raises:
            AuthRefusedError, RunStoppedError: as `query`; the others are cancelled.
        """
        shared = iter(questions)
        failures: list[AuthRefusedError | RunStoppedError] = []

        async def work() -> None:
            try:
                for question in shared:
                    await handler(question)
            except (AuthRefusedError, RunStoppedError) as error:
                failures.append(error)
                crew.cancel_scope.cancel()

        async with anyio.create_task_group() as crew:
            for _ in range(self._means.workers):
                crew.start_soon(work)
        if failures:
            raise failures[0]

    async def query(self, question: Callable[[str], Awaitable[T | Reply | NoReply]]) -> T | Reply | NoReply:
        """The answer to `question`, which is called with a token, as often as it takes.

        A Reply is a refusal, or a 5xx that did not end; a NoReply a way there that stayed broken.

        Raises:
            AuthRefusedError: the client, or a fresh token, is refused.
            RunStoppedError: the API is down, or its token endpoint.
        """
        policy, tries = self._means.policy, _Tries()
        while True:
            token, turn = await self._turn()
            self._retried += tries.begun
            answer = await self._attempt(question, token, turn)
            sample = self._learn(answer)
            if isinstance(answer, Reply) and is_about_token(answer):
                if tries.renewals:
                    return self._refused(answer)
                tries.renewals = 1
                await self._means.tokens.renew(token)
            elif sample is Sample.HEALTHY or tries.over(sample, policy):
                return answer
            else:
                bench = RetryContext(policy, self._means.draw(), token_proven=True)
                await anyio.sleep(jittered_wait_s(tries.failures + tries.throttles, bench))

    async def _turn(self) -> tuple[str, Turn]:
        tokens = self._means.tokens
        while True:
            if tokens.ready() is None:
                await tokens.current()
            turn = await self._limiter.acquire()
            if (token := tokens.ready()) is not None:
                return token, turn
            self._limiter.release_unused(turn)

    async def _attempt(
        self, question: Callable[[str], Awaitable[T | Reply | NoReply]], token: str, turn: Turn
    ) -> T | Reply | NoReply:
        self._sent += 1
        heard = False
        try:
            answer = await question(token)
            heard = True
        finally:
            if not heard:
                self._limiter.release_unused(turn)
        retry_after_s = answer.retry_after_s if isinstance(answer, Reply) else None
        self._limiter.release(turn, _sample(answer), retry_after_s)
        return answer

    def _learn(self, answer: object) -> Sample:
        """What the answer says of the server's health; raises when it is the last straw."""
        sample, now, why = _sample(answer), anyio.current_time(), None
        match sample:
            case Sample.HEALTHY:
                self._means.breaker.succeeded()
                self._refusals, self._proven = 0, True
            case Sample.NOTHING:
                self._means.breaker.succeeded()
            case Sample.THROTTLED:
                self._throttled += 1
                why = self._means.breaker.throttled(now)
            case Sample.FAILED:
                why = self._means.breaker.failed(now)
        if why is not None:
            raise RunStoppedError(f"the API is down: {why}; nothing more was asked")
        return sample

    def _refused(self, reply: Reply) -> Reply:
        """A fresh token refused: for this question only, or for all, if no token ever worked or none does any more."""
        self._refusals += 1
        if not self._proven or self._refusals >= _REFUSED_FOR_ALL:
            raise AuthRefusedError(f"the API answers {reply.status} to a fresh token")
        return reply

    def _pace_changed(self, sample: Sample) -> None:
        pace = self._means.pace
        paused_s = pace.paused_s(anyio.current_time())
        self._means.sink.emit(PaceChanged(pace.in_flight_limit, pace.rate_per_s, paused_s, sample.value, pace.lost_s))


@dataclass(slots=True)
class _Tries:
    """What one question has been through."""

    failures: int = 0
    throttles: int = 0
    renewals: int = 0

    @property
    def begun(self) -> bool:
        return self.failures + self.throttles + self.renewals > 0

    def over(self, sample: Sample, policy: Policy) -> bool:
        """Notes an answer that was none, and whether it was the last."""
        self.renewals = 0
        self.failures += sample is Sample.FAILED
        self.throttles += sample is Sample.THROTTLED
        return self.failures >= policy.max_look_ups or self.throttles >= policy.max_throttles


def _sample(answer: object) -> Sample:
    return sample_of(answer) if isinstance(answer, Reply | NoReply) else Sample.HEALTHY
