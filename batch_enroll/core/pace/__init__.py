"""How fast and how many at once: pure laws, fed with samples of what each request came to.

`FixedPace` keeps to the rate and the number in flight it was given. `SelfTuningPace` finds both limits of a server:

- Rate (`bracket`, `trials`): a bracket between the highest rate that was borne and the lowest that was refused. It is
  narrowed by trials: a few starts, each a little nearer to the one before it, so that one refusal shows where among
  them the limit is (the chirps of pathChirp, 2003). The rest goes on at the rate that is known to be borne: a trial
  costs one refusal or two, not a round trip full of them. Doubled until the first refusal, as TCP's slow start.
- In flight (`window`): slow start, then a bracket of whole numbers. Refusals are laid to the number in flight if
  with fewer others got through and with as many nobody did (`evidence`); else to the rate.
- Latency (`latency`): more in flight that only makes answers slower is taken back, as TCP Vegas does; a rise counts
  when it is material and beyond chance, and when taking back does not help, it was not our doing (what
  Gradient2 of Netflix's concurrency-limits drifts for).
- Cuts: to what got through, measured (BBR's delivery rate), deeper when refusals go on; for everybody at once, and once
  for all that was sent before the last cut. Retry-After holds everybody back.
- Peace: a limit that is known is tried again when it costs less than one request in a thousand, or 2 % of the time if
  the server demands a pause for it. A higher one is climbed to in steps that double.
- Outages: one probe at a time, 1.5 times further apart each time, at most 15 s.

Why this one: in the laboratory (`make lab`; ten minutes' work over an oracle's time, share of requests refused) a
strict bucket of 50/s gives 1.00 and 0.3 %, against 1.64 and 1.3 % for AWS's cubic, 5.00 for Netflix's Vegas and more
than 6 with half of all refused for AIMD; 40 in flight with varying latency 1.02 (worst seed 1.04), against 2.26, more
than 6, and 1.31; a server that gets slower beyond 30 in flight 1.09, against 3.33, 1.90 and 3.33. Window laws alone
cannot feel a rate, and rate laws alone let the number in flight swing with the latency.

What says nothing is not counted: starts that were not held back by the limit in question, answers about the token, rows
that never left, answers to what was sent before the last change.
"""

from batch_enroll.core.pace.auto import SelfTuningPace
from batch_enroll.core.pace.base import LearnedLimits, Pace, PaceLimits, Sample, Turn, sample_of
from batch_enroll.core.pace.fixed import FixedPace
from batch_enroll.core.pace.learned_limits import FACT, remembered

__all__ = [
    "FACT",
    "FixedPace",
    "LearnedLimits",
    "Pace",
    "PaceLimits",
    "Sample",
    "SelfTuningPace",
    "Turn",
    "remembered",
    "sample_of",
]
