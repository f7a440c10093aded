"""The outcome of nearly every row, without a decision on its way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Meaning,
    OutcomeKind,
    Reply,
    Role,
    SchoolId,
    UserId,
)
from batch_enroll.core.verdict.attempt_state import initial_state
from batch_enroll.core.verdict.judge import outcome_if_created

STATE = initial_state(
    EnrollmentRequest(1, EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT))
)


def reply(status: int) -> Reply:
    return Reply(status, Meaning.NOTHING, "", None, "e-9")


def test_a_201_to_an_enrollment_is_enrolled_with_the_servers_id() -> None:
    outcome = outcome_if_created(replace(STATE, sent=1), reply(201))
    assert outcome is not None
    assert (outcome.kind, outcome.attempts, outcome.status, outcome.enrollment_id) == (
        OutcomeKind.ENROLLED,
        2,
        201,
        "e-9",
    )


@pytest.mark.parametrize("status", [200, 202, 404, 500])
def test_every_other_answer_takes_a_decision(status: int) -> None:
    assert outcome_if_created(STATE, reply(status)) is None


def test_a_201_to_a_look_up_takes_a_decision() -> None:
    assert outcome_if_created(replace(STATE, step=Action.LOOK_UP), reply(201)) is None
