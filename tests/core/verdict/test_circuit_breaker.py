"""When a run gives up."""

from __future__ import annotations

import pytest

from batch_enroll.core.model import Outcome, OutcomeKind
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits

LIMITS = BreakerLimits(budget=10, patience_s=100.0, first_patience_s=30.0)


def test_failures_within_the_budget_stop_nothing() -> None:
    breaker = Breaker(LIMITS)
    assert all(breaker.failed(1.0) is None for _ in range(10))


def test_more_failures_than_the_budget_stop_the_run() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(10):
        breaker.failed(1.0)
    why = breaker.failed(1.0)
    assert why is not None
    assert "10 requests failed" in why


def test_every_success_earns_one_more_retry() -> None:
    breaker = Breaker(LIMITS)
    for now in range(500):
        assert breaker.failed(float(now)) is None
        breaker.succeeded()


def test_a_server_that_never_answered_is_given_up_early() -> None:
    breaker = Breaker(LIMITS)
    assert breaker.failed(5.0) is None
    assert breaker.failed(34.0) is None
    assert breaker.failed(35.0) == "nothing succeeded for 30 s"


def test_an_outage_is_ridden_out_with_patience() -> None:
    breaker = Breaker(LIMITS)
    breaker.succeeded()
    assert breaker.throttled(10.0) is None
    assert breaker.throttled(109.0) is None
    assert breaker.throttled(110.0) == "nothing succeeded for 100 s"


def test_a_quiet_time_without_requests_is_no_outage() -> None:
    breaker = Breaker(LIMITS)
    breaker.succeeded()
    assert breaker.failed(5_000.0) is None


def test_throttling_costs_patience_but_no_budget() -> None:
    breaker = Breaker(LIMITS)
    assert all(breaker.throttled(1.0) is None for _ in range(1_000))


def test_rows_that_are_nearly_all_refused_stop_the_run() -> None:
    breaker = Breaker(BreakerLimits(window=10, max_failed_share=0.8))
    refused = Outcome(OutcomeKind.REJECTED, "E201", attempts=1)
    enrolled = Outcome(OutcomeKind.ENROLLED, attempts=1)
    assert all(breaker.settled(refused) is None for _ in range(9))
    assert breaker.settled(enrolled) == "9 of the last 10 rows sent were not enrolled"


def test_a_third_of_bad_rows_stops_nothing() -> None:
    breaker = Breaker(BreakerLimits(window=10, max_failed_share=0.8))
    refused = Outcome(OutcomeKind.FAILED, "E301", attempts=1)
    enrolled = Outcome(OutcomeKind.ENROLLED, attempts=1)
    assert all(breaker.settled(one) is None for _ in range(20) for one in (enrolled, enrolled, refused))


def test_rows_that_were_not_sent_do_not_count() -> None:
    breaker = Breaker(BreakerLimits(window=2, max_failed_share=0.5))
    by_group = Outcome(OutcomeKind.REJECTED, "E202", attempts=0)
    assert all(breaker.settled(by_group) is None for _ in range(50))


def test_probes_of_a_server_that_is_down_cost_patience_but_no_budget() -> None:
    breaker = Breaker(LIMITS)
    assert all(breaker.failed(1.0, down=True) is None for _ in range(1_000))
    assert breaker.failed(50.0, down=True) == "nothing succeeded for 30 s"


@pytest.mark.parametrize(("budget", "most"), [(10, 1_000), (2_000, 2_000)])
def test_a_long_success_does_not_earn_retries_without_end(budget: int, most: int) -> None:
    breaker = Breaker(BreakerLimits(budget=budget, patience_s=100.0))
    for _ in range(5_000):
        breaker.succeeded()
    assert all(breaker.failed(1.0) is None for _ in range(most))
    assert breaker.failed(1.0) == f"more than {budget} requests failed beyond those that succeeded"


def test_a_share_of_failed_rows_at_the_limit_stops_nothing_and_one_more_row_does() -> None:
    breaker = Breaker(BreakerLimits(window=10, max_failed_share=0.8))
    refused = Outcome(OutcomeKind.REJECTED, "E201", attempts=1)
    enrolled = Outcome(OutcomeKind.ENROLLED, attempts=1)
    assert all(breaker.settled(one) is None for one in [enrolled, enrolled, *[refused] * 8])
    assert breaker.settled(refused) == "9 of the last 10 rows sent were not enrolled"
