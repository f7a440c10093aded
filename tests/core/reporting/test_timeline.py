"""The course of a run over time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.reporting.timeline import Timeline, read_timeline

happenings = st.lists(st.tuples(st.floats(0, 1e7), st.floats(0, 1e5), st.booleans(), st.booleans()), max_size=60)


def timeline_with(happened: list[tuple[float, float, bool, bool]]) -> Timeline:
    timeline = Timeline()
    timeline.begin_attempt()
    for at_s, took_s, well, throttled in happened:
        if throttled:
            timeline.count_throttled(at_s)
        else:
            timeline.count_row(at_s, succeeded=well)
            timeline.count_answer(took_s)
    return timeline


@given(happenings)
def test_nothing_is_lost_however_long_it_takes_and_the_spans_stay_few(
    happened: list[tuple[float, float, bool, bool]],
) -> None:
    timeline = timeline_with(happened)
    rows = [each for each in happened if not each[3]]
    assert sum(timeline.settled) + sum(timeline.failed) == timeline.answers == len(rows)
    assert sum(timeline.settled) == sum(well for _, _, well, _ in rows)
    assert sum(timeline.throttled) == len(happened) - len(rows)
    assert len(timeline.settled) == len(timeline.failed) == len(timeline.throttled) <= 240
    assert sum(count for *_, count in timeline.answer_histogram()) == len(rows)


@given(happenings)
def test_it_reads_back_from_json_as_it_was(happened: list[tuple[float, float, bool, bool]]) -> None:
    kept = timeline_with(happened).as_json()
    assert read_timeline(json.loads(json.dumps(kept))).as_json() == kept


@given(st.lists(st.floats(0.001, 1000), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_at_most_an_eighth_too_high(times: list[float], share: float) -> None:
    timeline = Timeline()
    for took_s in times:
        timeline.count_answer(took_s)
    exact = next(each for nth, each in enumerate(sorted(times), 1) if nth >= share * len(times))
    assert exact <= timeline.percentile_s(share) <= exact * 1.125


def test_spans_double_when_they_are_used_up() -> None:
    timeline = Timeline()
    timeline.count_row(0, succeeded=True)
    timeline.count_row(0.2, succeeded=False)
    assert (timeline.width_s, timeline.settled, timeline.failed) == (0.125, [1, 0], [0, 1])
    timeline.count_throttled(45)
    assert timeline.width_s == 0.25
    assert (timeline.settled[0], timeline.failed[0], timeline.throttled[-1], len(timeline.settled)) == (1, 1, 1, 181)
    assert timeline.seconds == 45.25


def test_a_further_try_follows_without_a_gap() -> None:
    timeline = Timeline()
    assert timeline.begin_attempt() == 0
    timeline.count_row(1, succeeded=True)
    again = read_timeline(timeline.as_json())
    assert again.begin_attempt() == 1.125
    again.count_row(1.125 + 0.1, succeeded=False)
    again.count_answer(2.5)
    assert (sum(again.settled), again.failed[-1], again.tries_s, again.longest_s) == (1, 1, [0.0, 1.125], 2.5)


def test_answers_are_grouped_by_doublings_of_their_time_without_gaps() -> None:
    timeline = Timeline()
    for took_s in (0.3, 0.4, 1.5):
        timeline.count_answer(took_s)
    assert timeline.answer_histogram() == [(0.25, 0.5, 2), (0.5, 1.0, 0), (1.0, 2.0, 1)]
    assert Timeline().answer_histogram() == []
    assert Timeline().percentile_s(0.5) == 0


@pytest.mark.parametrize("kept", [None, 3, {}, {"settled": "x", "took": 1, "width_s": None}])
def test_anything_else_is_read_as_an_empty_timeline(kept: object) -> None:
    assert read_timeline(kept).as_json() == Timeline().as_json()  # type: ignore[arg-type]  # a foreign ledger's
