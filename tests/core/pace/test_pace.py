"""The pace that was asked for, and what an answer tells of the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_enroll.core.model import Meaning, NoReply, Reply, RunId, UserEnrollments
from batch_enroll.core.pace import FixedPace, LearnedLimits, Pace, PaceLimits, Sample, Turn, remembered, sample_of
from batch_enroll.core.pace.start_spacing import StartSpacing
from batch_enroll.core.run_record import RunRecord

if TYPE_CHECKING:
    from batch_enroll.core.model import Json


def start(pace: Pace, now: float) -> Turn:
    at = pace.start_at(now)
    assert at is not None
    return pace.started(at)


def one_answer(pace: Pace, now: float, sample: Sample, retry_after_s: float | None = None) -> bool:
    turn = start(pace, now)
    return pace.ended(turn, turn.at, sample, retry_after_s)


@given(st.floats(0.5, 500), st.lists(st.floats(0, 0.5), min_size=2, max_size=40))
def test_no_request_starts_earlier_than_the_actual_start_before_it_plus_one_over_the_rate(
    rate: float, lateness: list[float]
) -> None:
    pace = FixedPace(PaceLimits(max_in_flight=100, rate_per_s=rate))
    starts, now = [], 0.0
    for late in lateness:
        at = pace.start_at(now)
        assert at is not None
        now = at + late  # a timer wakes late, never early
        pace.started(now)
        starts.append(now)
    assert all(later - earlier >= 1 / rate - 1e-9 for earlier, later in pairwise(starts))


def test_without_a_rate_only_the_number_in_flight_holds_back() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=2))
    assert (start(pace, 5.0).at, start(pace, 5.0).at) == (5.0, 5.0)
    assert pace.start_at(5.0) is None
    pace.ended(Turn(5.0, 1), 5.1, Sample.HEALTHY)
    assert pace.start_at(5.1) == 5.1


def test_a_start_that_was_not_used_makes_room_again() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=1))
    pace.unused(start(pace, 0.0))
    assert pace.start_at(0.0) == 0.0


def test_retry_after_holds_everybody_back() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=10))
    assert one_answer(pace, 1.0, Sample.THROTTLED, 4.0)
    assert pace.start_at(1.5) == 5.0
    assert pace.paused_s(1.5) == 3.5
    assert pace.paused_s(6.0) == 0.0


def test_a_refusal_without_a_time_pauses_everybody_shortly() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=10))
    one_answer(pace, 1.0, Sample.THROTTLED)
    assert pace.start_at(1.0) == pytest.approx(1.1)


def test_a_refusal_halves_what_may_be_in_flight_once_for_all_that_was_sent_before() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=16))
    for _ in range(16):
        start(pace, 0.0)
    assert pace.ended(Turn(0.0, 1), 1.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 8
    assert not pace.ended(Turn(0.0, 1), 1.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 8


def test_a_longer_retry_after_of_an_older_request_still_counts() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=4))
    start(pace, 0.0)
    start(pace, 0.0)
    pace.ended(Turn(0.0, 1), 1.0, Sample.THROTTLED, 1.0)
    assert pace.ended(Turn(0.0, 1), 1.0, Sample.THROTTLED, 9.0)
    assert pace.start_at(1.0) == 10.0


def test_healthy_answers_win_the_room_back_one_for_each_full_window() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8))
    one_answer(pace, 0.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 4
    for _ in range(5):
        one_answer(pace, 10.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 5
    for _ in range(100):
        one_answer(pace, 10.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 8


def test_single_failures_change_nothing() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8, rate_per_s=None))
    for _ in range(20):
        assert not one_answer(pace, 0.0, Sample.FAILED)
        one_answer(pace, 0.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 8
    assert pace.rate_per_s is None


def test_after_failures_in_a_row_one_probe_at_a_time_goes_out_further_and_further_apart() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8))
    now = 0.0
    for _ in range(5):
        one_answer(pace, now, Sample.FAILED)
    assert pace.probing
    assert pace.in_flight_limit == 1
    gaps = []
    for _ in range(7):
        turn = start(pace, now)
        gaps.append(turn.at - now)
        pace.ended(turn, turn.at, Sample.FAILED)
        now = turn.at
    assert gaps == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_many_failures_at_once_are_one_setback() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=64))
    for _ in range(64):
        start(pace, 0.0)
    for _ in range(64):
        pace.ended(Turn(0.0, 1), 1.0, Sample.FAILED)
    assert pace.paused_s(1.0) == 1.0


def test_the_first_success_ends_the_probing() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8))
    for _ in range(5):
        one_answer(pace, 0.0, Sample.FAILED)
    assert one_answer(pace, 1.0, Sample.HEALTHY)
    assert not pace.probing
    assert pace.in_flight_limit == 8


@pytest.mark.parametrize(
    ("answer", "sample"),
    [
        (Reply(201), Sample.HEALTHY),
        (Reply(404), Sample.HEALTHY),
        (Reply(401), Sample.NOTHING),
        (Reply(500, Meaning.TOKEN_EXPIRED), Sample.NOTHING),
        (UserEnrollments(()), Sample.HEALTHY),
        (Reply(429), Sample.THROTTLED),
        (Reply(425), Sample.THROTTLED),
        (Reply(503, retry_after_s=1.0), Sample.THROTTLED),
        (Reply(503), Sample.FAILED),
        (Reply(408), Sample.FAILED),
        (Reply(500), Sample.FAILED),
        (NoReply("no connection", sent=False), Sample.FAILED),
    ],
)
def test_what_an_answer_tells_of_the_servers_health(answer: Reply | NoReply | UserEnrollments, sample: Sample) -> None:
    assert sample_of(answer) is sample


def test_an_answer_about_the_token_measures_nothing() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8))
    for _ in range(5):
        one_answer(pace, 0.0, Sample.FAILED)
    assert not one_answer(pace, 1.0, Sample.NOTHING)
    assert (pace.probing, pace.in_flight) == (True, 0)


def test_the_time_lost_is_that_of_the_pauses_and_no_limit_is_found() -> None:
    pace = FixedPace(PaceLimits(max_in_flight=8))
    one_answer(pace, 1.0, Sample.THROTTLED, 4.0)
    assert pace.told(10.0) == {"rate_per_s": None, "in_flight": None, "lost_s": 4.0}
    assert pace.told(3.0)["lost_s"] == 2.0


@settings(max_examples=30)
@given(st.floats(0.5, 500), st.lists(st.floats(0, 0.5), min_size=2, max_size=100))
def test_never_more_start_than_the_rate_allows_whatever_the_timers_do(rate: float, lateness: list[float]) -> None:
    spacing, due, now, starts = StartSpacing(rate), 0.0, 0.0, []
    for late in [*lateness, *([0.0] * 2_200)]:
        now = max(now, due) + late / rate
        starts.append(now)
        due = spacing.next_after(due, now)
    assert all(later - earlier >= 0.5 / rate - 1e-9 for earlier, later in pairwise(starts))
    assert starts[-1] - starts[0] >= (len(starts) - 2) / rate - 1e-6


def test_the_guard_of_the_spacing_shrinks_to_the_grid_and_a_refusal_brings_it_back() -> None:
    spacing, due = StartSpacing(100.0), 0.0
    gaps = []
    for _ in range(2_100):
        later = spacing.next_after(due, due)
        gaps.append(round(later - due, 9))
        due = later
    assert gaps[:1] + gaps[510:511] + gaps[1010:1011] + gaps[1510:1511] == [0.0102, 0.0101, 0.01005, 0.01]
    assert spacing.next_after(due, due + 0.002) == pytest.approx(due + 0.01)  # on the grid, lateness is made up for
    assert spacing.next_after(due, due + 0.008) == pytest.approx(due + 0.018)  # but not so much of it
    spacing.refused()
    assert spacing.next_after(due, due + 0.002) == pytest.approx(due + 0.0122)


def test_refusals_widen_the_guard_a_little_and_calm_narrows_it_again() -> None:
    spacing, due = StartSpacing(100.0), 0.0

    def guards(starts: int) -> float:
        nonlocal due
        before = due
        for _ in range(starts):
            before, due = due, spacing.next_after(due, due)
        return round((due - before - 0.01) * 1e6, 1)

    spacing.refused()
    assert guards(150) == 200.0  # among the first, while connections are opened, a refusal tells nothing
    spacing.refused()
    assert guards(1) == pytest.approx(240.0, abs=0.1)
    assert guards(1_600) == 200.0
    for _ in range(20):
        spacing.refused()
    assert guards(1) == pytest.approx(400.0, abs=0.1)


def test_after_an_answer_that_took_longer_than_usual_the_next_start_waits_so_much_longer() -> None:
    spacing, start, due = StartSpacing(100.0), 0.0, 0.0
    for _ in range(300):
        start, due = due, spacing.next_after(due, due)
        due = spacing.answered(start, start + 0.002) or due
    assert due == pytest.approx(start + 0.0102)
    start = due
    spacing.next_after(due, start)
    assert spacing.answered(start - 0.01, start + 0.001) is None  # the request before: it says nothing of the last one
    assert spacing.answered(start, start + 0.0024) == pytest.approx(start + 0.0102 + 0.0004, abs=1e-5)
    assert spacing.answered(start, start + 0.0014) == pytest.approx(start + 0.0102)
    assert spacing.answered(start, start + 0.5) == pytest.approx(start + 0.0102 + 0.001)  # a tenth of the gap at most


def test_at_a_given_rate_an_answer_moves_the_next_start() -> None:
    pace = FixedPace(PaceLimits(5, 100.0))
    for nth in range(1, 300):
        turn = start(pace, float(nth))
        assert not pace.ended(turn, nth + 0.002, Sample.HEALTHY)
    turn = start(pace, 400.0)
    pace.ended(turn, 400.0024, Sample.HEALTHY)
    assert pace.start_at(400.003) == pytest.approx(400.0102 + 0.0004, abs=1e-5)


@pytest.mark.parametrize(
    ("days", "told", "begin"),
    [
        (0.5, {"rate_per_s": 50.0, "in_flight": 20}, LearnedLimits(45.0, 18)),
        (3.0, {"rate_per_s": 50.0, "in_flight": 20}, LearnedLimits(25.0, 10)),
        (15.0, {"rate_per_s": 50.0, "in_flight": 20}, None),
        (0.5, {"rate_per_s": None, "in_flight": None}, None),
        (0.5, {"rate_per_s": None, "in_flight": 1}, LearnedLimits(None, 1)),
    ],
)
def test_an_earlier_run_says_where_to_begin_and_is_trusted_less_as_it_ages(
    days: float, told: dict[str, Json], begin: LearnedLimits | None
) -> None:
    now = datetime(2026, 9, 15, tzinfo=UTC)
    run = RunRecord(
        RunId("r"), "staging", "https://a", "https://a", (), now, "f", finished_at=now - timedelta(days=days)
    )
    elsewhere = replace(run, scope="https://b", facts={"pace": {"rate_per_s": 9.0, "in_flight": None}})
    unfinished = replace(run, finished_at=None, facts={"pace": {"rate_per_s": 9.0, "in_flight": None}})
    runs = [elsewhere, unfinished, run, replace(run, facts={"pace": told})]
    assert remembered(runs, "https://a", now) == begin
    assert remembered([], "https://a", now) is None
