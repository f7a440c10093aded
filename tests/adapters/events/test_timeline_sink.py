"""What the timeline takes note of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from support.past_runs import ENROLLED, FAILED, INVALID, RUN

from batch_enroll.adapters.events.timeline_sink import TimelineSink
from batch_enroll.core.events import AttemptFailed, RowSettled, RowsRead, RunStarted


@dataclass
class Stopwatch:
    """A clock that is set by hand."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def kept(sink: TimelineSink) -> dict[str, Any]:
    timeline = sink.facts()["timeline"]
    assert isinstance(timeline, dict)
    return timeline


def test_rows_that_were_sent_and_answers_are_counted_where_they_happened() -> None:
    clock = Stopwatch()
    sink = TimelineSink(clock)
    sink.emit(RunStarted(RUN, 4))
    sink.emit(RowsRead(3, 1))
    sink.emit(RowSettled(1, INVALID, 0.0))
    clock.now += 1
    sink.emit(RowSettled(2, ENROLLED, 0.5, 0.5))
    sink.emit(AttemptFailed(3, 1, "HTTP 429", 1.0, 0.3))
    sink.emit(AttemptFailed(3, 1, "HTTP 503", 1.0, 0.3))
    sink.emit(RowSettled(3, FAILED, 9.0, 2.0))
    told = kept(sink)
    assert [told[name] for name in ("settled", "failed", "throttled")] == [[0] * 8 + [1]] * 3
    assert (told["tries_s"], sum(told["took"].values()), told["longest_s"]) == ([0.0], 4, 2.0)


def test_a_run_that_is_gone_on_with_keeps_what_was_counted() -> None:
    clock = Stopwatch()
    first = TimelineSink(clock)
    first.emit(RunStarted(RUN, 4))
    first.emit(RowSettled(1, ENROLLED, 0.5))
    clock.now += 3600
    second = TimelineSink(clock)
    second.emit(RunStarted(replace(RUN, facts=first.facts()), 4))
    second.emit(RowSettled(2, ENROLLED, 0.5))
    told = kept(second)
    assert (told["settled"], told["tries_s"]) == ([1, 1], [0.0, 0.125])
