"""A run's timeline as stacked bars: numbers, scales and words for the page's `stacked_bars` macro, which draws them."""

from __future__ import annotations

from math import floor, inf, log10
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.durations import clock_time, format_short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.reporting.timeline import Timeline

_MOST_BARS: Final = 120
_LEAST_BARS: Final = 3
_MOST_LABELS: Final = 8
_MOST_STEPS: Final = 5  # of the vertical scale
_FEW_STEPS: Final = 3  # of a chart of half the height
_ROUND_TIMES_S: Final = (
    *(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0),
    *(3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0),
)
_ROOM: Final = 0.97  # a label further to the right would leave the chart


class Bar(NamedTuple):
    """The parts of one bar from the bottom up, in percent of the chart's height, and its numbers in words."""

    parts: tuple[float, ...]
    words: str


class Label(NamedTuple):
    """A number or time of a scale, at a percentage of its length."""

    at: float
    text: str


class Chart(NamedTuple):
    """Stacked bars.

    Attributes:
        title: the subject in a few words.
        words: the content in a sentence, for those who cannot see the bars.
        tones: the colour of each part of a bar, by its name in the page's CSS.
        bars: from left to right.
        scale: labels of the vertical scale, the lowest first.
        labels: labels below the bars.
    """

    title: str
    words: str
    tones: tuple[str, ...]
    bars: tuple[Bar, ...]
    scale: tuple[Label, ...]
    labels: tuple[Label, ...]


def rows_over_time(timeline: Timeline, done: str) -> Chart | None:
    """Rows per second over the time the run worked, `done` (enrolled, say) and not; None for a run of a moment."""
    if not _is_drawable(timeline, timeline.settled, timeline.failed):
        return None
    width_s, (well, bad) = _join(timeline.width_s, timeline.settled, timeline.failed)
    values = [(one / width_s, other / width_s) for one, other in zip(well, bad, strict=True)]
    words = [f"{one:,.1f} rows/s {done}" + (f", {other:,.1f} not" if other else "") for one, other in values]
    most = max(map(sum, values))
    return Chart(
        f"Rows per second over time, {done} and not",
        f"{sum(well):,} rows {done} and {sum(bad):,} not in {format_short(width_s * len(values))}; at most {most:,.1f} "
        "rows per second.",
        ("well", "bad"),
        *_stack(values, _with_times(words, width_s), _nice_step(most, _MOST_STEPS)),
        _time_labels(width_s * len(values)),
    )


def throttling_over_time(timeline: Timeline) -> Chart | None:
    """Throttled requests over the same time; None if there were none."""
    if not _is_drawable(timeline, timeline.throttled):
        return None
    width_s, (throttled,) = _join(timeline.width_s, timeline.throttled)
    words = [f"{count:,} throttled" for count in throttled]
    return Chart(
        "Throttled requests over time",
        f"{sum(throttled):,} throttled requests in all, at most {max(throttled):,} within {format_short(width_s)}.",
        ("slow",),
        *_stack(
            [(float(count),) for count in throttled],
            _with_times(words, width_s),
            max(1.0, _nice_step(max(throttled), _FEW_STEPS)),
        ),
        _time_labels(width_s * len(throttled)),
    )


def answer_times(timeline: Timeline) -> Chart | None:
    """Answers by the time they took, each bar reaching twice as far as the one before; None without any answer."""
    took = timeline.answer_histogram()
    if not took:
        return None
    counts = [count for *_, count in took]
    limits = [f"< {format_short(upper_s)}" for _, upper_s, _ in took]
    bars, scale = _stack(
        [(float(count),) for count in counts],
        [f"{limit}: {count:,} answers" for limit, count in zip(limits, counts, strict=True)],
        max(1.0, _nice_step(max(counts), _MOST_STEPS)),
    )
    every = -(-len(took) // _MOST_LABELS)
    return Chart(
        "Answers by the time they took",
        ", ".join(f"{count:,} in less than {format_short(upper_s)}" for _, upper_s, count in took if count) + ".",
        ("well",),
        bars,
        scale,
        tuple(Label(100 * (at + 0.5) / len(took), limits[at]) for at in range(0, len(took), every)),
    )


def _is_drawable(timeline: Timeline, *series: Sequence[int]) -> bool:
    return len(timeline.settled) >= _LEAST_BARS and any(map(any, series))


def _join(width_s: float, *series: Sequence[int]) -> tuple[float, list[list[int]]]:
    """The counts in as many bars as can be seen side by side, and the width of each bar in seconds."""
    joined = 1
    while len(series[0]) > joined * _MOST_BARS:
        joined *= 2
    counts = [[sum(each[at : at + joined]) for at in range(0, len(each), joined)] for each in series]
    return width_s * joined, counts


def _stack(
    values: Sequence[tuple[float, ...]], words: Sequence[str], step: float
) -> tuple[tuple[Bar, ...], tuple[Label, ...]]:
    """The bars on a scale that ends at the first multiple of `step` above them, and that scale."""
    steps = max(1, -floor(-max(map(sum, values)) / step))
    top = steps * step
    bars = tuple(
        Bar(tuple(100 * part / top for part in parts), text) for parts, text in zip(values, words, strict=True)
    )
    return bars, tuple(Label(100 * at / steps, f"{at * step:,.6g}") for at in range(steps + 1))


def _nice_step(most: float, steps: int) -> float:
    """The least of 1, 2 and 5 times a power of ten of which `steps` reach `most`."""
    power = 10.0 ** floor(log10(most / steps))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * steps >= most)


def _time_labels(length_s: float) -> tuple[Label, ...]:
    """Round times for the scale below the bars, at most eight."""
    step_s = next((step_s for step_s in _ROUND_TIMES_S if length_s <= step_s * _MOST_LABELS), inf)
    if step_s == inf:
        days = -floor(-length_s / _MOST_LABELS / _ROUND_TIMES_S[-1])
        step_s = days * _ROUND_TIMES_S[-1]
    times = [at * step_s for at in range(_MOST_LABELS) if at * step_s < _ROOM * length_s]
    return tuple(Label(100 * time_s / length_s, _time(time_s, step_s)) for time_s in times)


def _with_times(words: Sequence[str], width_s: float) -> list[str]:
    """The words of each bar, preceded by the time at which it begins."""
    return [f"{_time(at * width_s, width_s)}: {text}" for at, text in enumerate(words)]


def _time(time_s: float, step_s: float) -> str:
    return clock_time(time_s) if step_s >= 1 else format_short(time_s)
