"""How long a row waits before its first step."""

from __future__ import annotations

import pytest

from batch_enroll.core.model import Action
from batch_enroll.core.verdict.attempt_state import NO_ATTEMPTS, AttemptState, Policy
from batch_enroll.core.verdict.judge import first_wait_s

POLICY = Policy(sure_absences=2, settling_s=1.0)
IN_DOUBT = AttemptState(step=Action.LOOK_UP, doubt=True)


@pytest.mark.parametrize(("running_s", "wait_s"), [(0.0, 2.0), (1.5, 0.5), (2.0, 0.0), (60.0, 0.0)])
def test_a_row_in_doubt_waits_until_what_a_dead_process_sent_can_be_seen(running_s: float, wait_s: float) -> None:
    assert first_wait_s(IN_DOUBT, running_s, POLICY) == wait_s


def test_a_row_that_was_never_tried_goes_at_once() -> None:
    assert first_wait_s(NO_ATTEMPTS, 0.0, POLICY) == 0.0
