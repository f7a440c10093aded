"""Trials of higher rates: when one is due, what its starts came to, and what that cost."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from batch_enroll.core.pace.base import NEVER, NO_LIMIT

if TYPE_CHECKING:
    from batch_enroll.core.pace.base import Turn
    from batch_enroll.core.pace.rate_bracket import RateBracket

_REFUSED_SHARE: Final = 0.001  # of all requests, that looking for a higher limit may cost
_NARROWING_SHARE: Final = 0.005  # the same, while the limit is only roughly known,
_NARROWING: Final = 3.0  # and so many in any case
_PAUSED_SHARE: Final = 0.02  # of the time that Retry-After may take for it
_PAUSED_AT_ONCE_S: Final = 1.0  # while little is known: so much at once,
_PAUSED_BY_ROOT: Final = 0.4  # and this times the root of the seconds since the start
_LONGEST_CALM_S: Final = 60.0
_LONGEST_HOLD_S: Final = 300.0
_BUSY: Final = 0.7  # of the allowed rate must really be used before a higher one is tried
_SUSTAINED_S: Final = 1.0  # so long a rate beyond what was refused is kept before the next step: bursts run dry
_SHADOW: Final = 3.0  # gaps after a trial, in which a refusal is the trial's doing


@dataclass(slots=True)
class _Trial:
    """A few starts, each a little nearer to the one before it."""

    left: deque[float]
    began_at: float
    last_at: float
    top: float
    sent: int = 0
    heard: int = 0
    borne: list[float] = field(default_factory=list)
    refused: float = NO_LIMIT
    spoilt: bool = False

    def shadows(self, turn: Turn, gap_s: float) -> bool:
        """Whether that start came so soon after this trial that it suffered from it."""
        return self.sent > 0 and self.began_at <= turn.at <= self.last_at + _SHADOW * gap_s

    @property
    def over(self) -> bool:
        """Whether nothing more can be heard of it."""
        return not self.left and self.heard >= self.sent


class RateTrials:
    """Raises a rate step by step. `rate` is the bracket; whoever cuts it calls `changed`."""

    def __init__(self, rate: RateBracket) -> None:
        self.rate = rate
        self._trial: _Trial | None = None
        self._rung: float | None = None
        self._began_at = NEVER
        self._sent = self._refused = self._refused_lately = 0
        self._starts = 0
        self._since_s = NEVER
        self._hold_until = self._spoilt_until = NEVER
        self._cost_s = self._costs_s = 0.0

    @property
    def gap_s(self) -> float:
        """Seconds to the next start."""
        return 1.0 / (self._rung or self.rate.value)

    def started(self, now: float, awake_s: float, *, punctual: bool, settled_s: float) -> float | None:
        """Notes a start; the rate that its gap tried out, if it did.

        Args:
            now: seconds.
            awake_s: the same clock, standing still while everybody is paused.
            punctual: the rate held it back, and nothing else.
            settled_s: for so long a rate must have been kept before the next trial.
        """
        if self._began_at == NEVER:
            self._began_at, self._since_s = now, awake_s
        self._sent, self._starts = self._sent + 1, self._starts + 1
        rung = self._tried(now, punctual=punctual)
        self._end_if_over(now, awake_s)
        if self._trial is None and punctual and self._due(now, awake_s - self._since_s, settled_s):
            ladder = self.rate.ladder()
            self._trial = _Trial(deque(ladder), now, now, ladder[-1])
        if self._trial is not None and self._trial.left:
            self._rung = self._trial.left.popleft()
        return rung

    def heard(self, turn: Turn, now: float, awake_s: float, *, borne: bool | None, cost_s: float = 0.0) -> None:
        """Notes what a start of a trial came to; None: it measured nothing. `cost_s`: the pause it brought."""
        trial = self._trial
        if turn.trial is None or trial is None or turn.at < trial.began_at:
            return
        trial.heard += 1
        if borne is True:
            trial.borne.append(turn.trial)
        elif borne is False:
            trial.refused = min(trial.refused, turn.trial)
            self._cost_s = cost_s
            trial.left.clear()
        self._end_if_over(now, awake_s)

    def refused(self, turn: Turn) -> bool:
        """Notes any refusal; True if it is a trial's doing although that start was none of its own."""
        self._refused, self._refused_lately = self._refused + 1, self._refused_lately + 1
        trial = self._trial
        if turn.trial is not None or trial is None or not trial.shadows(turn, 1.0 / self.rate.value):
            return False
        trial.spoilt = True
        trial.left.clear()
        return True

    def changed(self, now: float, awake_s: float) -> None:
        """The rate was set from outside: gives up the trial, and counts anew."""
        self._trial = self._rung = None
        self.keep(awake_s)
        self._hold_until = now + self.hold_s(self._refused_lately)
        self._refused_lately = 0

    def hold_s(self, refused: int = 1, paused_s: float = 0.0) -> float:
        """How long to leave a known limit in peace after a try at it that cost so much."""
        calm_s = min(_LONGEST_CALM_S, refused / (_REFUSED_SHARE * self.rate.value))
        return min(_LONGEST_HOLD_S, max(calm_s, paused_s / _PAUSED_SHARE))

    def _tried(self, now: float, *, punctual: bool) -> float | None:
        rung, self._rung, trial = self._rung, None, self._trial
        if rung is None or trial is None:
            return None
        if punctual:
            trial.sent, trial.last_at = trial.sent + 1, now
            return rung
        if trial.refused == NO_LIMIT and not trial.spoilt:
            trial.left.appendleft(rung)
        return None

    def _due(self, now: float, kept_s: float, settled_s: float) -> bool:
        rate = self.rate
        if rate.value >= rate.ceiling or kept_s < settled_s or self._starts < _BUSY * rate.value * kept_s:
            return False
        if rate.known:
            return now >= self._hold_until
        if rate.refused == NO_LIMIT:
            return now >= self._spoilt_until and (rate.steep or kept_s >= _SUSTAINED_S) and self._affordable(now)
        enough = not rate.wide and self._refused > _NARROWING + _NARROWING_SHARE * self._sent
        return now >= self._spoilt_until and not enough and self._affordable(now)

    def _affordable(self, now: float) -> bool:
        may_cost_s = _PAUSED_AT_ONCE_S + _PAUSED_BY_ROOT * float((now - self._began_at) ** 0.5)
        return self._costs_s + self._cost_s <= may_cost_s

    def _end_if_over(self, now: float, awake_s: float) -> None:
        """Ends the trial when nothing more will be heard of it: with an answer, or with a start that came too late."""
        trial = self._trial
        if trial is None or not trial.over or self._rung is not None:
            return
        self._trial = None
        borne = max((rate for rate in trial.borne if rate < trial.refused), default=0.0)
        if trial.spoilt:
            self._spoilt_until = now + self.hold_s(2, self._cost_s)
            return
        self.keep(awake_s)
        if trial.refused == NO_LIMIT:
            self.rate.passed(borne)
            return
        self._costs_s += self._cost_s
        self.rate.failed(trial.refused, borne)
        self._hold_until = now + self.hold_s(1, self._cost_s)

    def keep(self, awake_s: float) -> None:
        """From now on the rate is kept, until the next change."""
        self._since_s, self._starts = awake_s, 0
