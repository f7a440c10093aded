"""What verdicts on any step have in common: which answers may have been acted on, refusals, waits, giving up."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Meaning, NoReply, Outcome, OutcomeKind, Reply
from batch_enroll.core.verdict.attempt_state import RetryAfterWait, Settle

if TYPE_CHECKING:
    from batch_enroll.core.verdict.attempt_state import AttemptResult, AttemptState, Decision, RetryContext

NOT_HANDLED: Final = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
PERHAPS_HANDLED: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_SERVER_ERROR: Final = range(500, 600)
MAY_SAY_ALREADY: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
_UNKNOWN_ID_CODES: Final = {
    Meaning.UNKNOWN_USER: catalogue.UNKNOWN_USER,
    Meaning.UNKNOWN_COURSE: catalogue.UNKNOWN_COURSE,
    Meaning.UNKNOWN_SCHOOL: catalogue.UNKNOWN_SCHOOL,
}
_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: catalogue.INVALID_FOR_SERVER,
    HTTPStatus.FORBIDDEN: catalogue.FORBIDDEN,
    HTTPStatus.NOT_FOUND: catalogue.UNKNOWN_ID,
    HTTPStatus.CONFLICT: catalogue.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY: catalogue.INVALID_FOR_SERVER,
}


def wait_s(attempt: int, bench: RetryContext) -> float:
    """Seconds before attempt number `attempt` + 1: exponential, full jitter."""
    ceiling = min(bench.policy.max_wait_s, bench.policy.base_wait_s * 2.0 ** min(attempt - 1, 32))
    return float(bench.draw * ceiling)


def about_the_token(answer: AttemptResult) -> bool:
    """Whether the answer complains of the token instead of answering."""
    if not isinstance(answer, Reply):
        return False
    return answer.status == HTTPStatus.UNAUTHORIZED or answer.meaning is Meaning.TOKEN_EXPIRED


def no_fault_of_the_row(answer: AttemptResult) -> bool:
    """Whether any row would have failed then, because nobody or nothing usable answered."""
    return isinstance(answer, NoReply) or (isinstance(answer, Reply) and answer.status in PERHAPS_HANDLED)


def classify_reply(aim: Action, tries: AttemptState, answer: AttemptResult, bench: RetryContext) -> Reply | Decision:
    """The answer to what was sent, if it says what became of it; else what comes next.

    What never left and what was not handled is sent again; what may have been acted on is looked up first.
    """
    match answer:
        case NoReply(sent=False):
            return send_again(aim, tries, Outcome(OutcomeKind.FAILED, catalogue.NOT_CONNECTED, answer.cause), bench)
        case NoReply():
            return look_up(tries, Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, answer.cause), bench)
        case Reply(status=status) if status in NOT_HANDLED:
            return throttled(tries, answer, bench)
        case Reply(status=status) if (code := _left_open(answer)) is not None:
            failed = Outcome(OutcomeKind.FAILED, code, reply_text(answer), status=status)
            return look_up(tries, failed, bench, answer.retry_after_s)
        case Reply():
            return answer
        case _:
            return Settle(Outcome(OutcomeKind.FAILED, catalogue.ODD_ANSWER, "seats where an answer was due"))


def _left_open(reply: Reply) -> str | None:
    """Why the reply does not tell whether the request was acted on; None if it does."""
    if reply.status in PERHAPS_HANDLED:
        return catalogue.SERVER_ERROR
    return catalogue.ODD_ANSWER if reply.status in SUCCESS and reply.meaning is Meaning.NOT_JSON else None


def refusal(tries: AttemptState, reply: Reply) -> Outcome:
    """The end of a row that the server does not want as it is."""
    status = reply.status
    if status in _REDIRECT:
        code = catalogue.REDIRECTED
    elif status in _SERVER_ERROR:
        return Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, reply_text(reply), tries.sent, status)
    elif status in MAY_SAY_ALREADY or status == HTTPStatus.BAD_REQUEST:
        code = _UNKNOWN_ID_CODES.get(reply.meaning) or _REFUSALS[HTTPStatus(status)]
    else:
        code = catalogue.FORBIDDEN if status == HTTPStatus.FORBIDDEN else catalogue.REFUSED
    return Outcome(OutcomeKind.REJECTED, code, reply_text(reply), tries.sent, status)


def send_again(aim: Action, tries: AttemptState, failed: Outcome, bench: RetryContext) -> Decision:
    """Sends once more, if the row has an attempt left."""
    failed = replace(failed, attempts=tries.sent)
    if tries.attempts >= bench.policy.max_attempts:
        return Settle(failed)
    again = replace(tries, step=aim, last=failed, look_ups=0, absences=0)
    return RetryAfterWait(again, wait_s(tries.attempts, bench))


def look_up(tries: AttemptState, failed: Outcome, bench: RetryContext, least_s: float | None = None) -> Decision:
    """Asks before sending twice. `failed` is what the row ends as if the seat turns out to be absent for good.

    An error answer is no better than a lost one: a gateway's 5xx can stand before a write that goes on behind it, and
    reads lag behind writes, so neither is believed at the first absence.
    """
    ask = replace(
        tries,
        step=Action.LOOK_UP,
        doubt=True,
        lost=True,
        last=replace(failed, attempts=tries.sent),
        look_ups=0,
        absences=0,
    )
    return RetryAfterWait(ask, max(least_s or 0.0, bench.policy.settling_s, wait_s(tries.attempts, bench)))


def throttled(tries: AttemptState, reply: Reply, bench: RetryContext) -> Decision:
    """Repeats the step later, as often as the policy allows."""
    looking_up = tries.step is Action.LOOK_UP
    failed = Outcome(OutcomeKind.FAILED, catalogue.THROTTLED, reply_text(reply), tries.sent, reply.status)
    throttles = tries.throttles + 1
    if throttles > bench.policy.max_throttles:
        return Settle(unknown_outcome(tries, failed) if looking_up else failed)
    # A throttled request was not handled, so it is no attempt; Retry-After is the least wait (RFC 9110 10.2.3).
    later = (
        replace(tries, throttles=throttles)
        if looking_up
        else replace(tries, throttles=throttles, attempts=tries.attempts - 1, last=failed)
    )
    return RetryAfterWait(later, max(reply.retry_after_s or 0.0, wait_s(throttles, bench)))


def look_up_again(tries: AttemptState, why: str, bench: RetryContext, least_s: float | None) -> Decision:
    """Repeats a look-up that did not tell, as often as the policy allows."""
    failed = tries.look_ups + (not bench.down)
    if failed >= bench.policy.max_look_ups:
        why = f"the look-up failed: {why}"
        return Settle(unknown_outcome(tries, Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, why, tries.sent)))
    return RetryAfterWait(replace(tries, look_ups=failed), max(least_s or 0.0, wait_s(failed, bench)))


def unknown_outcome(tries: AttemptState, failed: Outcome) -> Outcome:
    """The end of a row whose look-up did not tell: nobody knows, unless nothing was ever sent for it."""
    if not tries.doubt and tries.sent == 0:
        return failed
    status = None if tries.last is None else tries.last.status
    return Outcome(OutcomeKind.UNKNOWN, catalogue.ANSWER_LOST, failed.detail, tries.sent, status)


def reply_text(reply: Reply) -> str:
    """What the server said, with its status."""
    return f"HTTP {reply.status}: {reply.detail}" if reply.detail else f"HTTP {reply.status}"
