"""Refusals that have nothing to do with how fast we are: cutting for them would never end."""

from __future__ import annotations

from collections import deque
from typing import Final

_ISOLATED: Final = 5  # answers before a refusal that stands alone
_CYCLES: Final = 12
_SLOWER: Final = 0.9  # than at the beginning of those cycles, and as many refusals as ever: they are noise
_AS_MANY: Final = 1.3
_LARGEST: Final = 0.02  # of the answers: more than this is no noise
_WINDOW: Final = 100.0
_TOLERATED: Final = 3.0  # times the usual noise


class UnrelatedRefusals:
    """Tells single refusals that go on whatever the rate from those that a lower rate ends."""

    def __init__(self) -> None:
        self._cycles: deque[tuple[float, int]] = deque(maxlen=_CYCLES)
        self._share = 0.0
        self._lately = 0.0
        self._together = 0

    def answered(self) -> None:
        """Notes a healthy answer."""
        self._lately *= 1.0 - 1.0 / _WINDOW

    def refused(self) -> None:
        """Notes any refusal."""
        self._lately += 1.0
        self._together += 1

    def tolerates(self) -> bool:
        """Whether the latest refusal is no more than the noise that is known."""
        return self._lately <= _TOLERATED * self._share * _WINDOW

    def cut(self, rate: float, answers: int) -> float | None:
        """Notes a cut of `rate` after so many healthy answers; the rate to go back to if cutting was of no use."""
        together, self._together = self._together, 0
        if answers < _ISOLATED or together > 1:
            self._cycles.clear()
            return None
        self._cycles.append((rate, answers))
        half = _CYCLES // 2
        before = sum(answers for _, answers in list(self._cycles)[:half])
        after = sum(answers for _, answers in list(self._cycles)[half:])
        fastest = max(rate for rate, _ in self._cycles)
        share = _CYCLES / (before + after)
        few = len(self._cycles) == _CYCLES and share <= _LARGEST
        if not few or rate > _SLOWER * fastest or after > _AS_MANY * before:
            return None
        self._cycles.clear()
        self._share = share
        return fastest
