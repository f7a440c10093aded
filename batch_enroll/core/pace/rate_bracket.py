"""A limit that is not known, between the highest rate that was borne and the lowest that was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from batch_enroll.core.pace.base import NO_LIMIT

NARROW: Final = 1.005  # a bracket so narrow is as good as known
_RUNGS: Final = 8
_JUST_ABOVE: Final = 1.02
_SAFE: Final = 0.998  # of the highest rate that was borne once: it is to be kept up
_FIRST_GAIN: Final = 2.0  # as TCP's slow start: doubled with every round trip
_STEEP: Final = 1.9
_GENTLE: Final = 1.1
_WIDE: Final = 1.1
_SMALL_GAIN: Final = 1.01  # beyond what was refused before; doubles with every success


@dataclass(slots=True)
class RateBracket:
    """Rates per second: `value` is borne, `refused` was not, `ceiling` is never passed.

    A trial climbs a ladder of a few rates, each for a single gap between two starts: a strict server refuses the first
    gap that is too short, so that one trial, and one refusal, narrows the bracket by the number of its rungs. Source:
    the chirps of pathChirp (Ribeiro et al., 2003), which find a link's free bandwidth alike.
    """

    value: float
    ceiling: float = NO_LIMIT
    refused: float = NO_LIMIT
    gain: float = _FIRST_GAIN
    met: bool = False

    @property
    def known(self) -> bool:
        """Whether there is nothing left to find out but a change."""
        return self.refused <= self.value * NARROW or self.value >= self.ceiling

    @property
    def wide(self) -> bool:
        """Whether narrowing it at once is worth a few refusals."""
        return self.refused >= _WIDE * self.value

    @property
    def steep(self) -> bool:
        """Whether nothing was ever refused, so that steps are large."""
        return self.gain >= _STEEP

    def ladder(self) -> list[float]:
        """The rates of the next trial, rising; empty at the ceiling."""
        if self.value >= self.ceiling:
            return []
        if self.known:
            return [min(self.ceiling, self.refused * NARROW)]
        if self.refused < NO_LIMIT:
            steps = _RUNGS + 1
            rates = [self.value * (self.refused / self.value) ** (step / steps) for step in range(1, steps)]
        else:
            steps = _RUNGS if self.gain > _GENTLE else 1
            rates = [self.value * self.gain ** (step / steps) for step in range(1, steps + 1)]
        below = [rate for rate in rates if rate < self.ceiling]
        return below if len(below) == len(rates) else [*below, self.ceiling]

    def passed(self, rate: float) -> None:
        """A whole trial was borne, up to `rate`."""
        self.value = max(self.value, min(rate, self.ceiling))
        if self.value >= self.refused:
            self.refused, self.gain = NO_LIMIT, _SMALL_GAIN
        elif self.refused == NO_LIMIT:
            self.gain = min(_FIRST_GAIN, 1.0 + 2.0 * (self.gain - 1.0))

    def failed(self, rate: float, borne: float) -> None:
        """A trial was refused at `rate` and borne up to `borne`."""
        self.value, self.refused, self.met = max(self.value, _SAFE * borne), rate, True

    def cut(self, factor: float) -> None:
        """The value itself was refused: it was too high, or the limit has fallen."""
        self.refused, self.value, self.met = self.value, self.value * factor, True

    def measured(self, rate: float) -> None:
        """So much got through between two times when nothing more did."""
        self.value, self.refused, self.met = (
            max(rate, self.value / 2.0),
            _JUST_ABOVE * max(rate, self.value / 2.0),
            True,
        )
