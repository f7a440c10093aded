"""The pace that was asked for: `--pace fixed`.

- Spacing: 1/rate from one start to the next, exactly (see `spacing`).
- In flight: halved when the server refuses (at most once for what was sent before the last cut), and grown by one
  for each full window of answers. Source: additive increase, multiplicative decrease (Chiu and Jain, 1989).
- Pause: Retry-After holds everybody back, not one row. After several failures in a row with no success between them,
  the server is taken for down: one probe at a time, further and further apart, until one succeeds.
"""

from __future__ import annotations

from typing import Final

from batch_enroll.core.pace.base import DOWN_AFTER, Pace, PaceLimits, Turn
from batch_enroll.core.pace.start_spacing import StartSpacing

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 1.0


class FixedPace(Pace):
    """As many and as fast as the limits say; fewer while the server refuses."""

    def __init__(self, limits: PaceLimits) -> None:
        super().__init__()
        self._limits = limits
        self._spacing = StartSpacing(limits.rate_per_s)
        self._window = float(limits.max_in_flight)
        self._slowed = 0

    @property
    def in_flight_limit(self) -> int:
        """How many may be in flight now."""
        return 1 if self._setbacks >= DOWN_AFTER else int(self._window)

    @property
    def rate_per_s(self) -> float | None:
        """The ceiling on starts a second."""
        return self._limits.rate_per_s

    def started(self, now: float) -> Turn:
        """Notes a start."""
        self.in_flight += 1
        self._earliest = self._spacing.next_after(max(self._earliest, self._resume_at), now)
        return Turn(now, self.in_flight)

    def begin_other_work(self) -> None:
        """Nothing is reckoned from how long answers take."""

    def _unanswered(self, turn: Turn, now: float) -> None:
        """Nothing is reckoned from single starts."""

    def _healthy(self, turn: Turn, now: float, *, recovered: bool) -> bool:  # noqa: ARG002 - the other pace needs them
        self._slowed = 0
        if self._limits.rate_per_s is not None and (at := self._spacing.answered(turn.at, now)) is not None:
            self._earliest = at
        if self._window >= self._limits.max_in_flight:
            return False
        before = self.in_flight_limit
        self._window = min(float(self._limits.max_in_flight), self._window + 1.0 / self._window)
        return self.in_flight_limit != before

    def _throttled(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._setbacks += 1
        slows = self._slows(turn, now)
        if slows:
            self._slowed += 1
            self._spacing.refused()
            self._window = max(1.0, self._window / 2.0)
            pause_s = self._next_probe_s() if self.probing else self._short_pause_s()
            retry_after_s = max(retry_after_s, pause_s)
        return self._pause(retry_after_s, now) or slows

    def _short_pause_s(self) -> float:
        """Longer from one refusal to the next. At a given rate a single one is most likely a jitter of the network."""
        rate_per_s = self._limits.rate_per_s
        first_s = _FIRST_PAUSE_S if rate_per_s is None else min(_FIRST_PAUSE_S, 1.0 / rate_per_s)
        return float(min(_LONGEST_PAUSE_S, first_s * 2.0 ** min(self._slowed - 1, 10)))

    def _failed(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._setbacks += 1
        slows = self.probing and self._slows(turn, now)
        if slows:
            retry_after_s = max(retry_after_s, self._next_probe_s())
        return self._pause(retry_after_s, now) or slows
