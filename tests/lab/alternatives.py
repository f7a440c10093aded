"""Other laws, to compare with: short forms of what well-known clients do, under the same pauses and outages."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Final

from batch_enroll.core.pace import FixedPace, Pace, PaceLimits, SelfTuningPace, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

_CEILING: Final = 100


class _Law(Pace):
    """Base of the other laws: a pause after a refusal, one probe at a time in an outage."""

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.rate = 10.0, float("inf")

    @property
    def in_flight_limit(self) -> int:
        return 1 if self.probing else max(1, min(_CEILING, int(self.limit)))

    @property
    def rate_per_s(self) -> float | None:
        return self.rate

    def started(self, now: float) -> Turn:
        self.in_flight += 1
        self._earliest = now + 1.0 / self.rate
        return Turn(now, self.in_flight)

    def begin_other_work(self) -> None:
        pass

    def _unanswered(self, turn: Turn, now: float) -> None:
        pass

    def _failed(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._setbacks += 1
        probe_s = self._next_probe_s() if self.probing and self._slows(turn, now) else 0.0
        return self._pause(max(retry_after_s, probe_s), now)


class Cubic(_Law):
    """The adaptive retry mode of AWS: a rate cut to 0.7 of what was measured, then back along a cubic (botocore)."""

    _BETA: Final = 0.7
    _SCALE: Final = 0.4

    def __init__(self) -> None:
        super().__init__()
        self.limit = float(_CEILING)
        self._most, self._cut_at, self._limited = 0.0, 0.0, False
        self._measured, self._second, self._count = 0.0, 0.0, 0

    def _measure(self, now: float) -> None:
        self._count += 1
        if now - self._second >= 0.5:
            self._measured = 0.8 * self._count / (now - self._second) + 0.2 * self._measured
            self._second, self._count = now, 0

    def _healthy(self, turn: Turn, now: float, *, recovered: bool) -> bool:
        self._measure(now)
        if self._limited:
            root = (self._most * (1.0 - self._BETA) / self._SCALE) ** (1.0 / 3.0)
            wanted = self._SCALE * (now - self._cut_at - root) ** 3 + self._most
            self.rate = max(0.5, min(wanted, 2.0 * self._measured))
        return False

    def _throttled(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._measure(now)
        used = min(self._measured, self.rate) if self._limited else self._measured
        self._limited, self._most, self._cut_at = True, used, now
        self.rate = max(0.5, used * self._BETA)
        return self._pause(retry_after_s, now)


class Vegas(_Law):
    """The Vegas limit of Netflix's concurrency-limits: as many in flight as do not queue; fewer when refused."""

    def __init__(self) -> None:
        super().__init__()
        self._best_s = float("inf")

    def _healthy(self, turn: Turn, now: float, *, recovered: bool) -> bool:
        latency_s = max(now - turn.at, 1e-6)
        self._best_s = min(self._best_s, latency_s)
        if self.in_flight * 2 < self.limit:
            return False
        queue, log = self.limit * (1.0 - self._best_s / latency_s), max(1.0, log10(self.limit))
        if queue <= log:
            self.limit += 6.0 * log
        elif queue < 3.0 * log:
            self.limit += log
        elif queue > 6.0 * log:
            self.limit -= log
        self.limit = min(float(_CEILING), max(1.0, self.limit))
        return False

    def _throttled(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self.limit = max(1.0, self.limit - max(1.0, log10(self.limit)))
        return self._pause(retry_after_s, now)


LAWS: Final[dict[str, Callable[[], Pace]]] = {
    "ours": lambda: SelfTuningPace(PaceLimits(_CEILING)),
    "10 at once": lambda: FixedPace(PaceLimits(10)),
    "AIMD to 100": lambda: FixedPace(PaceLimits(_CEILING)),
    "cubic (AWS)": Cubic,
    "Vegas (Netflix)": Vegas,
}
