"""The decision on one answer: settle the row, take the next step, renew the token, or halt the run.

`decide` reads in one direction: `answer_classes` says what the answer proves, the rules of the row's purpose
(`enrollment_rules`, `withdrawal_rules`) say what that means for the row, and `next_steps` has the limits and waits.
What may have been carried out is looked up before anything is sent twice (contract 7.14; there is no idempotency
header). The reasons are in docs/decisions/verdict-rules.md.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Outcome, OutcomeKind, Reply
from batch_enroll.core.verdict import next_steps
from batch_enroll.core.verdict.answer_classes import (
    InDoubt,
    Listed,
    NotHandled,
    NotListed,
    NotSent,
    TokenRefused,
    classify_answer,
)
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.core.verdict.enrollment_rules import decide_enrollment
from batch_enroll.core.verdict.withdrawal_rules import decide_withdrawal

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest
    from batch_enroll.core.verdict.answer_classes import LookUpClass, SentClass
    from batch_enroll.core.verdict.attempt_state import AttemptResult, AttemptState, Decision, Policy, RetryContext

# Names of their own, since each row needs them, and Python 3.11 takes long to look up a member of an enum.
_ENROLL, _ENROLLED, _CREATED = Action.ENROLL, OutcomeKind.ENROLLED, HTTPStatus.CREATED


def first_wait_s(state: AttemptState, running_s: float, policy: Policy) -> float:
    """Seconds that a row waits before its first step, `running_s` after this process began to send.

    A process that died may have left requests under way, and reads lag behind writes: a look-up in doubt waits as
    long as two absences take to be believed. All such rows wait together, once.
    """
    return max(0.0, policy.sure_absences * policy.settling_s - running_s) if state.doubt else 0.0


def outcome_if_created(state: AttemptState, answer: AttemptResult) -> Outcome | None:
    """The outcome of a 201 to an enrollment, as nearly every row has it; None for all else, which `decide` takes."""
    if state.step is _ENROLL and isinstance(answer, Reply) and answer.status == _CREATED:
        return Outcome(_ENROLLED, attempts=state.sent + 1, status=answer.status, enrollment_id=answer.enrollment_id)
    return None


def decide(request: EnrollmentRequest, state: AttemptState, answer: AttemptResult, context: RetryContext) -> Decision:
    """The decision on `answer` to the step in `state`; total over every status, header and number of attempts."""
    sent = state.sent + (state.step is not Action.LOOK_UP)
    proof = classify_answer(state.step, answer, sent)
    if isinstance(proof, TokenRefused):
        return next_steps.renew_token(state, proof.refusal, context)
    state = replace(state, renewals=0, sent=sent, attempts=state.attempts + _cost(proof, context))
    match proof:
        case NotSent(failure):
            return next_steps.send_again(request.purpose, state, failure, context)
        case NotHandled(failure, retry_after_s):
            return next_steps.wait_out(state, failure, context, retry_after_s)
        case InDoubt(failure, _, retry_after_s):
            return next_steps.look_up(state, failure, context, retry_after_s)
        case NotListed(cause, retry_after_s):
            return next_steps.retry_look_up(state, cause, context, retry_after_s)
        case clear:
            rules = decide_withdrawal if request.purpose is Action.WITHDRAW else decide_enrollment
            return rules(request, state, clear, context)


def outcome_when_halted(state: AttemptState, reason: HaltReason) -> Outcome:
    """The outcome of a row whose run halts between two steps."""
    if state.doubt:
        return Outcome(OutcomeKind.UNKNOWN, catalogue.INTERRUPTED, "the run ended before the look-up", state.sent)
    code = {
        HaltReason.AUTH_REFUSED: catalogue.AUTH_REFUSED,
        HaltReason.API_DOWN: catalogue.API_DOWN,
        HaltReason.DEADLINE: catalogue.DEADLINE,
    }.get(reason, catalogue.STOPPED)
    status = None if state.last is None else state.last.status
    return Outcome(OutcomeKind.NOT_ATTEMPTED, code, "" if state.last is None else state.last.detail, state.sent, status)


def _cost(proof: SentClass | LookUpClass, context: RetryContext) -> int:
    """The attempts that an answer costs its row: 0 or 1.

    A look-up is not an attempt, nor is a request that was not handled, nor one that failed in an outage.
    """
    match proof:
        case Listed() | NotListed() | NotHandled():
            return 0
        case NotSent() | InDoubt(outage=True):
            return 0 if context.down else 1
        case _:
            return 1
