"""A run's timeline as SVG inside the page: no script, no font, no style of its own; the page's CSS colours it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import pygal  # type: ignore[import-untyped]  # it comes without types
from pygal.etree import etree  # type: ignore[import-untyped]

from batch_enroll.core.durations import brief, clock_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from batch_enroll.core.reporting.timeline import Timeline

_MOST_BARS: Final = 120
_LEAST_BARS: Final = 3
_LABELS: Final = 8
_WIDTH: Final = 760
_HEIGHT: Final = 200
# Not what pygal adds for its own script and look: the page brings its own, and a policy that runs nothing else.
_KEPT: Final = frozenset({"g", "svg", "rect", "path", "line", "text"})
_OVERLAYS: Final = frozenset({"overlay", "text-overlay", "tooltip-overlay"})

# pygal hooks an importer for its maps into the whole process, in a way that Python has given up; every later import
# would warn of it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]


class Chart(NamedTuple):
    """A drawing, and what it shows in words, for those who cannot see it."""

    svg: str
    words: str


def rows_over_time(timeline: Timeline) -> Chart | None:
    """Rows a second, enrolled and not, over the time the run worked; None when it was too short to tell."""
    if len(timeline.settled) < _LEAST_BARS:
        return None
    width_s, (well, bad) = _bars(timeline.width_s, timeline.settled, timeline.failed)
    series = {"well": [count / width_s for count in well], "bad": [count / width_s for count in bad]}
    most = max(one + other for one, other in zip(*series.values(), strict=True))
    return Chart(_drawn(series, _times(width_s, len(well))), f"Rows a second over time, {most:,.1f} at the most")


def throttling_over_time(timeline: Timeline) -> Chart | None:
    """Answers that asked for less, over the same time; None when there were none."""
    if len(timeline.settled) < _LEAST_BARS or not any(timeline.throttled):
        return None
    width_s, (throttled,) = _bars(timeline.width_s, timeline.throttled)
    words = f"Throttled requests over time, {sum(throttled):,} in all, {max(throttled):,} at the most in one bar"
    return Chart(_drawn({"slow": list(map(float, throttled))}, _times(width_s, len(throttled)), _HEIGHT // 2), words)


def how_long_answers_took(timeline: Timeline) -> Chart | None:
    """Answers by how long they took, each bar twice as far as the one before; None without any."""
    took = timeline.took()
    if not took:
        return None
    labels = [f"< {brief(upper_s)}" for _, upper_s, _ in took]
    words = ", ".join(f"{count:,} in less than {brief(upper_s)}" for _, upper_s, count in took if count)
    return Chart(
        _drawn({"well": [float(count) for *_, count in took]}, labels), f"Answers by how long they took: {words}"
    )


def _bars(width_s: float, *series: Sequence[int]) -> tuple[float, list[list[int]]]:
    """The counts in as many bars as can be seen side by side."""
    joined = 1
    while len(series[0]) > joined * _MOST_BARS:
        joined *= 2
    counts = [[sum(each[at : at + joined]) for at in range(0, len(each), joined)] for each in series]
    return width_s * joined, counts


def _times(width_s: float, bars: int) -> list[str]:
    every = max(1, -(-bars // _LABELS))
    spelt = clock_time if every * width_s >= 1 else brief
    return [spelt(at * width_s) if at % every == 0 else "" for at in range(bars)]


def _drawn(series: dict[str, list[float]], labels: Sequence[str], height: int = _HEIGHT) -> str:
    chart = pygal.StackedBar(
        width=_WIDTH,
        height=height,
        js=(),
        show_legend=False,
        margin=4,
        margin_left=16,
        margin_bottom=16,
        spacing=0,
        x_labels=list(labels),
        truncate_label=-1,
        disable_xml_declaration=True,
        min_scale=2,
        max_scale=5,
        value_formatter="{:,g}".format,
    )
    for name, values in series.items():
        chart.add({"title": name}, values)
    root: Element = chart.render_tree()
    _strip(root)
    for number, name in enumerate(series):
        for group in root.iter():
            if f"serie-{number}" in group.get("class", "").split():
                group.set("class", f"series {name}")
    for name in ("id", "xmlns"):
        root.attrib.pop(name, None)
    root.set("aria-hidden", "true")
    svg: str = etree.tostring(root, encoding="unicode")
    return svg


def _strip(element: Element) -> None:
    for child in list(element):
        if child.tag not in _KEPT or _empty(child):
            element.remove(child)
        else:
            _strip(child)


def _empty(element: Element) -> bool:
    """Overlays that only pygal's script fills, and bars of nothing."""
    classes = element.get("class", "").split()
    return not _OVERLAYS.isdisjoint(classes) or _no_bar(element)


def _no_bar(element: Element) -> bool:
    return element.get("class") == "bar" and all(rect.get("height") == "0.0" for rect in element if rect.tag == "rect")
