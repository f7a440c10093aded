"""Matches the enrollments that a server lists for a user with the key of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.model import ENROLLED_KINDS, WITHDRAWN_KINDS, Action, EnrollmentState, OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentKey, EnrollmentRequest, Outcome, ServerEnrollment, UserEnrollments

_ENROLLED = EnrollmentState.ENROLLED  # each row needs it, and Python 3.11 takes long to look up a member of an enum


def find_enrollment(listed: UserEnrollments, key: EnrollmentKey) -> ServerEnrollment | None:
    """The enrollment of `key` among those of a user. Without a school in the key, any school of the course counts."""
    return next(iter(match_enrollments(listed, key)), None)


def match_enrollments(listed: UserEnrollments, key: EnrollmentKey) -> list[ServerEnrollment]:
    """Every enrollment of `key`: in its class, which implies course and school; else in any class of the course."""
    there = (
        _in_course(listed, key)
        if key.class_id is None
        else [enrollment for enrollment in listed.enrollments if enrollment.class_id == key.class_id]
    )
    return [enrollment for enrollment in there if enrollment.role == key.role]


def affected_enrollments(
    request: EnrollmentRequest, listed: UserEnrollments | None, *, whole_course: bool
) -> list[ServerEnrollment]:
    """The enrollments that a withdrawal would take.

    With `whole_course` all in the course and school; else the one that the request names, or those of its key.
    """
    if listed is None:
        return []
    if whole_course:
        return _in_course(listed, request.key)
    there = match_enrollments(listed, request.key)
    return [enrollment for enrollment in there if enrollment.enrollment_id == request.sourced_id] or there


def state_after(outcome: Outcome, purpose: Action) -> EnrollmentState:
    """The state of an enrollment once its row has settled."""
    if outcome.kind in ENROLLED_KINDS:
        return _ENROLLED
    if outcome.kind in WITHDRAWN_KINDS:
        return EnrollmentState.WITHDRAWN
    if outcome.kind is OutcomeKind.UNKNOWN or purpose is Action.WITHDRAW:
        return EnrollmentState.UNKNOWN
    return EnrollmentState.OPEN


def _in_course(listed: UserEnrollments, key: EnrollmentKey) -> list[ServerEnrollment]:
    """The enrollments in the course and school of `key`, whatever their role; without a school, in the course."""
    return [
        enrollment
        for enrollment in listed.enrollments
        if enrollment.course_id == key.course_id and key.school_id in {None, enrollment.school_id}
    ]
