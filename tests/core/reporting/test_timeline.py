"""How a run went over time, in bounded memory."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.reporting.timeline import Timeline, timeline_of

happenings = st.lists(st.tuples(st.floats(0, 1e7), st.floats(0, 1e5), st.booleans(), st.booleans()), max_size=60)


def timeline_with(happened: list[tuple[float, float, bool, bool]]) -> Timeline:
    timeline = Timeline()
    timeline.begin()
    for at_s, took_s, well, throttled in happened:
        if throttled:
            timeline.throttle(at_s)
        else:
            timeline.row(at_s, well=well)
            timeline.answer(took_s)
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
    assert sum(count for *_, count in timeline.took()) == len(rows)


@given(happenings)
def test_it_reads_back_from_json_as_it_was(happened: list[tuple[float, float, bool, bool]]) -> None:
    kept = timeline_with(happened).as_json()
    assert timeline_of(json.loads(json.dumps(kept))).as_json() == kept


@given(st.lists(st.floats(0.001, 1000), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_at_most_an_eighth_too_high(times: list[float], share: float) -> None:
    timeline = Timeline()
    for took_s in times:
        timeline.answer(took_s)
    exact = next(each for nth, each in enumerate(sorted(times), 1) if nth >= share * len(times))
    assert exact <= timeline.took_s(share) <= exact * 1.125


def test_spans_double_when_they_are_used_up() -> None:
    timeline = Timeline()
    timeline.row(0, well=True)
    timeline.row(0.2, well=False)
    assert (timeline.width_s, timeline.settled, timeline.failed) == (0.125, [1, 0], [0, 1])
    timeline.throttle(45)
    assert timeline.width_s == 0.25
    assert (timeline.settled[0], timeline.failed[0], timeline.throttled[-1], len(timeline.settled)) == (1, 1, 1, 181)
    assert timeline.seconds == 45.25


def test_a_further_try_follows_without_a_gap() -> None:
    timeline = Timeline()
    assert timeline.begin() == 0
    timeline.row(1, well=True)
    again = timeline_of(timeline.as_json())
    assert again.begin() == 1.125
    again.row(1.125 + 0.1, well=False)
    again.answer(2.5)
    assert (sum(again.settled), again.failed[-1], again.tries_s, again.longest_s) == (1, 1, [0.0, 1.125], 2.5)


def test_answers_are_grouped_by_doublings_of_their_time_without_gaps() -> None:
    timeline = Timeline()
    for took_s in (0.3, 0.4, 1.5):
        timeline.answer(took_s)
    assert timeline.took() == [(0.25, 0.5, 2), (0.5, 1.0, 0), (1.0, 2.0, 1)]
    assert Timeline().took() == []
    assert Timeline().took_s(0.5) == 0


@pytest.mark.parametrize("kept", [None, 3, {}, {"settled": "x", "took": 1, "width_s": None}])
def test_what_is_no_timeline_is_an_empty_one(kept: object) -> None:
    assert timeline_of(kept).as_json() == Timeline().as_json()  # type: ignore[arg-type]  # a foreign ledger's
