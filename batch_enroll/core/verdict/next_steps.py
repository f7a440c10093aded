"""Next steps of a row: sending again, looking up, renewing the token; each ends the row when its limit is reached."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Outcome, OutcomeKind
from batch_enroll.core.verdict.attempt_state import Halt, HaltReason, RenewToken, RetryAfterWait, Settle

if TYPE_CHECKING:
    from batch_enroll.core.verdict.attempt_state import AttemptState, Decision, RetryContext


def jittered_wait_s(attempt: int, context: RetryContext) -> float:
    """Seconds before attempt number `attempt` + 1: exponential, full jitter.

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    ceiling = min(context.policy.max_wait_s, context.policy.base_wait_s * 2.0 ** min(attempt - 1, 32))
    return float(context.draw * ceiling)


def proceed(state: AttemptState, step: Action) -> RetryAfterWait:
    """Takes `step` at once."""
    return RetryAfterWait(replace(state, step=step, look_ups=0, absences=0), 0.0)


def send_again(step: Action, state: AttemptState, failure: Outcome, context: RetryContext) -> Decision:
    """Sends once more, if the row has an attempt left; else it ends with `failure`."""
    if state.attempts >= context.policy.max_attempts:
        return Settle(failure)
    again = replace(state, step=step, last=failure, look_ups=0, absences=0)
    return RetryAfterWait(again, jittered_wait_s(state.attempts, context))


def look_up(state: AttemptState, failure: Outcome, context: RetryContext, retry_after_s: float | None) -> Decision:
    """Looks the enrollment up before anything is sent twice. `failure` is the outcome if it is absent for good.

    An error answer is not better than a lost one: a gateway's 5xx can come before a write that continues behind it.
    """
    asked = replace(state, step=Action.LOOK_UP, doubt=True, lost=True, last=failure, look_ups=0, absences=0)
    wait_s = jittered_wait_s(state.attempts, context)
    return RetryAfterWait(asked, max(retry_after_s or 0.0, context.policy.settling_s, wait_s))


def look_again(state: AttemptState, context: RetryContext, otherwise: Outcome) -> Decision:
    """Repeats a look-up that was answered, since reads lag behind writes; `otherwise` ends the row after enough."""
    return Settle(otherwise) if _is_enough(state, context) else _repeat_look_up(state, context)


def resend_if_absent(step: Action, state: AttemptState, failure: Outcome, context: RetryContext) -> Decision:
    """Looks again until the enrollment is absent beyond doubt; then takes `step` once more."""
    if not _is_enough(state, context):
        return _repeat_look_up(state, context)
    return send_again(step, replace(state, doubt=False), failure, context)


def retry_look_up(state: AttemptState, cause: str, context: RetryContext, retry_after_s: float | None) -> Decision:
    """Repeats a look-up that failed, as often as the policy allows."""
    failed = state.look_ups + (not context.down)
    if failed >= context.policy.max_look_ups:
        detail = f"the look-up failed: {cause}"
        failure = Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, detail, state.sent)
        return Settle(_end_of_look_up(state, failure))
    wait_s = jittered_wait_s(failed, context)
    return RetryAfterWait(replace(state, look_ups=failed), max(retry_after_s or 0.0, wait_s))


def wait_out(state: AttemptState, failure: Outcome, context: RetryContext, retry_after_s: float | None) -> Decision:
    """Repeats a step that was not handled, as often as the policy allows.

    Retry-After is the least wait. Source: RFC 9110 10.2.3.
    """
    looking_up = state.step is Action.LOOK_UP
    throttles = state.throttles + 1
    if throttles > context.policy.max_throttles:
        return Settle(_end_of_look_up(state, failure) if looking_up else failure)
    later = replace(state, throttles=throttles, last=state.last if looking_up else failure)
    return RetryAfterWait(later, max(retry_after_s or 0.0, jittered_wait_s(throttles, context)))


def renew_token(state: AttemptState, refusal: Outcome, context: RetryContext) -> Decision:
    """Repeats the step once with a new token; then ends the row, or the run if no token was ever accepted."""
    if state.renewals == 0:
        return RenewToken(replace(state, renewals=1))
    if not context.token_proven:
        return Halt(HaltReason.AUTH_REFUSED, f"the API answers {refusal.status} to a fresh token")
    return Settle(_end_of_look_up(state, refusal) if state.step is Action.LOOK_UP else refusal)


def _is_enough(state: AttemptState, context: RetryContext) -> bool:
    """True if the look-up that just missed the enrollment was the last one needed to believe it."""
    return state.absences + 1 >= context.policy.sure_absences


def _repeat_look_up(state: AttemptState, context: RetryContext) -> RetryAfterWait:
    wait_s = context.policy.settling_s + jittered_wait_s(state.attempts, context)
    return RetryAfterWait(replace(state, look_ups=0, absences=state.absences + 1), wait_s)


def _end_of_look_up(state: AttemptState, failure: Outcome) -> Outcome:
    """The outcome of a row whose look-up failed: unknown, unless nothing was ever sent for it."""
    if not state.doubt and state.sent == 0:
        return failure
    status = None if state.last is None else state.last.status
    return Outcome(OutcomeKind.UNKNOWN, catalogue.ANSWER_LOST, failure.detail, state.sent, status)
