"""The weather: what befalls requests, on a clock that is an argument."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.sandbox.faults import Bucket, Faults, Kind, Latency, Mishap, Reach, Trouble, Weather, whole_seconds


def mishap(percent: float, *, run: int = 1, reach: Reach = Reach.ALL, name: str = "m", after: bool = False) -> Mishap:
    return Mishap(name, percent, Kind.ERROR, (500, 503), after=after, reach=reach, run=run)


def fell(weather: Weather, request: int = 0, *, writes: bool = True) -> Trouble | None:
    return weather.before(weather.lot(f"POST /enroll/u{request}"), writes=writes)


@given(st.floats(0.5, 200), st.integers(1, 20), st.lists(st.floats(0, 0.2), min_size=1, max_size=80))
def test_a_bucket_never_passes_more_than_its_burst_and_rate_in_any_window(
    rate: float, burst: int, gaps: list[float]
) -> None:
    bucket, now, passed = Bucket(rate, burst), 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now) == 0:
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - passed[first]) + 1e-6


def test_a_strict_bucket_takes_an_even_stream_and_refuses_a_pair() -> None:
    bucket = Bucket(50, 1)
    assert [bucket.take(number * 0.02) for number in range(100)] == [0.0] * 100
    assert bucket.take(1.981) == pytest.approx(0.019)


def test_waiting_as_long_as_a_bucket_says_is_enough() -> None:
    bucket = Bucket(7, 1)
    assert bucket.take(0) == 0
    assert bucket.take(0.1 + bucket.take(0.1)) == 0


def test_the_same_seed_brings_the_same_troubles_and_another_brings_others() -> None:
    faults = Faults(mishaps=(mishap(20),))

    def troubles(seed: int) -> list[int]:
        weather = Weather(faults, seed)
        return [trouble.status if (trouble := fell(weather, n)) else 0 for n in range(200)]

    assert troubles(1) == troubles(1) != troubles(2)
    assert 15 < sum(map(bool, troubles(1))) < 70


def test_a_request_meets_the_same_troubles_whatever_came_before_it() -> None:
    faults = Faults(mishaps=(mishap(30), mishap(30, name="other", after=True)))

    def of(order: list[int]) -> dict[int, list[int]]:
        weather = Weather(faults, 5)
        seen: dict[int, list[int]] = {request: [] for request in order}
        for request in order:
            seen[request].append(trouble.status if (trouble := fell(weather, request)) else 0)
        return seen

    thrice = [*range(40)] * 3
    assert of(thrice) == of(thrice[::-1]) == of(sorted(thrice))
    assert len({tuple(statuses) for statuses in of(thrice).values()}) > 5


def test_a_second_mishap_changes_nothing_about_the_first() -> None:
    def met(*mishaps: Mishap) -> list[int]:
        weather = Weather(Faults(mishaps=mishaps), 4)
        return [n for n in range(300) if (t := fell(weather, n)) and t.kind is Kind.ERROR]

    forbidden = Mishap("other", 30, Kind.FORBIDDEN)
    assert met(mishap(10), forbidden) == met(mishap(10))


def test_a_burst_meets_so_many_in_a_row() -> None:
    weather = Weather(Faults(mishaps=(mishap(1, run=20),)), 1)
    failed = [n for n in range(3_000) if fell(weather, n)]
    breaks = [first for first, then in pairwise(failed) if then != first + 1]
    assert failed
    assert len(failed) >= 20 * (len(breaks) + 1) - 19


def test_a_mishap_keeps_to_its_reach() -> None:
    writes = Weather(Faults(mishaps=(mishap(100, reach=Reach.WRITES),)))
    reads = Weather(Faults(mishaps=(mishap(100, reach=Reach.READS),)))
    assert fell(writes)
    assert not fell(writes, writes=False)
    assert fell(reads, writes=False)
    assert not fell(reads)


def test_what_happens_after_does_not_happen_before() -> None:
    weather = Weather(Faults(mishaps=(mishap(100, after=True),)))
    assert fell(weather) is None
    assert weather.after(weather.lot("POST /"), writes=True) is not None


def test_an_outage_by_the_clock_begins_with_the_first_request() -> None:
    weather = Weather(Faults(outage_s=(2, 5)))
    out = [bool(weather.arrival(1_000 + second, 1)) for second in range(9)]
    assert out == [False, False, True, True, True, True, True, False, False]


def test_an_outage_by_requests_swallows_exactly_those() -> None:
    weather = Weather(Faults(outage_requests=(3, 2)))
    assert [bool(weather.arrival(0, 1)) for _ in range(7)] == [False, False, False, True, True, False, False]
    weather.clear()
    assert weather.arrival(0, 1) is None


def test_what_is_in_flight_above_the_cap_is_throttled() -> None:
    weather = Weather(Faults(in_flight_cap=2))
    assert [bool(weather.arrival(0, in_flight)) for in_flight in (1, 2, 3)] == [False, False, True]


def test_latency_is_even_or_has_a_heavy_tail_around_its_median() -> None:
    even, heavy = Weather(Faults(latency=Latency(0.05))), Weather(Faults(latency=Latency(0.05, 1.5)))
    assert {even.delay_s() for _ in range(10)} == {0.05}
    delays = sorted(heavy.delay_s() for _ in range(2_001))
    assert 0.04 < delays[1_000] < 0.06
    assert delays[-20] > 0.8
    assert Weather(Faults()).delay_s() == 0
    assert Weather(Faults(latency=Latency(0.0, 1.5))).delay_s() == 0


@pytest.mark.parametrize(("wait", "told"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2)])
def test_retry_after_is_never_too_early(wait: float, told: int) -> None:
    assert whole_seconds(wait, 1) == told
