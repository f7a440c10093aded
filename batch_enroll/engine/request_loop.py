"""The way of one request under the run's pace: token, turn, attempt, sample. Rows and queries share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import anyio

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.events import PaceChanged
from batch_enroll.core.model import Reply
from batch_enroll.core.pace import Sample, sample_of
from batch_enroll.core.run_record import Requests
from batch_enroll.engine.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from batch_enroll.core.pace import Pace, Turn
    from batch_enroll.core.verdict.circuit_breaker import Breaker
    from batch_enroll.ports import EventSink, TokenSource

T = TypeVar("T")

_PROOF_OF_OUTAGE: Final = 5  # different rows or queries that failed with no success between them


Grant: TypeAlias = "tuple[str, Turn]"  # the right to send one request: its token and the allowed start


class RequestLoop:
    """Sends requests as the pace allows, and learns from the answers how the server is.

    Args:
        tokens: bearer tokens.
        pace: allowed starts.
        breaker: the limits of failure.
        sink: where changes of the pace are emitted.
        on_outage: called with the reason when the breaker gives up, and with the last answer; it may raise.
    """

    def __init__(
        self,
        tokens: TokenSource,
        pace: Pace,
        breaker: Breaker,
        sink: EventSink,
        on_outage: Callable[[str, object], None],
    ) -> None:
        self._tokens = tokens
        self._pace = pace
        self._breaker = breaker
        self._sink = sink
        self._on_outage = on_outage
        self._limiter = RateLimiter(pace, self._emit_change)
        self._sent = self._retried = self._throttled = 0
        self._failing: set[int] = set()
        self._stopped = False
        self.proven_token: str | None = None

    @property
    def requests(self) -> Requests:
        """The requests so far."""
        return Requests(self._sent, self._retried, self._throttled)

    @property
    def is_down(self) -> bool:
        """True while the server answers no one; one bad row, or a few at the end of a roster, do not prove that."""
        return self._pace.probing and len(self._failing) >= _PROOF_OF_OUTAGE

    def stop(self) -> None:
        """Lets no further request start; those in flight are not touched."""
        self._stopped = True
        self._limiter.let_all_through()

    def try_acquire(self) -> Grant | None:
        """A grant if there is one without waiting. Pair with `perform`."""
        if (token := self._tokens.ready()) is not None and (turn := self._limiter.try_acquire()) is not None:
            return token, turn
        return None

    async def acquire(self) -> Grant:
        """Waits for a grant. Pair with `perform`.

        The token is fetched outside the turn: workers that wait for a new one must not start all at once after it.

        Raises:
            AuthRefusedError: the token endpoint refuses the client.
            RunStoppedError: the token endpoint cannot be reached, or `stop` was called.
        """
        while not self._stopped:
            if self._tokens.ready() is None:
                await self._tokens.current()
                continue
            turn = await self._limiter.acquire()
            token = self._tokens.ready()
            if token is not None and not self._stopped:
                return token, turn
            self._limiter.release_unused(turn)
        raise RunStoppedError("the run has stopped")

    async def perform(self, request: Awaitable[T], grant: Grant, subject: int, *, repeated: bool) -> tuple[T, float]:
        """The answer to `request` and its seconds; `subject` numbers the row or query, for the proof of an outage."""
        token, turn = grant
        self._sent += 1
        self._retried += repeated
        answered = False
        try:
            answer = await request
            answered = True
        finally:
            if not answered:
                self._limiter.release_unused(turn)
        return answer, self._learn(answer, token, turn, subject)

    async def renew_token(self, stale: str) -> None:
        """Fetches another token than `stale`. Raises as `acquire`."""
        await self._tokens.renew(stale)

    def _learn(self, answer: object, token: str, turn: Turn, subject: int) -> float:
        """Passes the state of the server to the pace and the breaker; returns the seconds of the request."""
        sample = sample_of(answer)
        retry_after_s = answer.retry_after_s if isinstance(answer, Reply) else None
        took_s = self._limiter.release(turn, sample, retry_after_s)
        breaker, reason = self._breaker, None
        match sample:
            case Sample.HEALTHY:
                breaker.succeeded()
                self._failing.clear()
                self.proven_token = token
            case Sample.NOTHING:
                breaker.succeeded()
            case Sample.THROTTLED:
                self._throttled += 1
                reason = breaker.throttled(anyio.current_time())
            case Sample.FAILED:
                self._failing.add(subject)
                reason = breaker.failed(anyio.current_time(), down=self.is_down)
        if reason is not None:
            self._on_outage(reason, answer)
        return took_s

    def _emit_change(self, sample: Sample) -> None:
        pace = self._pace
        paused_s = pace.paused_s(anyio.current_time())
        self._sink.emit(PaceChanged(pace.in_flight_limit, pace.rate_per_s, paused_s, sample.value, pace.lost_s))
