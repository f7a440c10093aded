"""What one answer means for a row that withdraws a seat.

Rules and their sources:
- The user's seats are asked for first: EduBridge's unenroll takes every seat of the user in the course and school,
  whatever its class and role (contract 1.1), so where there are more than the roster withdraws, nothing is sent.
- A seat that the look-up misses is withdrawn all the same: reads lag behind writes, and a withdrawal may be repeated.
- A 404 may mean the seat, the user, the course or the school (contract 2.2): what the server lists afterwards decides.
- Lost answers, 5xx and 408 may have been acted on; they are looked up, as for enrollments.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Outcome, OutcomeKind, Reply
from batch_enroll.core.verdict.attempt_state import RetryAfterWait, Settle
from batch_enroll.core.verdict.common_rules import SUCCESS, refusal, send_again, wait_s
from batch_enroll.core.verdict.enrollment_matching import at_the_place, matching

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, ServerEnrollment, UserEnrollments
    from batch_enroll.core.verdict.attempt_state import AttemptState, Decision, RetryContext


_CLOCKS_APART: Final = timedelta(minutes=5)  # the most that the server's clock is taken to be behind
_TWO_DAYS: Final = timedelta(days=2)  # whatever the server's time zone, and whether it keeps the hour of a begin


def judge_reply(request: EnrollmentRequest, tries: AttemptState, reply: Reply) -> Decision:
    """What a clear answer to a withdrawal means."""
    if reply.status in SUCCESS:
        return Settle(_gone(request, tries, reply.status, catalogue.NEVER_THERE))
    if reply.status == HTTPStatus.NOT_FOUND:
        return RetryAfterWait(
            replace(tries, step=Action.LOOK_UP, last=refusal(tries, reply), look_ups=0, absences=0), 0.0
        )
    return Settle(refusal(tries, reply))


def judge_seats(
    request: EnrollmentRequest, tries: AttemptState, seats: UserEnrollments | None, bench: RetryContext
) -> Decision:
    """What the user's seats mean for the row; None if the server knows of nothing that the user has."""
    there = [] if seats is None else _taken(request, seats, bench)
    mine = next((seat for seat in there if seat.role == request.key.role), None)
    if mine is None and (there or tries.sent > 0):
        return _missing(request, tries, seats, bench)
    if len(there) > request.enrollment_count:
        return Settle(Outcome(OutcomeKind.SKIPPED, catalogue.SHARED, f"{len(there)} seats", tries.sent))
    if mine is not None and (why := _another(request, mine)):
        return Settle(Outcome(OutcomeKind.SKIPPED, catalogue.NOT_OURS, why, tries.sent))
    tries = replace(tries, seen=tries.seen or mine is not None)
    if tries.last is None or tries.sent == 0:
        return RetryAfterWait(replace(tries, step=Action.WITHDRAW, doubt=False, look_ups=0), 0.0)
    if tries.last.kind is OutcomeKind.REJECTED:
        return _once_more(tries, bench) or Settle(tries.last)
    return send_again(Action.WITHDRAW, replace(tries, doubt=False), tries.last, bench)


def _taken(request: EnrollmentRequest, seats: UserEnrollments, bench: RetryContext) -> list[ServerEnrollment]:
    """What the withdrawal would take: the place, or of single seats the one that is named, else those of the key."""
    if bench.policy.withdraws_all_in_course:
        return at_the_place(seats, request.key)
    there = matching(seats, request.key)
    return [seat for seat in there if seat.enrollment_id == request.sourced_id] or there


def _another(request: EnrollmentRequest, seat: ServerEnrollment) -> str:
    """In what the seat is another one than the row speaks of; empty if it may be that one."""
    if request.sourced_id not in {None, seat.enrollment_id}:
        return "it has another sourcedId"
    # A server that answers 201 for a seat that it had already is found out here: such a seat began on another day, or
    # has not been changed since before the run.
    changed_at = seat.changed_at
    if request.since is not None and changed_at is not None and changed_at < request.since - _CLOCKS_APART:
        return "it was there before the run began"
    if request.begin_date is None or seat.begin_date is None:
        return ""
    return "it began on another day" if abs(seat.begin_date - request.begin_date) > _TWO_DAYS else ""


def _missing(
    request: EnrollmentRequest, tries: AttemptState, seats: UserEnrollments | None, bench: RetryContext
) -> Decision:
    """A seat that is not there, although its withdrawal was sent or the user has another one in its place."""
    last = tries.last
    if last is not None and last.kind is OutcomeKind.REJECTED:
        if seats is None and last.code == catalogue.UNKNOWN_USER:
            return Settle(last)
    elif tries.sent > 0 and not tries.seen and (again := _once_more(tries, bench)) is not None:
        return again
    return Settle(_gone(request, tries, None if last is None else last.status, catalogue.GONE_BEFORE))


def _once_more(tries: AttemptState, bench: RetryContext) -> RetryAfterWait | None:
    """Another look, since reads lag behind writes; None when there were enough of them."""
    absences = tries.absences + 1
    if absences >= bench.policy.sure_absences:
        return None
    wait = bench.policy.settling_s + wait_s(tries.attempts, bench)
    return RetryAfterWait(replace(tries, look_ups=0, absences=absences), wait)


def _gone(request: EnrollmentRequest, tries: AttemptState, status: int | None, unseen: str) -> Outcome:
    """The end of a row whose seat is gone: this run's work if it was seen, or a withdrawal's answer was lost."""
    if tries.lost or request.sent_before:
        kind, code = OutcomeKind.WITHDRAWN, catalogue.GONE_AFTER_LOSS
    elif tries.seen and unseen == catalogue.NEVER_THERE:
        kind, code = OutcomeKind.WITHDRAWN, ""
    else:
        kind, code = OutcomeKind.ALREADY_WITHDRAWN, unseen
    return Outcome(kind, code, "", tries.sent, status)
