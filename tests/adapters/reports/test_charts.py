"""The charts of the page: heights, scales and words, worked out by hand."""

from __future__ import annotations

import pytest

from batch_enroll.adapters.reports.html_report.charts import answer_times, rows_over_time, throttling_over_time
from batch_enroll.core.reporting.timeline import Timeline


def timeline_of_rows(width_s: float, settled: list[int], failed: list[int], throttled: list[int]) -> Timeline:
    timeline = Timeline()
    timeline.width_s, timeline.settled, timeline.failed, timeline.throttled = width_s, settled, failed, throttled
    return timeline


def test_rows_are_stacked_in_percent_of_a_round_scale() -> None:
    chart = rows_over_time(timeline_of_rows(2.0, [20, 10, 0, 4], [0, 10, 0, 6], [0] * 4), "enrolled")
    assert chart is not None
    assert [bar.parts for bar in chart.bars] == [(100.0, 0.0), (50.0, 50.0), (0.0, 0.0), (20.0, 30.0)]
    assert [(label.at, label.text) for label in chart.scale] == [
        (0, "0"), (20, "2"), (40, "4"), (60, "6"), (80, "8"), (100, "10"),
    ]  # fmt: skip
    assert [bar.words for bar in chart.bars[:2]] == [
        "0:00: 10.0 rows/s enrolled", "0:02: 5.0 rows/s enrolled, 5.0 not",
    ]  # fmt: skip
    assert chart.words == "34 rows enrolled and 16 not in 8 s; at most 10.0 rows per second."


@pytest.mark.parametrize(
    ("most", "top", "steps"), [(1, 1, 5), (3, 3, 3), (7, 8, 4), (11, 15, 3), (41, 50, 5), (99, 100, 5), (101, 150, 3)]
)
def test_a_scale_ends_at_the_first_round_number_that_holds_the_highest_bar(most: int, top: int, steps: int) -> None:
    chart = rows_over_time(timeline_of_rows(1.0, [most, 0, 0], [0, 0, 0], [0] * 3), "enrolled")
    assert chart is not None
    assert chart.scale[-1].text == str(top)
    assert len(chart.scale) == steps + 1


def test_counts_have_no_fractions_on_their_scale() -> None:
    timeline = timeline_of_rows(1.0, [1] * 3, [0] * 3, [0, 1, 0])
    timeline.count_answer(0.3)
    for chart in (throttling_over_time(timeline), answer_times(timeline)):
        assert chart is not None
        assert [label.text for label in chart.scale] == ["0", "1"]


def test_many_spans_are_joined_into_at_most_120_bars() -> None:
    chart = rows_over_time(timeline_of_rows(1.0, [1] * 239, [0] * 239, [0] * 239), "enrolled")
    assert chart is not None
    assert len(chart.bars) == 120
    assert chart.bars[0].parts == (100.0, 0.0)
    assert chart.bars[-1].parts == (50.0, 0.0)  # the last one holds one span


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (0.375, ["0 s", "50 ms", "100 ms", "150 ms", "200 ms", "250 ms", "300 ms", "350 ms"]),
        (8, ["0:00", "0:01", "0:02", "0:03", "0:04", "0:05", "0:06", "0:07"]),
        (9, ["0:00", "0:02", "0:04", "0:06", "0:08"]),
        (240, ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00", "3:30"]),
        (16 * 3600, ["0:00", "2:00:00", "4:00:00", "6:00:00", "8:00:00", "10:00:00", "12:00:00", "14:00:00"]),
        (10 * 86_400, ["0:00", "48:00:00", "96:00:00", "144:00:00", "192:00:00"]),
    ],
)
def test_times_below_the_bars_are_round_and_at_most_eight(seconds: float, labels: list[str]) -> None:
    chart = rows_over_time(timeline_of_rows(seconds / 3, [1] * 3, [0] * 3, [0] * 3), "enrolled")
    assert chart is not None
    assert [label.text for label in chart.labels] == labels
    assert [label.at for label in chart.labels] == sorted(label.at for label in chart.labels if 0 <= label.at < 97)


def test_each_limit_of_answer_times_is_below_the_middle_of_its_bar() -> None:
    timeline = Timeline()
    for took_s in (0.04, 0.04, 0.3):
        timeline.count_answer(took_s)
    chart = answer_times(timeline)
    assert chart is not None
    assert [label.text for label in chart.labels] == ["< 62 ms", "< 125 ms", "< 250 ms", "< 500 ms"]
    assert [label.at for label in chart.labels] == [12.5, 37.5, 62.5, 87.5]
    assert chart.words == "2 in less than 62 ms, 1 in less than 500 ms."
    for exponent in range(12):
        timeline.count_answer(2.0**exponent)
    chart = answer_times(timeline)
    assert chart is not None
    assert len(chart.bars) == 17
    assert len(chart.labels) == 6


def test_nothing_is_drawn_of_a_run_of_a_moment_or_without_what_the_chart_shows() -> None:
    assert rows_over_time(timeline_of_rows(1.0, [5, 5], [0, 0], [0, 0]), "enrolled") is None
    assert rows_over_time(timeline_of_rows(1.0, [0] * 3, [0] * 3, [1, 0, 0]), "enrolled") is None
    assert throttling_over_time(timeline_of_rows(1.0, [5] * 3, [0] * 3, [0] * 3)) is None
    assert answer_times(Timeline()) is None
