"""State of a row between two requests, the decisions that may follow, and the limits of both."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Action

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, NoReply, Outcome, Reply, UserEnrollments


class HaltReason(StrEnum):
    """Reasons for which a run takes no more rows."""

    AUTH_REFUSED = "auth_refused"
    API_DOWN = "api_down"
    TOO_MANY_FAILURES = "too_many_failures"
    DEADLINE = "deadline"
    ROSTER_UNREADABLE = "roster_unreadable"
    GUARD = "guard"
    INTERRUPTED = "interrupted"


@frozen
class Policy:
    """Limits for one row.

    Attributes:
        max_attempts: enroll requests sent for one row, throttled ones not counted.
        max_throttles: 429 or 425 answers one row takes before it fails.
        max_look_ups: look-ups in a row that did not answer, before the row stays unknown.
        sure_absences: look-ups in a row that must miss the enrollment before a lost request is sent again; more than
            one, because reads lag behind writes (contract 4, FM waits 1 s).
        base_wait_s, max_wait_s: bounds of the exponential wait.
        withdraws_all_in_course: the API's withdrawal takes all that the user has in the course and school.
        settling_s: the least wait between a lost answer and its look-up.
    """

    max_attempts: int = 6
    max_throttles: int = 60
    max_look_ups: int = 6
    sure_absences: int = 2
    base_wait_s: float = 0.5
    max_wait_s: float = 30.0
    settling_s: float = 1.0
    withdraws_all_in_course: bool = True


@frozen
class AttemptState:
    """The history of one row, and the step that comes next.

    Attributes:
        step: ENROLL and WITHDRAW send, LOOK_UP lists the user's enrollments.
        sent: requests sent so far, look-ups not counted.
        throttles: 429 or 425 answers so far; those to what was sent are no attempts.
        attempts: sent requests that count against the limit.
        look_ups: look-ups in a row that did not answer.
        absences: look-ups in a row that missed the enrollment.
        renewals: tokens renewed since the last answer that was not about the token.
        doubt: the server may have acted on a request whose answer was lost.
        lost: that was so at any time; an enrollment that appears later, or is gone, is most likely this row's work.
        seen: a look-up showed the enrollment.
        last: the outcome the row gets if it must end now and there is no doubt.
    """

    step: Action
    sent: int = 0
    throttles: int = 0
    attempts: int = 0
    look_ups: int = 0
    absences: int = 0
    renewals: int = 0
    doubt: bool = False
    lost: bool = False
    seen: bool = False
    last: Outcome | None = None


NO_ATTEMPTS: Final = AttemptState(step=Action.ENROLL)
_FIRST: Final = {
    Action.ENROLL: NO_ATTEMPTS,
    Action.LOOK_UP: AttemptState(step=Action.LOOK_UP, doubt=True),
    Action.WITHDRAW: AttemptState(step=Action.LOOK_UP),
}


@frozen
class Settle:
    """The row has its outcome."""

    outcome: Outcome


@frozen
class RetryAfterWait:
    """The row takes `state.step` after `wait_s`."""

    state: AttemptState
    wait_s: float


@frozen
class RenewToken:
    """The token is renewed, then the step is repeated once."""

    state: AttemptState


@frozen
class Halt:
    """The run must end, since no row can succeed. The row itself gets `outcome_when_halted`."""

    reason: HaltReason
    detail: str


AttemptResult: TypeAlias = "UserEnrollments | Reply | NoReply"
Decision: TypeAlias = "Settle | RetryAfterWait | RenewToken | Halt"


@frozen
class RetryContext:
    """The circumstances of a decision that are not the row's own.

    Attributes:
        policy: the limits.
        draw: a number from [0, 1) for the jitter.
        token_proven: this token was accepted before.
        down: the server answers no one, so failing does not count against the limits of the row.
    """

    policy: Policy
    draw: float
    token_proven: bool
    down: bool = False


def initial_state(request: EnrollmentRequest) -> AttemptState:
    """The state of a row before its first step. A planned look-up is in doubt; a withdrawal always asks first."""
    return _FIRST[request.action]
