"""How many may be in flight: a bracket of whole numbers around a limit that is not known."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from batch_enroll.core.pace.base import NO_LIMIT

_SMALL_GAIN: Final = 0.05
_PROOF: Final = 3  # answers to a full window before it is grown towards what was refused
_NARROW: Final = 0.02


@dataclass(slots=True)
class ConcurrencyWindow:
    """`value` in flight is borne, `refused` was not; grows only when it was full."""

    value: float
    ceiling: int
    refused: float = NO_LIMIT
    gain: float = 1.0  # for each answer: doubled with every round trip, as TCP's slow start
    proof: int = 0
    met: bool = False

    @property
    def limit(self) -> int:
        """How many may be in flight."""
        return max(1, min(self.ceiling, int(self.value)))

    @property
    def known(self) -> bool:
        """Whether there is nothing left to find out but a change."""
        return self.refused - self.limit <= max(1.0, _NARROW * self.value)

    def answered(self, in_flight: int, *, was_full: bool, may_probe: bool) -> bool:
        """Notes a healthy answer; True if that leads beyond a known limit.

        Args:
            in_flight: as many were in flight when it started.
            was_full: whether the window was full at any time since.
            may_probe: whether a known limit may be tried again.
        """
        if not was_full or self.value >= self.ceiling:
            return False
        if self.refused == NO_LIMIT:
            self.value += self.gain
            self.gain = min(1.0, self.gain * (1.0 + 1.0 / self.value))
        elif in_flight < self.limit:
            return False
        elif not self.known:
            self.proof += 1
            if self.proof >= max(_PROOF, self.limit // 2):
                self.value, self.proof = (self.value + self.refused) / 2.0, 0
        elif may_probe:
            self.value, self.refused, self.gain = float(self.limit + 1), NO_LIMIT, _SMALL_GAIN
            return True
        return False

    def cut(self, in_flight: int, factor: float) -> None:
        """So many in flight were refused."""
        self.refused, self.met = float(in_flight), True
        self.value = max(1.0, min(in_flight - 1.0, factor * in_flight))
        self.proof = 0

    def crowded(self, in_flight: float, ratio: float) -> None:
        """So many in flight made answers `ratio` times as slow: the rest of them only waited. Source: TCP Vegas."""
        self.refused, self.met = max(2.0, in_flight), True
        self.value = max(1.0, min(self.value, in_flight / sqrt(ratio)))
        self.proof = 0

    def free(self, in_flight: float) -> None:
        """What was taken for crowding was not; so many in flight are fine."""
        self.value, self.refused, self.gain = max(self.value, min(in_flight, self.ceiling)), NO_LIMIT, _SMALL_GAIN
