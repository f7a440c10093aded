"""Rules for a row that withdraws an enrollment.

- The user's enrollments are listed first: EduBridge's unenroll takes every enrollment of the user in the course and
  school, whatever its class and role (contract 1.1), so where there are more than the roster withdraws, nothing is
  sent.
- An enrollment that the look-up misses is withdrawn all the same: reads lag behind writes, and a withdrawal may be
  repeated.
- A 404 can mean the enrollment, the user, the course or the school (contract 2.2): the list afterwards decides.
  After no other status: a 403 also comes for schools whose lists are empty to us, where absence proves nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Outcome, OutcomeKind
from batch_enroll.core.verdict.answer_classes import Accepted, AlreadyExists, Listed, Refused
from batch_enroll.core.verdict.attempt_state import Settle
from batch_enroll.core.verdict.enrollment_matching import affected_enrollments
from batch_enroll.core.verdict.next_steps import look_again, proceed, send_again

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, ServerEnrollment, UserEnrollments
    from batch_enroll.core.verdict.attempt_state import AttemptState, Decision, RetryContext

_CLOCKS_APART: Final = timedelta(minutes=5)  # the server's clock is taken to be behind by this at most
_TWO_DAYS: Final = timedelta(days=2)  # covers any time zone of the server, and begins kept without their hour


def decide_withdrawal(
    request: EnrollmentRequest,
    state: AttemptState,
    answer: Accepted | AlreadyExists | Refused | Listed,
    context: RetryContext,
) -> Decision:
    """The next step of a row that withdraws, after an answer that is clear."""
    match answer:
        case Accepted(status):
            return Settle(_gone(request, state, status, catalogue.NEVER_THERE))
        case AlreadyExists(refusal) | Refused(refusal):
            if refusal.status == HTTPStatus.NOT_FOUND:
                return proceed(replace(state, last=refusal), Action.LOOK_UP)
            return Settle(refusal)
        case Listed(enrollments):  # pragma: no branch - the union has no other member
            return _decide_listed(request, state, enrollments, context)


def _decide_listed(
    request: EnrollmentRequest, state: AttemptState, enrollments: UserEnrollments | None, context: RetryContext
) -> Decision:
    affected = affected_enrollments(request, enrollments, whole_course=context.policy.withdraws_all_in_course)
    own = next((enrollment for enrollment in affected if enrollment.role == request.key.role), None)
    if own is None and (affected or state.sent > 0):
        return _decide_missing(request, state, context, user_known=enrollments is not None)
    if len(affected) > request.enrollment_count:
        shared = f"{len(affected)} enrollments"
        return Settle(Outcome(OutcomeKind.SKIPPED, catalogue.SHARED, shared, state.sent))
    if own is not None and (difference := _difference(request, own)):
        return Settle(Outcome(OutcomeKind.SKIPPED, catalogue.NOT_OURS, difference, state.sent))
    return _withdraw_or_refuse(replace(state, seen=state.seen or own is not None), context)


def _withdraw_or_refuse(state: AttemptState, context: RetryContext) -> Decision:
    """Sends the withdrawal, again if it was sent before; a refusal stands when the enrollment stays there."""
    if state.last is None or state.sent == 0:
        return proceed(replace(state, doubt=False), Action.WITHDRAW)
    if state.last.kind is OutcomeKind.REJECTED:
        return look_again(state, context, state.last)
    return send_again(Action.WITHDRAW, replace(state, doubt=False), state.last, context)


def _difference(request: EnrollmentRequest, enrollment: ServerEnrollment) -> str:
    """The reason why it is another enrollment than the row's; empty if it may be the same."""
    if request.sourced_id not in {None, enrollment.enrollment_id}:
        return "it has another sourcedId"
    # Some servers answer 201 for an enrollment that they already had. Its begin is on another day, or it was not
    # changed since before the run.
    changed_at = enrollment.changed_at
    if request.since is not None and changed_at is not None and changed_at < request.since - _CLOCKS_APART:
        return "it was there before the run began"
    if request.begin_date is None or enrollment.begin_date is None:
        return ""
    return "it began on another day" if abs(enrollment.begin_date - request.begin_date) > _TWO_DAYS else ""


def _decide_missing(
    request: EnrollmentRequest, state: AttemptState, context: RetryContext, *, user_known: bool
) -> Decision:
    """The next step when the enrollment is absent after its withdrawal was sent, or another one is in its place."""
    last = state.last
    gone = _gone(request, state, None if last is None else last.status, catalogue.GONE_BEFORE)
    if last is not None and last.kind is OutcomeKind.REJECTED:
        return Settle(gone if user_known or last.code != catalogue.UNKNOWN_USER else last)
    return Settle(gone) if state.sent == 0 or state.seen else look_again(state, context, gone)


def _gone(request: EnrollmentRequest, state: AttemptState, status: int | None, unseen: str) -> Outcome:
    """The outcome of a row whose enrollment is gone: this run's work if it was seen, or a withdrawal's answer lost."""
    if state.lost or request.sent_before:
        kind, code = OutcomeKind.WITHDRAWN, catalogue.GONE_AFTER_LOSS
    elif state.seen and unseen == catalogue.NEVER_THERE:
        kind, code = OutcomeKind.WITHDRAWN, ""
    else:
        kind, code = OutcomeKind.ALREADY_WITHDRAWN, unseen
    return Outcome(kind, code, "", state.sent, status)
