"""Queries to the server, many at once, under the pace that the rows keep.

A query changes nothing on the server, so it is repeated after a lost answer or a 5xx without a look-up; what the server
refuses (an id that it does not know) is an answer. For planners that need to know before they plan, and for comparisons
after a run; what is sent for a row is the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.model import NoReply, Reply
from batch_enroll.core.pace import Sample, sample_of
from batch_enroll.core.verdict.answer_classes import is_about_token
from batch_enroll.core.verdict.attempt_state import RetryContext
from batch_enroll.core.verdict.next_steps import jittered_wait_s
from batch_enroll.engine.request_loop import RequestLoop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from batch_enroll.core.pace import Pace
    from batch_enroll.core.run_record import Requests
    from batch_enroll.core.verdict.attempt_state import Policy
    from batch_enroll.core.verdict.circuit_breaker import Breaker
    from batch_enroll.ports import EventSink, TokenSource

T = TypeVar("T")
Q = TypeVar("Q")

_REFUSED_FOR_ALL: Final = 5  # fresh tokens refused in a row, with no answer between them


@dataclass(frozen=True, slots=True)
class QueryDependencies:
    """The parts of a query runner.

    Attributes:
        draw: returns numbers from [0, 1) for the jitter of waits.
        workers: queries under way, at most.
    """

    tokens: TokenSource
    pace: Pace
    breaker: Breaker
    sink: EventSink
    policy: Policy
    draw: Callable[[], float]
    workers: int


class QueryRunner:
    """Sends queries to one server; several `for_each` may follow one another and share what the pace has learned."""

    def __init__(self, parts: QueryDependencies) -> None:
        self._parts = parts
        self._requests = RequestLoop(parts.tokens, parts.pace, parts.breaker, parts.sink, _raise_outage)
        self._numbers = count(1)
        self._refusals = 0  # fresh tokens refused in a row

    @property
    def requests(self) -> Requests:
        """The requests so far."""
        return self._requests.requests

    async def for_each(self, subjects: Iterable[Q], handler: Callable[[Q], Awaitable[None]]) -> None:
        """Calls `handler`, which awaits `query`, for every subject, several at once, in about their order.

        Raises:
            AuthRefusedError, RunStoppedError: as `query`; the others are cancelled.
        """
        shared = iter(subjects)
        failures: list[AuthRefusedError | RunStoppedError] = []

        async def work() -> None:
            try:
                for subject in shared:
                    await handler(subject)
            except (AuthRefusedError, RunStoppedError) as error:
                failures.append(error)
                workers.cancel_scope.cancel()

        async with anyio.create_task_group() as workers:
            for _ in range(self._parts.workers):
                workers.start_soon(work)
        if failures:
            raise failures[0]

    async def query(self, send: Callable[[str], Awaitable[T | Reply | NoReply]]) -> T | Reply | NoReply:
        """The answer to a query; `send` is called with a token for each attempt.

        A Reply is a refusal, or a 5xx that did not end; a NoReply is a connection that stayed broken.

        Raises:
            AuthRefusedError: the client, or a fresh token, is refused.
            RunStoppedError: the API is down, or its token endpoint.
        """
        history, number = _History(), next(self._numbers)
        while True:
            grant = self._requests.try_acquire() or await self._requests.acquire()
            answer, _ = await self._requests.perform(send(grant[0]), grant, number, repeated=history.begun)
            sample = sample_of(answer)
            if sample is Sample.HEALTHY:
                self._refusals = 0
                return answer
            if isinstance(answer, Reply) and is_about_token(answer):
                if history.renewals:
                    return self._refused(answer)
                history.renewals = 1
                await self._requests.renew_token(grant[0])
            elif history.is_over(sample, self._parts.policy):
                return answer
            else:
                await anyio.sleep(self._wait_s(history))

    def _wait_s(self, history: _History) -> float:
        context = RetryContext(self._parts.policy, self._parts.draw(), token_proven=True)
        return jittered_wait_s(history.failures + history.throttles, context)

    def _refused(self, reply: Reply) -> Reply:
        """Returns a refusal of a fresh token that concerns one query; raises when it concerns them all."""
        self._refusals += 1
        if self._requests.proven_token is None or self._refusals >= _REFUSED_FOR_ALL:
            raise AuthRefusedError(f"the API answers {reply.status} to a fresh token")
        return reply


def _raise_outage(reason: str, _: object) -> None:
    raise RunStoppedError(f"the API is down: {reason}; nothing more was asked")


@dataclass(slots=True)
class _History:
    """The failed attempts of one query."""

    failures: int = 0
    throttles: int = 0
    renewals: int = 0

    @property
    def begun(self) -> bool:
        """True if the query was sent before."""
        return self.failures + self.throttles + self.renewals > 0

    def is_over(self, sample: Sample, policy: Policy) -> bool:
        """Counts one more failed attempt; True if it was the last."""
        self.renewals = 0
        self.failures += sample is Sample.FAILED
        self.throttles += sample is Sample.THROTTLED
        return self.failures >= policy.max_look_ups or self.throttles >= policy.max_throttles
