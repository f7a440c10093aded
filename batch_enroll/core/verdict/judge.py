"""What one answer means for its row: settle it, take the next step, renew the token, or halt the run.

Rules and their sources:
- A request that never left may be sent again; one that left may have been acted on, so the seat is looked up
  before anything is sent twice (contract 7.14; there is no idempotency header).
- 5xx and 408 can follow a write: gateways answer 502-504 while the service behind them goes on. They count as
  "may have been acted on". 425 and 429 say the request was not handled (RFC 8470 5.2, RFC 6585 4).
- Any 201 is an enrollment, however odd its body. Another 2xx that is no JSON is not the API's answer (a proxy's
  page): look it up.
- "Already exists" comes as 404, 409 or 422 (contract 2.2). It may speak of the sourcedId instead of the seat, so a
  request that carried one is looked up.
- Withdrawals have rules of their own: `core.withdrawal`.
- Waits are exponential with full jitter. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Meaning, Outcome, OutcomeKind, Reply, UserEnrollments
from batch_enroll.core.verdict import withdrawal_rules
from batch_enroll.core.verdict.attempt_state import Halt, HaltReason, RenewToken, RetryAfterWait, Settle
from batch_enroll.core.verdict.common_rules import (
    MAY_SAY_ALREADY,
    NOT_HANDLED,
    SUCCESS,
    about_the_token,
    classify_reply,
    look_up_again,
    no_fault_of_the_row,
    refusal,
    reply_text,
    send_again,
    throttled,
    unknown_outcome,
    wait_s,
)
from batch_enroll.core.verdict.enrollment_matching import holds

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, ServerEnrollment
    from batch_enroll.core.verdict.attempt_state import AttemptResult, AttemptState, Decision, Policy, RetryContext


# Names of their own, since each row asks for them, and Python 3.11 takes long to look up a member of an enum.
_ENROLL, _ENROLLED, _CREATED = Action.ENROLL, OutcomeKind.ENROLLED, HTTPStatus.CREATED


def first_wait_s(tries: AttemptState, running_s: float, policy: Policy) -> float:
    """How long a row waits before its first step, `running_s` after this process began to send.

    A process that died may have left requests under way, and reads lag behind writes: a look-up in doubt waits as
    long as two absences take to be believed. All such rows wait together, once.
    """
    return max(0.0, policy.sure_absences * policy.settling_s - running_s) if tries.doubt else 0.0


def outcome_if_created(tries: AttemptState, answer: AttemptResult) -> Outcome | None:
    """What nearly every row comes to, a 201 to its enrollment; None for all else, which takes a bench to judge."""
    if tries.step is _ENROLL and isinstance(answer, Reply) and answer.status == _CREATED:
        return _there(tries.sent + 1, answer)
    return None


def decide(request: EnrollmentRequest, tries: AttemptState, answer: AttemptResult, bench: RetryContext) -> Decision:
    """What `answer` to the step in `tries` means. Total over every status, header and number of attempts."""
    if (outcome := outcome_if_created(tries, answer)) is not None:  # no copies of `tries` on its way
        return Settle(outcome)
    if isinstance(answer, Reply) and about_the_token(answer):
        return _judge_token(tries, answer, bench)
    tries = replace(tries, renewals=0)
    if tries.step is Action.LOOK_UP:
        return _judge_look_up(request, tries, answer, bench)
    counts = not (bench.down and no_fault_of_the_row(answer))
    tries = replace(tries, sent=tries.sent + 1, attempts=tries.attempts + counts)
    match classify_reply(request.purpose, tries, answer, bench):
        case Reply() as reply if request.purpose is Action.WITHDRAW:
            return withdrawal_rules.judge_reply(request, tries, reply)
        case Reply() as reply:
            return _judge_reply(request, tries, reply, bench)
        case unclear:
            return unclear


def outcome_when_halted(tries: AttemptState, reason: HaltReason) -> Outcome:
    """The honest end of a row whose run is halting between two steps."""
    if tries.doubt:
        return Outcome(OutcomeKind.UNKNOWN, catalogue.INTERRUPTED, "the run ended before the look-up", tries.sent)
    code = {
        HaltReason.AUTH_REFUSED: catalogue.AUTH_REFUSED,
        HaltReason.API_DOWN: catalogue.API_DOWN,
        HaltReason.DEADLINE: catalogue.DEADLINE,
    }.get(reason, catalogue.STOPPED)
    status = None if tries.last is None else tries.last.status
    return Outcome(OutcomeKind.NOT_ATTEMPTED, code, "" if tries.last is None else tries.last.detail, tries.sent, status)


def _judge_token(tries: AttemptState, reply: Reply, bench: RetryContext) -> Decision:
    if tries.renewals == 0:
        return RenewToken(replace(tries, renewals=1))
    if not bench.token_proven:
        return Halt(HaltReason.AUTH_REFUSED, f"the API answers {reply.status} to a fresh token")
    looking_up = tries.step is Action.LOOK_UP
    sent = tries.sent + (not looking_up)
    refused = Outcome(OutcomeKind.REJECTED, catalogue.NOT_AUTHORISED, reply_text(reply), sent, reply.status)
    return Settle(unknown_outcome(tries, refused) if looking_up else refused)


def _judge_reply(request: EnrollmentRequest, tries: AttemptState, reply: Reply, bench: RetryContext) -> Decision:
    status = reply.status
    if status in SUCCESS:
        return Settle(_there(tries.sent, reply))
    if status == HTTPStatus.CONFLICT or (reply.meaning is Meaning.ALREADY_ENROLLED and status in MAY_SAY_ALREADY):
        return _already(request, tries, reply, bench)
    return Settle(refusal(tries, reply))


def _there(sent: int, reply: Reply) -> Outcome:
    return Outcome(_ENROLLED, attempts=sent, status=reply.status, enrollment_id=reply.enrollment_id)


def _already(request: EnrollmentRequest, tries: AttemptState, reply: Reply, bench: RetryContext) -> Decision:
    if request.sourced_id is not None:
        conflict = Outcome(OutcomeKind.REJECTED, catalogue.CONFLICT, reply_text(reply), tries.sent, reply.status)
        ask = replace(tries, step=Action.LOOK_UP, last=conflict, absences=bench.policy.sure_absences)
        return RetryAfterWait(ask, 0.0)
    # After a lost answer, now or before a crash, the seat it speaks of is most likely the one we asked for.
    kind, code = (
        (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)
        if tries.lost or request.sent_before
        else (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_SERVER)
    )
    return Settle(Outcome(kind, code, reply_text(reply), tries.sent, reply.status))


def _judge_look_up(
    request: EnrollmentRequest, tries: AttemptState, answer: AttemptResult, bench: RetryContext
) -> Decision:
    match answer:
        case UserEnrollments():
            return _judge_list(request, tries, answer, bench)
        case Reply(status=status) if status in NOT_HANDLED:
            return throttled(tries, answer, bench)
        case Reply(status=404, meaning=meaning) if meaning is not Meaning.NOT_JSON:
            # The server lists nothing for this user, so the seat is not there. A proxy's page says no such thing.
            return _judge_list(request, tries, None, bench)
        case Reply():
            return look_up_again(tries, reply_text(answer), bench, answer.retry_after_s)
        case _:
            return look_up_again(tries, answer.cause, bench, None)


def _judge_list(
    request: EnrollmentRequest, tries: AttemptState, seats: UserEnrollments | None, bench: RetryContext
) -> Decision:
    if request.purpose is Action.WITHDRAW:
        return withdrawal_rules.judge_seats(request, tries, seats, bench)
    return _judge_seats(request, tries, seats or UserEnrollments(()), bench)


def _judge_seats(
    request: EnrollmentRequest, tries: AttemptState, seats: UserEnrollments, bench: RetryContext
) -> Decision:
    seat = holds(seats, request.key)
    if seat is not None:
        return Settle(_found(request, tries, seat))
    absences = tries.absences + 1
    if tries.sent > 0 and absences < bench.policy.sure_absences:
        return RetryAfterWait(
            replace(tries, look_ups=0, absences=absences), bench.policy.settling_s + wait_s(tries.attempts, bench)
        )
    sure = replace(tries, doubt=False)
    if tries.last is None:
        return RetryAfterWait(replace(sure, step=Action.ENROLL, look_ups=0, absences=0), 0.0)
    if tries.last.kind is OutcomeKind.REJECTED:
        return Settle(tries.last)
    return send_again(Action.ENROLL, sure, tries.last, bench)


def _found(request: EnrollmentRequest, tries: AttemptState, seat: ServerEnrollment) -> Outcome:
    ours = tries.lost or request.sent_before
    kind = OutcomeKind.ENROLLED if ours else OutcomeKind.ALREADY_ENROLLED
    code = catalogue.FOUND_AFTER_LOSS if ours else catalogue.SEEN_BY_LOOK_UP
    status = None if tries.last is None else tries.last.status
    return Outcome(kind, code, "", tries.sent, status, seat.enrollment_id)
