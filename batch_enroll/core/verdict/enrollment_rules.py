"""Rules for a row that enrolls.

- "Already exists" may speak of the sourcedId instead of the enrollment (contract 2.2), so a request that carried one
  is looked up.
- After a lost answer, now or before a crash, the enrollment that is found is most likely the one of this row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Action, Outcome, OutcomeKind, UserEnrollments
from batch_enroll.core.verdict.answer_classes import Accepted, AlreadyExists, Listed, Refused
from batch_enroll.core.verdict.attempt_state import RetryAfterWait, Settle
from batch_enroll.core.verdict.enrollment_matching import find_enrollment
from batch_enroll.core.verdict.next_steps import proceed, resend_if_absent

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest
    from batch_enroll.core.verdict.attempt_state import AttemptState, Decision, RetryContext


def decide_enrollment(
    request: EnrollmentRequest,
    state: AttemptState,
    answer: Accepted | AlreadyExists | Refused | Listed,
    context: RetryContext,
) -> Decision:
    """The next step of a row that enrolls, after an answer that is clear."""
    match answer:
        case Accepted(status, enrollment_id):
            return Settle(Outcome(OutcomeKind.ENROLLED, "", "", state.sent, status, enrollment_id))
        case Refused(refusal):
            return Settle(refusal)
        case AlreadyExists():
            return _decide_existing(request, state, answer, context)
        case Listed(enrollments):  # pragma: no branch - the union has no other member
            return _decide_listed(request, state, enrollments or UserEnrollments(()), context)


def _decide_existing(
    request: EnrollmentRequest, state: AttemptState, answer: AlreadyExists, context: RetryContext
) -> Decision:
    if request.sourced_id is not None or not answer.proven:
        conflict = replace(answer.refusal, code=catalogue.CONFLICT)
        asked = replace(state, step=Action.LOOK_UP, last=conflict, absences=context.policy.sure_absences)
        return RetryAfterWait(asked, 0.0)
    kind, code = _found(request, state, catalogue.SEEN_BY_SERVER)
    return Settle(replace(answer.refusal, kind=kind, code=code))


def _decide_listed(
    request: EnrollmentRequest, state: AttemptState, enrollments: UserEnrollments, context: RetryContext
) -> Decision:
    if (enrollment := find_enrollment(enrollments, request.key)) is not None:
        kind, code = _found(request, state, catalogue.SEEN_BY_LOOK_UP)
        status = None if state.last is None else state.last.status
        return Settle(Outcome(kind, code, "", state.sent, status, enrollment.enrollment_id))
    if state.last is None:
        return proceed(replace(state, doubt=False), Action.ENROLL)
    if state.last.kind is OutcomeKind.REJECTED:
        return Settle(state.last)
    return resend_if_absent(Action.ENROLL, state, state.last, context)


def _found(request: EnrollmentRequest, state: AttemptState, seen: str) -> tuple[OutcomeKind, str]:
    """The kind and code of a row whose enrollment is there; `seen` says who showed it if the row did not create it."""
    if state.lost or request.sent_before:
        return OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS
    return OutcomeKind.ALREADY_ENROLLED, seen
