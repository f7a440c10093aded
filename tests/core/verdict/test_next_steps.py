"""Waits before the next step: the longest of Retry-After, the jittered wait and the time that a write may take."""

from __future__ import annotations

import pytest

from batch_enroll.core.model import Action, Outcome, OutcomeKind
from batch_enroll.core.verdict.attempt_state import AttemptState, Decision, Policy, RetryAfterWait, RetryContext
from batch_enroll.core.verdict.next_steps import jittered_wait_s, look_up, retry_look_up, wait_out

POLICY = Policy(max_attempts=20, base_wait_s=4.0, max_wait_s=30.0, settling_s=1.0)
CONTEXT = RetryContext(POLICY, draw=0.5, token_proven=True)
FAILED = Outcome(OutcomeKind.FAILED, "E301")
SENT = AttemptState(step=Action.ENROLL, sent=1, attempts=1)
LOOKING = AttemptState(step=Action.LOOK_UP, sent=1, attempts=1, doubt=True)


def wait_of(decision: Decision) -> float:
    assert isinstance(decision, RetryAfterWait), decision
    return decision.wait_s


RETRY_AFTER = pytest.mark.parametrize(("retry_after_s", "wait_s"), [(None, 2.0), (0.0, 2.0), (1.5, 2.0), (7.0, 7.0)])


@RETRY_AFTER
def test_a_throttled_step_waits_for_the_longer_of_retry_after_and_jitter(
    retry_after_s: float | None, wait_s: float
) -> None:
    assert wait_of(wait_out(SENT, FAILED, CONTEXT, retry_after_s)) == wait_s


@RETRY_AFTER
def test_a_look_up_that_failed_waits_for_the_longer_of_both(retry_after_s: float | None, wait_s: float) -> None:
    assert wait_of(retry_look_up(LOOKING, "HTTP 503", CONTEXT, retry_after_s)) == wait_s


@RETRY_AFTER
def test_a_request_in_doubt_waits_for_the_longest_of_the_three(retry_after_s: float | None, wait_s: float) -> None:
    assert wait_of(look_up(SENT, FAILED, CONTEXT, retry_after_s)) == wait_s


def test_a_request_in_doubt_waits_at_least_for_a_write_to_be_seen() -> None:
    unlucky = RetryContext(POLICY, draw=0.0, token_proven=True)
    assert wait_of(look_up(SENT, FAILED, unlucky, None)) == POLICY.settling_s
    assert wait_of(look_up(SENT, FAILED, unlucky, 0.25)) == POLICY.settling_s


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 2.0), (2, 4.0), (3, 8.0), (4, 15.0), (5, 15.0), (10_000, 15.0)])
def test_waits_double_up_to_their_ceiling(attempt: int, wait_s: float) -> None:
    assert jittered_wait_s(attempt, CONTEXT) == wait_s
