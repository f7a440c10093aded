"""Which of a user's seats, as the server lists them, a key speaks of; and what a seat is after its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.model import ENROLLED_KINDS, WITHDRAWN_KINDS, Action, EnrollmentState, OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentKey, Outcome, ServerEnrollment, UserEnrollments


_ENROLLED = EnrollmentState.ENROLLED  # asked for by each row, and Python 3.11 takes long to look up a member of an enum


def holds(seats: UserEnrollments, key: EnrollmentKey) -> ServerEnrollment | None:
    """The seat of `key` among a user's seats. Without a school in the key, any school of the course counts."""
    return next(iter(matching(seats, key)), None)


def matching(seats: UserEnrollments, key: EnrollmentKey) -> list[ServerEnrollment]:
    """Every seat of `key`: in its class, which says course and school; without one, in any class of the course."""
    there = (
        at_the_place(seats, key)
        if key.class_id is None
        else [seat for seat in seats.enrollments if seat.class_id == key.class_id]
    )
    return [seat for seat in there if seat.role == key.role]


def at_the_place(seats: UserEnrollments, key: EnrollmentKey) -> list[ServerEnrollment]:
    """The user's seats in the course and school of `key`, whatever their role; without a school, in the course."""
    return [
        seat
        for seat in seats.enrollments
        if seat.course_id == key.course_id and key.school_id in {None, seat.school_id}
    ]


def state_after(outcome: Outcome, aim: Action) -> EnrollmentState:
    """What a seat is once its row has settled."""
    if outcome.kind in ENROLLED_KINDS:
        return _ENROLLED
    if outcome.kind in WITHDRAWN_KINDS:
        return EnrollmentState.WITHDRAWN
    if outcome.kind is OutcomeKind.UNKNOWN or aim is Action.WITHDRAW:
        return EnrollmentState.UNKNOWN
    return EnrollmentState.OPEN
