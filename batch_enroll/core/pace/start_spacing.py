"""Starts at a known rate, as near to it as the server bears.

A timer wakes late and a network jitters, so whoever keeps a fixed grid starts the next one early, and a strict bucket
refuses it (measured: 19-39 %); whoever counts from each actual start drifts below the rate. Here the gap counts from
the actual start and has a small guard on top, which shrinks while nobody is refused: to nothing, and then to the grid
itself, on which a late start is made up for by the next. A refusal sends it back to the whole guard for long, and to
a little wider, until refusals are as rare as one in thousands: how exactly a machine keeps time differs.

What has to be guarded against most is a request that reached the server late, so that the next one seems early. Its
answer, if it is there in time, tells how late at most: by as much as it took longer than usual. The next start waits so
much longer. (Against a strict bucket on loopback, 200 requests a second: a constant guard that leaves 0.1 % refused
costs 4 % of the rate; with this the guard can be half as wide, and both together cost 2.5 %.)
"""

from __future__ import annotations

from typing import Final

_GUARDS: Final = (1.0, 0.5, 0.25, 0.0)  # shares of the widest guard; the step after the last one is the grid
_GRID: Final = len(_GUARDS)
_GUARD_S: Final = 2e-4  # about what an event loop and a socket add or take; found against a strict bucket on loopback
_GUARD_SHARE: Final = 0.02  # of the gap, at most
_WIDEST_S, _WIDEST_SHARE = 4e-4, 0.04  # the same after refusals
_LATEST_SHARE: Final = 0.1  # of the gap, at most, for what an answer tells: it is seldom much
_WIDER: Final = 0.2  # by so much of the first guard
_WARM: Final = 100  # starts, in which connections are opened: refusals tell nothing of the guard
_USUAL: Final = 200  # answers
_MADE_UP_SHARE: Final = 0.5  # of the gap, at most: a start is never nearer to the one before
_CALM: Final = 500  # starts on one step before the next is tried
_CALM_AFTER_REFUSAL: Final = 4_000  # a step that was refused is tried again at a cost of less than 0.1 %
_RARE: Final = 1_500  # starts after which a refusal is forgiven
_LONGEST_CALM: Final = 64_000


class StartSpacing:
    """The times of starts `rate_per_s` apart; None: no distance."""

    def __init__(self, rate_per_s: float | None) -> None:
        self._gap_s = 0.0 if rate_per_s is None else 1.0 / rate_per_s
        self._guard_s = self._least_s = min(_GUARD_S, _GUARD_SHARE * self._gap_s)
        self._wider_s = _WIDER * self._guard_s
        self._widest_s = min(_WIDEST_S, _WIDEST_SHARE * self._gap_s)
        self._step = self._calm = 0
        self._needed = _CALM
        self._starts = 0
        self._last = float("-inf")
        self._answers = 0
        self._usual_s = 0.0

    def next_after(self, due: float, now: float) -> float:
        """The earliest start after one at `now` that was due at `due`."""
        if not self._gap_s:
            return now
        self._last = now
        self._starts += 1
        self._calm += 1
        self._guard_s = max(self._least_s, self._guard_s - self._wider_s / _RARE)
        if self._calm > self._needed and self._step < _GRID:
            self._step, self._calm = self._step + 1, 0
        if self._step < _GRID:
            return now + self._gap_s + _GUARDS[self._step] * self._guard_s
        late_s = now - due
        return now + self._gap_s - (late_s if late_s < _MADE_UP_SHARE * self._gap_s else 0.0)

    def answered(self, started: float, now: float) -> float | None:
        """The earliest start after the last one, if that is the one at `started`, answered at `now`; else None."""
        self._answers += 1
        over_s = now - started - self._usual_s
        late_s = min(over_s, _LATEST_SHARE * self._gap_s)
        self._usual_s += over_s / self._answers if self._answers <= _USUAL else late_s / _USUAL
        if started != self._last or self._step == _GRID:
            return None
        return started + self._gap_s + _GUARDS[self._step] * (self._guard_s + max(0.0, late_s))

    def refused(self) -> None:
        """Goes back to the first step, for longer each time."""
        if self._step == 0 and self._starts > _WARM:
            self._guard_s = min(self._guard_s + self._wider_s, self._widest_s)
        self._step = self._calm = 0
        self._needed = min(_LONGEST_CALM, max(_CALM_AFTER_REFUSAL, 2 * self._needed))
