"""What holds for every verdict, whatever the answers were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import explain
from batch_enroll.core.model import (
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Meaning,
    NoReply,
    OutcomeKind,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
    UserId,
)
from batch_enroll.core.verdict import judge
from batch_enroll.core.verdict.attempt_state import (
    Halt,
    Policy,
    RenewToken,
    RetryAfterWait,
    RetryContext,
    Settle,
    initial_state,
)
from batch_enroll.core.verdict.next_steps import jittered_wait_s

POLICY = Policy(max_attempts=3, max_throttles=2, max_look_ups=2, sure_absences=2)
KEY = EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
THERE = UserEnrollments((ServerEnrollment("e9", CourseId("c1"), SchoolId("s1"), Role.STUDENT),))
ABSENT = UserEnrollments(())


answered = st.builds(
    Reply,
    status=st.integers(100, 599),
    meaning=st.sampled_from(Meaning),
    retry_after_s=st.none() | st.floats(0, 1e6),
)
answers = answered | st.builds(NoReply, cause=st.just("x"), sent=st.booleans()) | st.sampled_from([THERE, ABSENT])
draws = st.floats(0, 1, exclude_max=True)


@given(st.data(), st.booleans(), st.sampled_from(["e1", None]))
def test_whatever_the_server_answers_a_row_ends_within_its_limits(
    story: st.DataObject,
    proven: bool,  # noqa: FBT001 - hypothesis calls it by name
    sourced_id: str | None,
) -> None:
    request = EnrollmentRequest(1, KEY, sourced_id=sourced_id)
    state = initial_state(request)
    for _ in range(80):
        answer = story.draw(answers)
        judged = judge.decide(request, state, answer, RetryContext(POLICY, story.draw(draws), proven))
        match judged:
            case Settle(outcome):
                assert outcome.attempts <= POLICY.max_attempts + POLICY.max_throttles + 1
                assert outcome.code or outcome.kind is OutcomeKind.ENROLLED
                assert not outcome.code or explain.kind_of(outcome.code) is outcome.kind
                return
            case Halt():
                return
            case RenewToken():
                pass
            case RetryAfterWait(wait_s=wait_s):
                assert wait_s >= (answer.retry_after_s or 0.0 if isinstance(answer, Reply) and _is_retry(answer) else 0)
        state = judged.state
    pytest.fail("the row never ended")


def _is_retry(reply: Reply) -> bool:
    return reply.status in {425, 429}


@given(st.integers(1, 10_000), draws)
def test_waits_grow_but_never_beyond_their_ceiling(attempt: int, draw: float) -> None:
    wait = jittered_wait_s(attempt, RetryContext(POLICY, draw, token_proven=True))
    assert 0 <= wait <= min(POLICY.max_wait_s, POLICY.base_wait_s * 2.0 ** min(attempt - 1, 32))
