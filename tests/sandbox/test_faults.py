"""The faults that requests meet, with time as an argument."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.sandbox.faults import (
    Bucket,
    Fault,
    FaultInjector,
    FaultKind,
    FaultRule,
    FaultSettings,
    Latency,
    RequestKind,
    whole_seconds,
)


def rule(
    percent: float, *, run: int = 1, applies_to: RequestKind = RequestKind.ALL, name: str = "m", after: bool = False
) -> FaultRule:
    return FaultRule(name, percent, FaultKind.ERROR, (500, 503), after=after, applies_to=applies_to, run=run)


def first_fault(injector: FaultInjector, request: int = 0, *, writes: bool = True) -> Fault | None:
    return injector.fault_before(injector.draw_for(f"POST /enroll/u{request}"), writes=writes)


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


def test_a_request_passes_after_the_wait_that_a_bucket_returned() -> None:
    bucket = Bucket(7, 1)
    assert bucket.take(0) == 0
    assert bucket.take(0.1 + bucket.take(0.1)) == 0


def test_the_same_seed_causes_the_same_faults_and_another_seed_others() -> None:
    faults = FaultSettings(rules=(rule(20),))

    def statuses(seed: int) -> list[int]:
        injector = FaultInjector(faults, seed)
        return [fault.status if (fault := first_fault(injector, n)) else 0 for n in range(200)]

    assert statuses(1) == statuses(1) != statuses(2)
    assert 15 < sum(map(bool, statuses(1))) < 70


def test_a_request_meets_the_same_faults_in_any_order_of_requests() -> None:
    faults = FaultSettings(rules=(rule(30), rule(30, name="other", after=True)))

    def statuses(order: list[int]) -> dict[int, list[int]]:
        injector = FaultInjector(faults, 5)
        seen: dict[int, list[int]] = {request: [] for request in order}
        for request in order:
            seen[request].append(fault.status if (fault := first_fault(injector, request)) else 0)
        return seen

    requests = [*range(40)] * 3
    assert statuses(requests) == statuses(requests[::-1]) == statuses(sorted(requests))
    assert len({tuple(of_one) for of_one in statuses(requests).values()}) > 5


def test_a_second_rule_does_not_change_the_faults_of_the_first() -> None:
    def met(*rules: FaultRule) -> list[int]:
        injector = FaultInjector(FaultSettings(rules=rules), 4)
        return [n for n in range(300) if (t := first_fault(injector, n)) and t.kind is FaultKind.ERROR]

    forbidden = FaultRule("other", 30, FaultKind.FORBIDDEN)
    assert met(rule(10), forbidden) == met(rule(10))


def test_a_run_meets_consecutive_requests() -> None:
    injector = FaultInjector(FaultSettings(rules=(rule(1, run=20),)), 1)
    failed = [n for n in range(3_000) if first_fault(injector, n)]
    breaks = [first for first, then in pairwise(failed) if then != first + 1]
    assert failed
    assert len(failed) >= 20 * (len(breaks) + 1) - 19


def test_a_rule_applies_to_its_kind_of_requests_only() -> None:
    writes = FaultInjector(FaultSettings(rules=(rule(100, applies_to=RequestKind.WRITES),)))
    reads = FaultInjector(FaultSettings(rules=(rule(100, applies_to=RequestKind.READS),)))
    assert first_fault(writes)
    assert not first_fault(writes, writes=False)
    assert first_fault(reads, writes=False)
    assert not first_fault(reads)


def test_a_fault_after_the_request_does_not_occur_before_it() -> None:
    injector = FaultInjector(FaultSettings(rules=(rule(100, after=True),)))
    assert first_fault(injector) is None
    assert injector.fault_after(injector.draw_for("POST /"), writes=True) is not None


def test_an_outage_by_the_clock_is_timed_from_the_first_request() -> None:
    injector = FaultInjector(FaultSettings(outage_s=(2, 5)))
    out = [bool(injector.fault_on_arrival(1_000 + second, 1)) for second in range(9)]
    assert out == [False, False, True, True, True, True, True, False, False]


def test_an_outage_by_requests_refuses_exactly_those() -> None:
    injector = FaultInjector(FaultSettings(outage_requests=(3, 2)))
    assert [bool(injector.fault_on_arrival(0, 1)) for _ in range(7)] == [False, False, False, True, True, False, False]
    injector.clear()
    assert injector.fault_on_arrival(0, 1) is None


def test_requests_in_flight_above_the_cap_are_throttled() -> None:
    injector = FaultInjector(FaultSettings(in_flight_cap=2))
    assert [bool(injector.fault_on_arrival(0, in_flight)) for in_flight in (1, 2, 3)] == [False, False, True]


def test_latency_is_even_or_has_a_heavy_tail_around_its_median() -> None:
    even, heavy = (
        FaultInjector(FaultSettings(latency=Latency(0.05))),
        FaultInjector(FaultSettings(latency=Latency(0.05, 1.5))),
    )
    assert {even.delay_s() for _ in range(10)} == {0.05}
    delays = sorted(heavy.delay_s() for _ in range(2_001))
    assert 0.04 < delays[1_000] < 0.06
    assert delays[-20] > 0.8
    assert FaultInjector(FaultSettings()).delay_s() == 0
    assert FaultInjector(FaultSettings(latency=Latency(0.0, 1.5))).delay_s() == 0


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2)])
def test_retry_after_is_never_too_early(wait: float, seconds: int) -> None:
    assert whole_seconds(wait, 1) == seconds
