"""How fast and how many at once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import NoReply, Reply, Seats
from batch_enroll.core.pace import Pace, PaceLimits, Sample, sample_of


def start(pace: Pace, now: float) -> float:
    at = pace.start_at(now)
    assert at is not None
    pace.started(at)
    return at


def one_answer(pace: Pace, now: float, sample: Sample, retry_after_s: float | None = None) -> bool:
    started = start(pace, now)
    return pace.ended(started, started, sample, retry_after_s)


@given(st.floats(0.5, 500), st.lists(st.floats(0, 0.5), min_size=2, max_size=40))
def test_no_request_starts_earlier_than_the_actual_start_before_it_plus_one_over_the_rate(
    rate: float, lateness: list[float]
) -> None:
    pace = Pace(PaceLimits(max_in_flight=100, rate_per_s=rate))
    starts, now = [], 0.0
    for late in lateness:
        at = pace.start_at(now)
        assert at is not None
        now = at + late  # a timer wakes late, never early
        pace.started(now)
        starts.append(now)
    assert all(later - earlier >= 1 / rate - 1e-9 for earlier, later in pairwise(starts))


def test_without_a_rate_only_the_number_in_flight_holds_back() -> None:
    pace = Pace(PaceLimits(max_in_flight=2))
    assert (start(pace, 5.0), start(pace, 5.0)) == (5.0, 5.0)
    assert pace.start_at(5.0) is None
    pace.ended(5.0, 5.1, Sample.HEALTHY)
    assert pace.start_at(5.1) == 5.1


def test_a_start_that_was_not_used_makes_room_again() -> None:
    pace = Pace(PaceLimits(max_in_flight=1))
    start(pace, 0.0)
    pace.unused()
    assert pace.start_at(0.0) == 0.0


def test_retry_after_holds_everybody_back() -> None:
    pace = Pace(PaceLimits(max_in_flight=10))
    assert one_answer(pace, 1.0, Sample.THROTTLED, 4.0)
    assert pace.start_at(1.5) == 5.0
    assert pace.paused_s(1.5) == 3.5
    assert pace.paused_s(6.0) == 0.0


def test_a_refusal_without_a_time_pauses_everybody_shortly() -> None:
    pace = Pace(PaceLimits(max_in_flight=10))
    one_answer(pace, 1.0, Sample.THROTTLED)
    assert pace.start_at(1.0) == pytest.approx(1.1)


def test_a_refusal_halves_what_may_be_in_flight_once_for_all_that_was_sent_before() -> None:
    pace = Pace(PaceLimits(max_in_flight=16))
    for _ in range(16):
        start(pace, 0.0)
    assert pace.ended(0.0, 1.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 8
    assert not pace.ended(0.0, 1.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 8


def test_a_longer_retry_after_of_an_older_request_still_counts() -> None:
    pace = Pace(PaceLimits(max_in_flight=4))
    start(pace, 0.0)
    start(pace, 0.0)
    pace.ended(0.0, 1.0, Sample.THROTTLED, 1.0)
    assert pace.ended(0.0, 1.0, Sample.THROTTLED, 9.0)
    assert pace.start_at(1.0) == 10.0


def test_healthy_answers_win_the_room_back_one_for_each_full_window() -> None:
    pace = Pace(PaceLimits(max_in_flight=8))
    one_answer(pace, 0.0, Sample.THROTTLED)
    assert pace.in_flight_limit == 4
    for _ in range(5):
        one_answer(pace, 10.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 5
    for _ in range(100):
        one_answer(pace, 10.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 8


def test_single_failures_change_nothing() -> None:
    pace = Pace(PaceLimits(max_in_flight=8, rate_per_s=None))
    for _ in range(20):
        assert not one_answer(pace, 0.0, Sample.FAILED)
        one_answer(pace, 0.0, Sample.HEALTHY)
    assert pace.in_flight_limit == 8
    assert pace.rate_per_s is None


def test_after_failures_in_a_row_one_probe_at_a_time_goes_out_further_and_further_apart() -> None:
    pace = Pace(PaceLimits(max_in_flight=8))
    now = 0.0
    for _ in range(5):
        one_answer(pace, now, Sample.FAILED)
    assert pace.probing
    assert pace.in_flight_limit == 1
    gaps = []
    for _ in range(7):
        at = start(pace, now)
        gaps.append(at - now)
        pace.ended(at, at, Sample.FAILED)
        now = at
    assert gaps == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_many_failures_at_once_are_one_setback() -> None:
    pace = Pace(PaceLimits(max_in_flight=64))
    for _ in range(64):
        start(pace, 0.0)
    for _ in range(64):
        pace.ended(0.0, 1.0, Sample.FAILED)
    assert pace.paused_s(1.0) == 1.0


def test_the_first_success_ends_the_probing() -> None:
    pace = Pace(PaceLimits(max_in_flight=8))
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
        (Reply(401), Sample.HEALTHY),
        (Seats(()), Sample.HEALTHY),
        (Reply(429), Sample.THROTTLED),
        (Reply(425), Sample.THROTTLED),
        (Reply(503, retry_after_s=1.0), Sample.THROTTLED),
        (Reply(503), Sample.FAILED),
        (Reply(408), Sample.FAILED),
        (Reply(500), Sample.FAILED),
        (NoReply("no connection", sent=False), Sample.FAILED),
    ],
)
def test_what_an_answer_tells_of_the_servers_health(answer: Reply | NoReply | Seats, sample: Sample) -> None:
    assert sample_of(answer) is sample
