"""How fast and how many at once.

Three rules, all shared by every worker:
- Spacing: no request starts earlier than the actual start before it + 1/rate. A fixed grid (`slot += 1/rate`) makes
  up for late timers with early starts, and a strict server refuses those (measured: 19-39 %).
- In flight: halved when the server refuses (at most once for what was sent before the last cut), and grown by one
  for each full window of answers. Source: additive increase, multiplicative decrease (Chiu and Jain, 1989).
- Pause: Retry-After holds everybody back, not one row. After several failures in a row with no success between them,
  the server is taken for down: one probe at a time, further and further apart, until one succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import NoReply, Reply

if TYPE_CHECKING:
    from batch_enroll.core.model import Seats

_DOWN_AFTER: Final = 5  # failures in a row, whoever's rows they were, before probing starts
_LONGEST_PAUSE_S: Final = 30.0


class Sample(StrEnum):
    """What one attempt told about the server's health."""

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    FAILED = "failed"


def sample_of(answer: Seats | Reply | NoReply) -> Sample:
    """What an answer tells of the server's health; a refusal of the row or the token is a healthy answer.

    A 503 that names a time to come back is a throttle; without one it is a failure.
    """
    match answer:
        case NoReply():
            return Sample.FAILED
        case Reply(status=HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.TOO_EARLY):
            return Sample.THROTTLED
        case Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=float()):
            return Sample.THROTTLED
        case Reply(status=status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return Sample.FAILED
        case _:
            return Sample.HEALTHY


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """Ceilings: requests per second (None: no ceiling) and requests in flight."""

    max_in_flight: int
    rate_per_s: float | None = None


class Pace:
    """The allowed starts. Pure: it never reads a clock; `now` is seconds of any one clock."""

    def __init__(self, limits: PaceLimits) -> None:
        self._limits = limits
        self._spacing_s = 0.0 if limits.rate_per_s is None else 1.0 / limits.rate_per_s
        self._window = float(limits.max_in_flight)
        self._earliest = 0.0
        self._resume_at = 0.0
        self._slowed_at = float("-inf")
        self._slowed = 0
        self._setbacks = 0
        self.in_flight = 0

    @property
    def in_flight_limit(self) -> int:
        """How many may be in flight now."""
        return 1 if self.probing else max(1, int(self._window))

    @property
    def rate_per_s(self) -> float | None:
        """The ceiling on starts a second."""
        return self._limits.rate_per_s

    @property
    def probing(self) -> bool:
        """Whether the server is taken for down."""
        return self._setbacks >= _DOWN_AFTER

    def start_at(self, now: float) -> float | None:
        """The time of the next allowed start, `now` or later; None while too many are in flight."""
        if self.in_flight >= self.in_flight_limit:
            return None
        return max(now, self._earliest, self._resume_at)

    def started(self, now: float) -> None:
        """Notes a start."""
        self.in_flight += 1
        self._earliest = now + self._spacing_s

    def unused(self) -> None:
        """Takes back a start whose request was never sent."""
        self.in_flight -= 1

    def ended(self, started_at: float, now: float, sample: Sample, retry_after_s: float | None = None) -> bool:
        """Notes the end of a request; True when this changed how fast we may go."""
        self.in_flight -= 1
        if sample is Sample.HEALTHY:
            return self._healthy()
        self._setbacks += 1
        wait_s = retry_after_s or 0.0
        # What was sent before the last cut tells nothing about how the server takes the slower pace.
        slows = started_at >= self._slowed_at and (self.probing or sample is Sample.THROTTLED)
        if slows:
            self._slowed_at = now
            self._slowed += 1
            wait_s = max(wait_s, self._next_pause_s())
            if sample is Sample.THROTTLED:
                self._window = max(1.0, self._window / 2.0)
        return self._pause(now + wait_s, now) or slows

    def paused_s(self, now: float) -> float:
        """Seconds until anybody may start again because of a refusal or an outage."""
        return max(0.0, self._resume_at - now)

    def _healthy(self) -> bool:
        was_probing, self._setbacks, self._slowed = self.probing, 0, 0
        before = self.in_flight_limit
        self._window = min(float(self._limits.max_in_flight), self._window + 1.0 / self._window)
        return was_probing or self.in_flight_limit != before

    def _next_pause_s(self) -> float:
        if self.probing:
            return float(min(_LONGEST_PAUSE_S, 2.0 ** min(self._slowed - 1, 10)))
        return float(min(1.0, 0.1 * 2.0 ** min(self._slowed - 1, 10)))

    def _pause(self, until: float, now: float) -> bool:
        longer = until > max(now, self._resume_at)
        self._resume_at = max(self._resume_at, until)
        return longer
