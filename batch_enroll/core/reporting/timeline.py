"""The course of a run over time: rows and throttled requests in short spans, and the times that answers took.

Its size is bounded: when the spans are used up, each two become one, and every span is twice as wide. A row costs a few
additions.
"""

from __future__ import annotations

from math import frexp
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import Json

_MOST_SPANS: Final = 240
_FIRST_WIDTH_S: Final = 0.125  # a power of two, so that doubling is exact
_SHORTEST_S: Final = 2.0**-10
_PARTS: Final = 8  # of each doubling of an answer's time, so that a percentile is at most an eighth too high


class Timeline:
    """Counts rows and requests by the seconds since the run's first attempt began.

    A run that is resumed has several attempts; they follow each other without a gap.
    """

    def __init__(self) -> None:
        self.width_s = _FIRST_WIDTH_S
        self.settled: list[int] = []
        self.failed: list[int] = []
        self.throttled: list[int] = []
        self.tries_s: list[float] = []
        self.parts: dict[int, int] = {}
        self.longest_s = 0.0

    @property
    def seconds(self) -> float:
        """The length of all attempts, up to the last span in which something happened."""
        return self.width_s * len(self.settled)

    def begin_attempt(self) -> float:
        """Begins an attempt and returns its offset from the start of the first one, in seconds."""
        self.tries_s.append(self.seconds)
        return self.seconds

    def count_row(self, at_s: float, *, succeeded: bool) -> None:
        """Counts a row that was sent and has its outcome."""
        span = int(at_s / self.width_s)
        if span >= len(self.settled):
            span = self._reached(at_s)
        if succeeded:
            self.settled[span] += 1
        else:
            self.failed[span] += 1

    def count_answer(self, took_s: float) -> None:
        """Counts a request that was answered or given up."""
        mantissa, exponent = frexp(took_s if took_s > _SHORTEST_S else _SHORTEST_S)  # noqa: FURB136 - as below
        part = exponent * _PARTS + int((mantissa - 0.5) * 2 * _PARTS)  # the number of the eighth, over all doublings
        self.parts[part] = self.parts.get(part, 0) + 1
        if took_s > self.longest_s:  # noqa: PLR1730 - it runs for every request, and `max` takes five times as long
            self.longest_s = took_s

    def count_throttled(self, at_s: float) -> None:
        """Counts a request that the server throttled."""
        span = self._reached(at_s)  # first, since this may replace the list
        self.throttled[span] += 1

    @property
    def answers(self) -> int:
        """The number of answers."""
        return sum(self.parts.values())

    def percentile_s(self, share: float) -> float:
        """The time within which this share of the answers (0 to 1) came; 0 without any answer."""
        wanted, seen = share * self.answers, 0
        for part in sorted(self.parts):
            seen += self.parts[part]
            if seen >= wanted:
                return min(_upper_s(part), self.longest_s)
        return 0.0

    def answer_histogram(self) -> list[tuple[float, float, int]]:
        """Answers by the time they took: from, to (in seconds, doubling) and their number, without gaps."""
        doublings: dict[int, int] = {}
        for part, count in self.parts.items():
            doublings[part // _PARTS] = doublings.get(part // _PARTS, 0) + count
        if not doublings:
            return []
        every = range(min(doublings), max(doublings) + 1)
        return [(2.0 ** (doubling - 1), 2.0**doubling, doublings.get(doubling, 0)) for doubling in every]

    def as_json(self) -> dict[str, Json]:
        """The shape that is stored with the run."""
        return {
            "width_s": self.width_s,
            "settled": [*self.settled],
            "failed": [*self.failed],
            "throttled": [*self.throttled],
            "tries_s": [*self.tries_s],
            "took": {str(part): self.parts[part] for part in sorted(self.parts)},
            "longest_s": round(self.longest_s, 3),
        }

    def _reached(self, at_s: float) -> int:
        """The number of the span at a time; adds and joins spans as needed."""
        span = int(at_s / self.width_s)
        while span >= _MOST_SPANS:
            self._widen()
            span = int(at_s / self.width_s)
        missing = span + 1 - len(self.settled)
        if missing > 0:
            for counts in (self.settled, self.failed, self.throttled):
                counts.extend([0] * missing)
        return span

    def _widen(self) -> None:
        self.width_s *= 2
        self.settled, self.failed, self.throttled = map(_paired, (self.settled, self.failed, self.throttled))


def read_timeline(stored: Json) -> Timeline:
    """The timeline that `as_json` returned, to be continued; an empty one for anything else."""
    timeline = Timeline()
    if not isinstance(stored, dict):
        return timeline
    timeline.width_s = _number(stored.get("width_s")) or _FIRST_WIDTH_S
    timeline.settled, timeline.failed, timeline.throttled = (
        [int(count) for count in _numbers(stored.get(name))] for name in ("settled", "failed", "throttled")
    )
    timeline.tries_s = _numbers(stored.get("tries_s"))
    timeline.longest_s = _number(stored.get("longest_s"))
    took = stored.get("took")
    if isinstance(took, dict):
        timeline.parts = {int(part): int(_number(count)) for part, count in took.items()}
    return timeline


def _upper_s(part: int) -> float:
    exponent, eighth = divmod(part, _PARTS)
    return 2.0 ** (exponent - 1) * (1 + (eighth + 1) / _PARTS)


def _paired(counts: Sequence[int]) -> list[int]:
    return [sum(counts[at : at + 2]) for at in range(0, len(counts), 2)]


def _number(stored: Json) -> float:
    return float(stored) if isinstance(stored, int | float) else 0.0


def _numbers(stored: Json) -> list[float]:
    return [_number(each) for each in stored] if isinstance(stored, list) else []
