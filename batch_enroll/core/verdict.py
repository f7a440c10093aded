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
- Waits are exponential with full jitter. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core import catalogue
from batch_enroll.core.model import Action, Meaning, NoReply, Outcome, OutcomeKind, Reply, Seats
from batch_enroll.core.tries import Halt, HaltReason, Next, RenewToken, Settle

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentKey, EnrollmentRequest, Seat
    from batch_enroll.core.tries import Answer, Bench, Policy, Tries, Verdict

_NOT_HANDLED: Final = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_PERHAPS_HANDLED: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_SERVER_ERROR: Final = range(500, 600)
_MAY_SAY_ALREADY: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
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


def first_wait_s(tries: Tries, running_s: float, policy: Policy) -> float:
    """How long a row waits before its first step, `running_s` after this process began to send.

    A process that died may have left requests under way, and reads lag behind writes: a look-up in doubt waits as
    long as two absences take to be believed. All such rows wait together, once.
    """
    return max(0.0, policy.sure_absences * policy.settling_s - running_s) if tries.doubt else 0.0


def judge(request: EnrollmentRequest, tries: Tries, answer: Answer, bench: Bench) -> Verdict:
    """What `answer` to the step in `tries` means. Total over every status, header and number of attempts."""
    if isinstance(answer, Reply) and about_the_token(answer):
        return _judge_token(tries, answer, bench)
    tries = replace(tries, renewals=0)
    if tries.step is Action.LOOK_UP:
        return _judge_look_up(request, tries, answer, bench)
    return _judge_enroll(request, replace(tries, sent=tries.sent + 1, attempts=tries.attempts + 1), answer, bench)


def stopped(tries: Tries, reason: HaltReason) -> Outcome:
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


def holds(seats: Seats, key: EnrollmentKey) -> Seat | None:
    """The seat of `key` among a user's seats. Without a school in the key, any school of the course counts."""
    for seat in seats.seats:
        same_place = seat.course_id == key.course_id and key.school_id in {None, seat.school_id}
        if same_place and seat.role == key.role:
            return seat
    return None


def wait_s(attempt: int, bench: Bench) -> float:
    """Seconds before attempt number `attempt` + 1: exponential, full jitter."""
    ceiling = min(bench.policy.max_wait_s, bench.policy.base_wait_s * 2.0 ** min(attempt - 1, 32))
    return float(bench.draw * ceiling)


def about_the_token(answer: Answer) -> bool:
    """Whether the answer complains of the token instead of answering."""
    if not isinstance(answer, Reply):
        return False
    return answer.status == HTTPStatus.UNAUTHORIZED or answer.meaning is Meaning.TOKEN_EXPIRED


def _judge_token(tries: Tries, reply: Reply, bench: Bench) -> Verdict:
    if tries.renewals == 0:
        return RenewToken(replace(tries, renewals=1))
    if not bench.token_proven:
        return Halt(HaltReason.AUTH_REFUSED, f"the API answers {reply.status} to a fresh token")
    if tries.doubt:
        return Settle(_unknown(tries, f"the look-up was answered {reply.status}"))
    detail = _told(reply)
    return Settle(Outcome(OutcomeKind.REJECTED, catalogue.NOT_AUTHORISED, detail, tries.sent + 1, reply.status))


def _judge_enroll(request: EnrollmentRequest, tries: Tries, answer: Answer, bench: Bench) -> Verdict:
    match answer:
        case NoReply(sent=False):
            return _send_again(tries, Outcome(OutcomeKind.FAILED, catalogue.NOT_CONNECTED, answer.cause), bench)
        case NoReply():
            return _look_up(tries, Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, answer.cause), bench)
        case Reply():
            return _judge_reply(request, tries, answer, bench)
        case _:
            return Settle(Outcome(OutcomeKind.FAILED, catalogue.ODD_ANSWER, "seats where an enrollment was due"))


def _judge_reply(request: EnrollmentRequest, tries: Tries, reply: Reply, bench: Bench) -> Verdict:
    status = reply.status
    if status in _NOT_HANDLED:
        return _throttled(tries, reply, bench)
    if status in _PERHAPS_HANDLED:
        failed = Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, _told(reply), status=status)
        return _look_up(tries, failed, bench, reply.retry_after_s)
    if status == HTTPStatus.CREATED or (status in _SUCCESS and reply.meaning is not Meaning.NOT_JSON):
        return Settle(_there(tries, status, reply.enrollment_id))
    if status in _SUCCESS:
        odd = Outcome(OutcomeKind.FAILED, catalogue.ODD_ANSWER, _told(reply), status=status)
        return _look_up(tries, odd, bench)
    if status == HTTPStatus.CONFLICT or (reply.meaning is Meaning.ALREADY_ENROLLED and status in _MAY_SAY_ALREADY):
        return _already(request, tries, reply, bench)
    return Settle(_refusal(tries, reply))


def _there(tries: Tries, status: int, enrollment_id: str | None) -> Outcome:
    return Outcome(OutcomeKind.ENROLLED, attempts=tries.sent, status=status, enrollment_id=enrollment_id)


def _already(request: EnrollmentRequest, tries: Tries, reply: Reply, bench: Bench) -> Verdict:
    if request.sourced_id is not None:
        conflict = Outcome(OutcomeKind.REJECTED, catalogue.CONFLICT, _told(reply), tries.sent, reply.status)
        ask = replace(tries, step=Action.LOOK_UP, last=conflict, absences=bench.policy.sure_absences)
        return Next(ask, 0.0)
    # After a lost answer, now or before a crash, the seat it speaks of is most likely the one we asked for.
    kind, code = (
        (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)
        if tries.lost or request.sent_before
        else (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_SERVER)
    )
    return Settle(Outcome(kind, code, _told(reply), tries.sent, reply.status))


def _refusal(tries: Tries, reply: Reply) -> Outcome:
    status = reply.status
    if status in _REDIRECT:
        code = catalogue.REDIRECTED
    elif status in _SERVER_ERROR:
        return Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, _told(reply), tries.sent, status)
    elif status in _MAY_SAY_ALREADY or status == HTTPStatus.BAD_REQUEST:
        code = _UNKNOWN_ID_CODES.get(reply.meaning) or _REFUSALS[HTTPStatus(status)]
    else:
        code = catalogue.FORBIDDEN if status == HTTPStatus.FORBIDDEN else catalogue.REFUSED
    return Outcome(OutcomeKind.REJECTED, code, _told(reply), tries.sent, status)


def _throttled(tries: Tries, reply: Reply, bench: Bench) -> Verdict:
    looking_up = tries.step is Action.LOOK_UP
    failed = Outcome(OutcomeKind.FAILED, catalogue.THROTTLED, _told(reply), tries.sent, reply.status)
    throttles = tries.throttles + 1
    if throttles > bench.policy.max_throttles:
        return Settle(_unknown(tries, failed.detail) if looking_up else failed)
    # A throttled request was not handled, so it is no attempt; Retry-After is the least wait (RFC 9110 10.2.3).
    later = (
        replace(tries, throttles=throttles)
        if looking_up
        else replace(tries, throttles=throttles, attempts=tries.attempts - 1, last=failed)
    )
    return Next(later, max(reply.retry_after_s or 0.0, wait_s(throttles, bench)))


def _send_again(tries: Tries, failed: Outcome, bench: Bench, least_s: float | None = None) -> Verdict:
    failed = replace(failed, attempts=tries.sent)
    if tries.attempts >= bench.policy.max_attempts:
        return Settle(failed)
    again = replace(tries, step=Action.ENROLL, last=failed, look_ups=0, absences=0)
    return Next(again, max(least_s or 0.0, wait_s(tries.attempts, bench)))


def _look_up(tries: Tries, failed: Outcome, bench: Bench, least_s: float | None = None) -> Verdict:
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
    return Next(ask, max(least_s or 0.0, bench.policy.settling_s, wait_s(tries.attempts, bench)))


def _judge_look_up(request: EnrollmentRequest, tries: Tries, answer: Answer, bench: Bench) -> Verdict:
    match answer:
        case Seats():
            return _judge_seats(request, tries, answer, bench)
        case Reply(status=status) if status in _NOT_HANDLED:
            return _throttled(tries, answer, bench)
        case Reply(status=404):
            # The server lists nothing for this user, so the seat is not there.
            return _judge_seats(request, tries, Seats(()), bench)
        case Reply():
            return _look_up_again(tries, _told(answer), bench, answer.retry_after_s)
        case _:
            return _look_up_again(tries, answer.cause, bench, None)


def _look_up_again(tries: Tries, why: str, bench: Bench, least_s: float | None) -> Verdict:
    failed = tries.look_ups + 1
    if failed >= bench.policy.max_look_ups:
        return Settle(_unknown(tries, f"the look-up failed: {why}"))
    return Next(replace(tries, look_ups=failed), max(least_s or 0.0, wait_s(failed, bench)))


def _judge_seats(request: EnrollmentRequest, tries: Tries, seats: Seats, bench: Bench) -> Verdict:
    seat = holds(seats, request.key)
    if seat is not None:
        return Settle(_found(request, tries, seat))
    absences = tries.absences + 1
    if tries.sent > 0 and absences < bench.policy.sure_absences:
        return Next(
            replace(tries, look_ups=0, absences=absences), bench.policy.settling_s + wait_s(tries.attempts, bench)
        )
    sure = replace(tries, doubt=False)
    if tries.last is None:
        return Next(replace(sure, step=Action.ENROLL, look_ups=0, absences=0), 0.0)
    if tries.last.kind is OutcomeKind.REJECTED:
        return Settle(tries.last)
    return _send_again(sure, tries.last, bench)


def _found(request: EnrollmentRequest, tries: Tries, seat: Seat) -> Outcome:
    ours = tries.lost or request.sent_before
    kind = OutcomeKind.ENROLLED if ours else OutcomeKind.ALREADY_ENROLLED
    code = catalogue.FOUND_AFTER_LOSS if ours else catalogue.SEEN_BY_LOOK_UP
    status = None if tries.last is None else tries.last.status
    return Outcome(kind, code, "", tries.sent, status, seat.enrollment_id)


def _unknown(tries: Tries, why: str) -> Outcome:
    status = None if tries.last is None else tries.last.status
    return Outcome(OutcomeKind.UNKNOWN, catalogue.ANSWER_LOST, why, tries.sent, status)


def _told(reply: Reply) -> str:
    return f"HTTP {reply.status}: {reply.detail}" if reply.detail else f"HTTP {reply.status}"
