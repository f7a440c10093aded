"""Whether answers have become slower than chance can explain.

Compared are the 30th percentiles of a calm round and of the latest one: queueing delays everybody, while heavy tails,
new connections and a few slow rows touch the upper half only. The rise must be material and beyond chance by a
distribution-free bound on the quantile, so that a jumpy server is given more room than a steady one; and it must be
more than our own event loop adds when it is busy, which is no news of the server.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.pace.base import NO_LIMIT

_QUANTILE: Final = 0.3
_SURE: Final = 2.5  # standard deviations, for two rounds one after the other,
_OBVIOUS: Final = 3.6  # or for one round, if both load and latency have grown so much:
_STEEP: Final = 1.5
_MATERIAL: Final = 1.1
_OURS_S: Final = 0.03  # a hundred answers that come at once are worked off in about that
_ROUND: Final = 20
_LONGEST_ROUND: Final = 100
_KEPT: Final = 200  # latencies of calm rounds
_HEARD: Final = 0.8  # of a round must be answered; the rest are slower than the quantile anyway
_SAME_LOAD: Final = 1.1
_UNCROWDED: Final = 0.7  # of a load that was crowded


@frozen
class Slow:
    """A slow round: how many were in flight, how many times as slow as usual, and the latency.

    `steady`: the number in flight was the same for long enough that the latency is a measure of it.
    """

    load: float
    ratio: float
    latency_s: float
    steady: bool


@dataclass(slots=True)
class _Round:
    """Starts one after the other: taken by the order of answers instead, the quick ones would come first."""

    size: int
    started: int = 0
    load: int = 0
    heard: list[float] = field(default_factory=list)


class LatencyWatch:
    """Rounds of latencies, each judged against the calm ones.

    Attributes:
        suspicious: the latest round was slow; the next one decides.
        eased: rounds judged to be as usual.
    """

    def __init__(self) -> None:
        self._calm: deque[float] = deque(maxlen=_KEPT)
        self._calm_load = self._crowded_load = 0.0
        self._rounds: dict[int, _Round] = {}
        self._number = 0
        self.eased = 0
        self.suspicious = False
        self._quick = False

    def started(self, in_flight: int) -> int:
        """Notes a start; the number of its round."""
        latest = self._rounds.get(self._number)
        if latest is None or latest.started >= latest.size:
            self._number += 1
            latest = self._rounds[self._number] = _Round(min(_LONGEST_ROUND, max(_ROUND, in_flight)))
        latest.started += 1
        latest.load += in_flight
        return self._number

    def unheard(self, number: int) -> None:
        """A start of that round measured nothing."""
        if (its := self._rounds.get(number)) is not None:
            its.size -= 1
            its.started -= 1

    def heard(self, number: int, latency_s: float) -> Slow | None:
        """Notes an answer; at the end of the second slow round in a row, or an obvious one, what that was like."""
        its = self._rounds.get(number)
        if its is None:
            return None
        its.heard.append(latency_s)
        if its.started < its.size or len(its.heard) < _HEARD * its.size:
            return None
        del self._rounds[number]
        unheard = [NO_LIMIT] * (its.size - len(its.heard))  # slower than all that were heard: only so is there no bias
        return self._judged([*sorted(its.heard), *unheard], its.load / max(1, its.started))

    def forget_rounds(self) -> None:
        """Begins anew: the pace has changed."""
        self._rounds.clear()
        self.suspicious = False

    def accept(self) -> None:
        """The next round becomes the calm one: slowing down did not help, so it is not our doing."""
        self._calm.clear()

    def _judged(self, latest: list[float], load: float) -> Slow | None:
        seen = _at(latest, _QUANTILE)
        if not self._calm:
            self._take(latest, load)
            return None
        calm = sorted(self._calm)
        spread = sqrt(_QUANTILE * (1.0 - _QUANTILE) * (1.0 / len(latest) + 1.0 / len(calm)))
        usual = _at(calm, _QUANTILE)
        if seen > max(_MATERIAL * usual, usual + _OURS_S, _at(calm, _QUANTILE + _SURE * spread)):
            if load <= _SAME_LOAD * self._calm_load:
                self.accept()
                self._take(latest, load)
                return None
            steep = load > _STEEP * self._calm_load and seen > _STEEP * usual
            return self._slow(load, seen, usual, obvious=steep and seen > _at(calm, _QUANTILE + _OBVIOUS * spread))
        self.suspicious = False
        self.eased += 1
        before, quick = self._quick, seen < min(usual / _MATERIAL, _at(calm, _QUANTILE - _SURE * spread))
        self._quick = quick and not before
        if quick and before:  # a single quick round may be luck, and would stay the measure of all others
            self.accept()
            self._take(latest, load)
        elif not quick and load <= max(_SAME_LOAD * self._calm_load, _UNCROWDED * self._crowded_load):
            self._take(latest, load)
        return None

    def _slow(self, load: float, seen: float, usual: float, *, obvious: bool) -> Slow | None:
        steady = self.suspicious
        self.suspicious = not (steady or obvious)
        if self.suspicious:
            return None
        self._crowded_load = min(load, self._crowded_load or load)
        return Slow(load, seen / usual, seen, steady=steady)

    def _take(self, latest: list[float], load: float) -> None:
        if not self._calm:  # later rounds add to what is known, but must not let the bar creep up
            self._calm_load, self._crowded_load = load, 0.0
        self._calm.extend(latest)


def _at(latencies: list[float], share: float) -> float:
    """The latency that this share of them is below; of shares out of range, the least or the greatest."""
    return latencies[min(len(latencies) - 1, max(0, int(share * len(latencies))))]
