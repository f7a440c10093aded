"""How a run went over time: rows settled, failed and throttled in short spans, and how long the server took.

Bounded however long the run is: when the spans are used up, two become one and every span is twice as wide. It costs a
few additions for each row.
"""

from __future__ import annotations

from math import frexp
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import Json

_MOST_SPANS: Final = 240
_FIRST_WIDTH_S: Final = 0.125  # doubled, it stays exact
_SHORTEST_S: Final = 2.0**-10
_PARTS: Final = 8  # of each doubling of the time an answer took; a percentile is then at most an eighth too high


class Timeline:
    """Counts what happens to rows and requests, at seconds since the run's first try began.

    Tries follow each other without a gap: the time between them tells nothing of the server.
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
        """How long the tries so far have taken, as far as something happened."""
        return self.width_s * len(self.settled)

    def begin(self) -> float:
        """Begins a try; the offset of its first second from the first try's."""
        self.tries_s.append(self.seconds)
        return self.seconds

    def row(self, at_s: float, *, well: bool) -> None:
        """One row that was sent has its outcome."""
        span = int(at_s / self.width_s)
        if span >= len(self.settled):
            span = self._reached(at_s)
        if well:
            self.settled[span] += 1
        else:
            self.failed[span] += 1

    def answer(self, took_s: float) -> None:
        """One request was answered, or was given up."""
        mantissa, exponent = frexp(took_s if took_s > _SHORTEST_S else _SHORTEST_S)  # noqa: FURB136 - as below
        part = exponent * _PARTS + int((mantissa - 0.5) * 2 * _PARTS)  # which eighth of which doubling
        self.parts[part] = self.parts.get(part, 0) + 1
        if took_s > self.longest_s:  # noqa: PLR1730 - this is done for every request, and `max` takes five times as long
            self.longest_s = took_s

    def throttle(self, at_s: float) -> None:
        """The server asked us to slow down."""
        span = self._reached(at_s)  # before the list is looked at: it may be another one afterwards
        self.throttled[span] += 1

    @property
    def answers(self) -> int:
        """Answers counted."""
        return sum(self.parts.values())

    def took_s(self, share: float) -> float:
        """The time that this share of the answers stayed below; 0 without any."""
        wanted, seen = share * self.answers, 0
        for part in sorted(self.parts):
            seen += self.parts[part]
            if seen >= wanted:
                return min(_upper_s(part), self.longest_s)
        return 0.0

    def took(self) -> list[tuple[float, float, int]]:
        """Answers by how long they took: from, to (seconds, doubling) and how many, without gaps."""
        doublings: dict[int, int] = {}
        for part, count in self.parts.items():
            doublings[part // _PARTS] = doublings.get(part // _PARTS, 0) + count
        if not doublings:
            return []
        every = range(min(doublings), max(doublings) + 1)
        return [(2.0 ** (doubling - 1), 2.0**doubling, doublings.get(doubling, 0)) for doubling in every]

    def as_json(self) -> dict[str, Json]:
        """What is kept with the run."""
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
        """The span of a time, after it was made room for."""
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


def timeline_of(kept: Json) -> Timeline:
    """The timeline that `as_json` gave, to be gone on with; an empty one for anything else."""
    timeline = Timeline()
    if not isinstance(kept, dict):
        return timeline
    timeline.width_s = _number(kept.get("width_s")) or _FIRST_WIDTH_S
    timeline.settled, timeline.failed, timeline.throttled = (
        [int(count) for count in _numbers(kept.get(name))] for name in ("settled", "failed", "throttled")
    )
    timeline.tries_s = _numbers(kept.get("tries_s"))
    timeline.longest_s = _number(kept.get("longest_s"))
    took = kept.get("took")
    if isinstance(took, dict):
        timeline.parts = {int(part): int(_number(count)) for part, count in took.items()}
    return timeline


def _upper_s(part: int) -> float:
    exponent, eighth = divmod(part, _PARTS)
    return 2.0 ** (exponent - 1) * (1 + (eighth + 1) / _PARTS)


def _paired(counts: Sequence[int]) -> list[int]:
    return [sum(counts[at : at + 2]) for at in range(0, len(counts), 2)]


def _number(kept: Json) -> float:
    return float(kept) if isinstance(kept, int | float) else 0.0


def _numbers(kept: Json) -> list[float]:
    return [_number(each) for each in kept] if isinstance(kept, list) else []
