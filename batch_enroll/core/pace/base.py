"""What every pace has: samples in, allowed starts out, and pauses that hold for everybody."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Meaning, NoReply, Reply

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

DOWN_AFTER: Final = 5  # failures in a row, whoever's rows they were, before probing starts
LONGEST_PAUSE_S: Final = 30.0
NEVER: Final = float("-inf")
NO_LIMIT: Final = float("inf")


class Sample(StrEnum):
    """What one attempt told about the server's health."""

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    FAILED = "failed"
    NOTHING = "nothing"  # the answer was about the token: it says nothing of the server's limits


# Names of their own, since this is asked for every answer, and Python 3.11 takes long to look up a member of an enum.
_HEALTHY: Final = Sample.HEALTHY
_TOKEN_EXPIRED: Final = Meaning.TOKEN_EXPIRED
_SAMPLES: Final = {
    **dict.fromkeys(range(500, 1_000), Sample.FAILED),
    HTTPStatus.REQUEST_TIMEOUT: Sample.FAILED,
    HTTPStatus.UNAUTHORIZED: Sample.NOTHING,
    HTTPStatus.TOO_EARLY: Sample.THROTTLED,
    HTTPStatus.TOO_MANY_REQUESTS: Sample.THROTTLED,
}


def sample_of(answer: object) -> Sample:
    """What an answer tells of the server's health; a refusal of the row is a healthy answer.

    A 503 that names a time to come back is a throttle; without one it is a failure.
    """
    if isinstance(answer, NoReply):
        return Sample.FAILED
    if not isinstance(answer, Reply):
        return _HEALTHY
    if answer.meaning is _TOKEN_EXPIRED:
        return Sample.NOTHING
    if answer.retry_after_s is not None and answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Sample.THROTTLED
    return _SAMPLES.get(answer.status, _HEALTHY)


@frozen
class PaceLimits:
    """Ceilings: requests per second (None: no ceiling) and requests in flight."""

    max_in_flight: int
    rate_per_s: float | None = None


@frozen
class Turn:
    """One allowed start, given back with what came of it.

    Attributes:
        at: when it started.
        in_flight: how many were in flight then, this one included.
        change: how often the pace had been slowed by then.
        round: the round of latencies that it belongs to.
        trial: the rate that its gap to the start before it tried out, if it did.
    """

    at: float
    in_flight: int
    change: int = 0
    trial: float | None = None
    round: int = 0


@frozen
class LearnedLimits:
    """The limits that the server turned out to have; None for what never held us back."""

    rate_per_s: float | None = None
    in_flight: int | None = None


class Pace(ABC):
    """The allowed starts. Pure: it never reads a clock; `now` is seconds of any one clock."""

    def __init__(self) -> None:
        self._earliest = NEVER
        self._resume_at = NEVER
        self._early_s = 0.0  # so much earlier than the gap says somebody may start, if the next one waits the longer
        self._setbacks = 0
        self._probes = 0
        self._slowed_at = NEVER
        self.in_flight = 0
        self.lost_s = 0.0

    @property
    @abstractmethod
    def in_flight_limit(self) -> int:
        """How many may be in flight now."""

    @property
    @abstractmethod
    def rate_per_s(self) -> float | None:
        """The starts a second that are allowed now; None: any number."""

    @property
    def found(self) -> LearnedLimits:
        """The server's limits, as far as they showed."""
        return LearnedLimits()

    @property
    def probing(self) -> bool:
        """Whether the server is taken for down."""
        return self._setbacks >= DOWN_AFTER

    def start_at(self, now: float) -> float | None:
        """The time of the next allowed start, `now` or later; None while too many are in flight."""
        if self.in_flight >= self.in_flight_limit:
            return None
        return max(now, self._earliest - self._early_s, self._resume_at)

    @abstractmethod
    def started(self, now: float) -> Turn:
        """Notes a start."""

    def unused(self, turn: Turn) -> None:
        """Takes back a start whose request was never sent, or whose answer nobody heard."""
        self.in_flight -= 1
        self._unanswered(turn, turn.at)

    @abstractmethod
    def _unanswered(self, turn: Turn, now: float) -> None:
        """A start measured nothing."""

    def ended(self, turn: Turn, now: float, sample: Sample, retry_after_s: float | None = None) -> bool:
        """Notes the end of a request; True when this changed how fast we may go."""
        self.in_flight -= 1
        if sample is _HEALTHY:
            was_probing = self._setbacks >= DOWN_AFTER
            self._setbacks = self._probes = 0
            return self._healthy(turn, now, recovered=was_probing) or was_probing
        if sample is Sample.NOTHING:
            self._unanswered(turn, now)
            return False
        slower = self._throttled if sample is Sample.THROTTLED else self._failed
        return slower(turn, now, retry_after_s or 0.0)

    @abstractmethod
    def begin_other_work(self) -> None:
        """Notes that requests of another kind follow; none is in flight. The limits hold for them, too."""

    def paused_s(self, now: float) -> float:
        """Seconds until anybody may start again because of a refusal or an outage."""
        return max(0.0, self._resume_at - now)

    def told(self, now: float) -> dict[str, Json]:
        """What the run found out, for its summary and the next run: the limits, and the time lost to them."""
        rate = self.found.rate_per_s
        return {
            "rate_per_s": None if rate is None else round(rate, 2),
            "in_flight": self.found.in_flight,
            "lost_s": round(self.lost_s - self.paused_s(now), 1),
        }

    @abstractmethod
    def _healthy(self, turn: Turn, now: float, *, recovered: bool) -> bool: ...

    @abstractmethod
    def _throttled(self, turn: Turn, now: float, retry_after_s: float) -> bool: ...

    @abstractmethod
    def _failed(self, turn: Turn, now: float, retry_after_s: float) -> bool: ...

    def _slows(self, turn: Turn, now: float) -> bool:
        """Whether a setback counts: what was sent before the last one tells nothing about the slower pace."""
        if turn.at < self._slowed_at:
            return False
        self._slowed_at = now
        return True

    def _next_probe_s(self, growth: float = 2.0, longest_s: float = LONGEST_PAUSE_S) -> float:
        """The pause before the next probe of a server that is down: further and further apart."""
        self._probes += 1
        return float(min(longest_s, growth ** min(self._probes - 1, 20)))

    def _pause(self, wait_s: float, now: float) -> bool:
        """Holds everybody back; True if that is longer than before."""
        until, before = now + wait_s, max(now, self._resume_at)
        if until <= before:
            return False
        self.lost_s += until - before
        self._resume_at = until
        return True
