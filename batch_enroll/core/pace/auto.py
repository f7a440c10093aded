"""The pace that finds the server's limits by itself: `--pace auto`. What it does, and why, stands in the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.pace.base import LONGEST_PAUSE_S, NEVER, NO_LIMIT, LearnedLimits, Pace, PaceLimits, Turn
from batch_enroll.core.pace.concurrency_window import ConcurrencyWindow
from batch_enroll.core.pace.latency_watch import LatencyWatch, Slow
from batch_enroll.core.pace.rate_bracket import RateBracket
from batch_enroll.core.pace.rate_trials import RateTrials
from batch_enroll.core.pace.refusal_evidence import RefusalEvidence, RefusalShare
from batch_enroll.core.pace.unrelated_refusals import UnrelatedRefusals

if TYPE_CHECKING:
    from batch_enroll.core.pace.latency_watch import Slow

# What people run without trouble. Source: contract 4 (10 in flight, about 18 requests a second).
_FIRST_RATE: Final = 20.0
_FIRST_IN_FLIGHT: Final = 10.0
_QUICKEST_S: Final = 1e-4
_FLOORS: Final = (0.97, 0.85, 0.5)  # how deep a cut may go: the first, one soon after it, any further one
_LEAST_CUT: Final = 0.005
_SOON: Final = 100  # healthy answers after which a refusal is news again
_TIMER_S: Final = 1e-3  # what a timer is late; before a limit is known, no gap is kept more exactly than that
_PUNCTUAL: Final = 0.25  # of the gap: a start that is later was not held back by the rate
_BLIND: Final = 2  # cuts with nothing healthy between them; more of them would only go on guessing
_FIRST_PAUSE_S: Final = 0.05
_DRY: Final = 8  # answers to what was sent between a refusal and its cut: enough to tell what got through
_LEAST_SHARE: Final = 0.05
_CYCLE: Final = 50  # answers, and
_CYCLE_S: Final = 1.0  # seconds between two cuts that measure what got through
_SLOWER: Final = 0.9  # than the rate, because of pauses
_CROWDED_HOLD_S: Final = 15.0
_FEWER: Final = 0.93  # in flight, and as slow as before: it is not our doing
_OVERLOADED: Final = 0.7
_PROBE_GROWTH: Final = 1.5  # an outage that is over is found out within half its length,
_LONGEST_PROBE_S: Final = 15.0  # or within this
_TELLING: Final = 1.25


class SelfTuningPace(Pace):
    """Finds how many requests a second and how many at once the server bears, and stays just below.

    Args:
        limits: ceilings.
        known: where to begin, from earlier runs.
    """

    def __init__(self, limits: PaceLimits, known: LearnedLimits | None = None) -> None:
        super().__init__()
        known = known or LearnedLimits()
        self._ceiling = limits.rate_per_s
        ceiling = NO_LIMIT if limits.rate_per_s is None else limits.rate_per_s
        self._cold = known.rate_per_s is None
        self._rate = RateBracket(min(known.rate_per_s or _FIRST_RATE, ceiling), ceiling)
        self._trials = RateTrials(self._rate)
        self._window = ConcurrencyWindow(
            min(float(known.in_flight or _FIRST_IN_FLIGHT), float(limits.max_in_flight)), limits.max_in_flight
        )
        self._window_hold_until = NEVER
        self._full_at = NEVER
        self._latency = LatencyWatch()
        self._crowd: Slow | None = None
        self._eased = 0
        self._usual_s = 0.0
        self._evidence = RefusalEvidence()
        self._share, self._dry = RefusalShare(), RefusalShare()
        self._noise = UnrelatedRefusals()
        self._change = 0
        self._cut_from = NEVER
        self._depth = self._cut_depth = len(_FLOORS) - 1
        self._calm = self._in_vain = 0
        self._cycle_at, self._cycle_lost_s, self._cycle_answers = NEVER, 0.0, 0
        self._told = (0.0, 0)

    @property
    def in_flight_limit(self) -> int:
        """How many may be in flight now."""
        return 1 if self.probing or self._in_vain > _BLIND else self._window.limit

    @property
    def rate_per_s(self) -> float | None:
        """The starts a second that are allowed now, once a limit has shown."""
        return self._rate.value if self._rate.met else self._ceiling

    @property
    def found(self) -> LearnedLimits:
        """The server's limits, as far as they showed."""
        return LearnedLimits(
            self._rate.value if self._rate.met else None, self._window.limit if self._window.met else None
        )

    def started(self, now: float) -> Turn:
        """Notes a start, and sets the gap to the next one."""
        self.in_flight += 1
        punctual = now - self._earliest <= _PUNCTUAL / self._rate.value
        ready = self._share.all > 0 and not self._in_vain
        settled_s = self._usual_s if ready else NO_LIMIT
        rung = self._trials.started(now, now - self.lost_s, punctual=punctual, settled_s=settled_s)
        self._early_s = _TIMER_S if self.rate_per_s is None else 0.0
        self._earliest = max(now, self._earliest) + self._trials.gap_s
        if self.in_flight >= self._window.limit:
            self._full_at = now
        return Turn(now, self.in_flight, self._change, rung, self._latency.started(self.in_flight))

    def begin_other_work(self) -> None:
        """What the server bears stays known; how long its answers take is learnt anew."""
        self._latency, self._crowd, self._eased, self._usual_s = LatencyWatch(), None, 0, 0.0

    # -- what answers tell ----------------------------------------------------------------------------------------

    def _healthy(self, turn: Turn, now: float, *, recovered: bool) -> bool:
        self._evidence.borne(turn.in_flight)
        self._noise.answered()
        self._in_vain = 0
        self._calm += 1
        self._cycle_answers += 1
        self._usual_s += (0.2 if self._usual_s else 1.0) * (now - turn.at - self._usual_s)
        if self._calm >= _SOON:
            self._depth = 0
        if recovered:
            self._recover(now)
        failed = self._trials.rate.refused
        self._trials.heard(turn, now, now - self.lost_s, borne=True)
        if self._rate.refused < failed:  # a trial has ended, and shown where the limit is
            self._depth = 0
        if turn.change != self._change:
            self._dry_out(turn, refused=False)
            return False
        if turn.trial is None:
            self._first_answer(turn, now)
            self._share.add(refused=False)
        return self._widen(turn, now)

    def _throttled(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._evidence.refused(turn.in_flight)
        self._noise.refused()
        self._latency.unheard(turn.round)
        paused = self._pause(retry_after_s, now)
        full = turn.in_flight >= self._window.limit
        too_many = (full or turn.trial is None) and self._evidence.too_many(turn.in_flight, full=full)
        shadowed = self._trials.refused(turn)
        tried = turn.trial is not None and not too_many
        self._trials.heard(turn, now, now - self.lost_s, borne=False if tried else None, cost_s=retry_after_s)
        if tried:
            self._depth = 0
            return paused
        if turn.change != self._change:
            self._dry_out(turn, refused=True)
            return paused
        if shadowed and not too_many:
            return paused
        if self._noise.tolerates():
            return paused
        self._share.add(refused=True)
        self._in_vain += 1
        if self._in_vain > _BLIND:
            self._change += 1
        else:
            self._cut(turn, now, too_many=too_many)
        if self._cut_depth or self._in_vain > 1:
            self._pause(min(LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self._in_vain, 12)), now)
        return True

    def _failed(self, turn: Turn, now: float, retry_after_s: float) -> bool:
        self._setbacks += 1
        self._unanswered(turn, now)
        overloaded = self._evidence.failed()
        paused = self._pause(retry_after_s, now)
        if self.probing:
            if not self._slows(turn, now):
                return paused
            return self._pause(self._next_probe_s(_PROBE_GROWTH, _LONGEST_PROBE_S), now) or paused
        if not overloaded or turn.change != self._change:
            return paused
        self._cut(turn, now, too_many=False)
        self._window.value = max(1.0, self._window.value * _OVERLOADED)
        return True

    def _unanswered(self, turn: Turn, now: float) -> None:
        self._latency.unheard(turn.round)
        self._trials.heard(turn, now, now - self.lost_s, borne=None)

    # -- slower ---------------------------------------------------------------------------------------------------

    def _cut(self, turn: Turn, now: float, *, too_many: bool) -> None:
        first = not self._rate.met and not self._window.met
        factor = max(1.0 - max(self._share.refused, _LEAST_CUT), _FLOORS[self._depth])
        if first:  # which of the two limits it was will show
            self._window.value = max(1.0, min(self._window.value, turn.in_flight - 1.0))
        if too_many and not first:
            self._window.cut(turn.in_flight, factor if self._depth else 1.0)
            self._window_hold_until = now + self._trials.hold_s()
        else:
            self._cut_rate(now, factor)
        self._cut_depth, self._depth = self._depth, min(self._depth + 1, len(_FLOORS) - 1)
        self._calm, self._cut_from = 0, turn.at
        self._begin_anew(now)

    def _cut_rate(self, now: float, factor: float) -> None:
        """What got through between two refusals is the limit, if the pauses show that the rate was above it."""
        cycle_s = now - self._cycle_at
        answered = self._cycle_answers / cycle_s
        long_enough = self._cycle_answers >= _CYCLE and cycle_s > _CYCLE_S
        paused = self.lost_s > self._cycle_lost_s
        in_vain = self._noise.cut(self._rate.value, self._cycle_answers)
        if in_vain is not None:
            self._rate.passed(in_vain)
        elif long_enough and paused and answered < _SLOWER * self._rate.value:
            self._rate.measured(answered)
        else:
            self._rate.cut(factor)

    def _dry_out(self, turn: Turn, *, refused: bool) -> None:
        """What was sent between a refusal and its cut tells what share gets through when there is nothing left."""
        late = turn.change == self._change - 1 and turn.at >= self._cut_from and turn.trial is None
        if not late or not self._cut_depth:
            return
        self._dry.add(refused=refused)
        if self._dry.all >= _DRY and self._rate.refused < NO_LIMIT:
            self._rate.value = min(self._rate.value, self._rate.refused * max(_LEAST_SHARE, 1.0 - self._dry.refused))

    def _begin_anew(self, now: float) -> None:
        self._change += 1
        self._share, self._dry = RefusalShare(), RefusalShare()
        self._latency.forget_rounds()
        self._trials.changed(now, now - self.lost_s)
        self._cycle_at, self._cycle_answers, self._cycle_lost_s = now, 0, self.lost_s

    # -- faster ---------------------------------------------------------------------------------------------------

    def _first_answer(self, turn: Turn, now: float) -> None:
        """A quick server may have its ten at once from the beginning; half of that is enough to begin with."""
        if self._cold:
            self._cold = False
            quick = _FIRST_IN_FLIGHT / 2.0 / max(now - turn.at, _QUICKEST_S)
            if not self._rate.met:
                self._rate.passed(max(self._rate.value, quick))
                self._trials.keep(now - self.lost_s)

    def _recover(self, now: float) -> None:
        """After an outage: half of what was, and the rest soon."""
        self._rate.cut(0.5)
        self._window.value = max(1.0, self._window.value / 2.0)
        self._begin_anew(now)

    def _widen(self, turn: Turn, now: float) -> bool:
        """More in flight, unless answers have become slower for it."""
        if not self._latency.suspicious:
            was_full, may_probe = self._full_at >= turn.at, now >= self._window_hold_until
            if self._window.answered(turn.in_flight, was_full=was_full, may_probe=may_probe):
                self._window_hold_until = now + self._trials.hold_s()
        if (slow := self._latency.heard(turn.round, now - turn.at)) is not None:
            self._crowded(slow, now)
            return True
        if self._latency.eased > self._eased:
            self._crowd, self._eased = None, self._latency.eased
        rate, limit = self._told
        if self._rate.value < _TELLING * rate and self._window.limit < _TELLING * limit:
            return False
        self._told = self._rate.value, self._window.limit
        return True

    def _crowded(self, slow: Slow, now: float) -> None:
        before, self._crowd = self._crowd, None
        self._change += 1
        self._share = RefusalShare()
        self._latency.forget_rounds()
        fewer = 1.0 if before is None else slow.load / before.load
        if before is not None and fewer < _FEWER and slow.latency_s > before.latency_s * (0.5 + 0.5 * fewer):
            self._latency.accept()
            self._window.free(before.load)
        else:
            self._crowd = slow if slow.steady else None
            self._window.crowded(slow.load, slow.ratio)
            self._window_hold_until = now + _CROWDED_HOLD_S
