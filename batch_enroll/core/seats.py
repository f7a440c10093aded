"""Which of a user's seats, as the server lists them, a key speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentKey, Seat, Seats


def holds(seats: Seats, key: EnrollmentKey) -> Seat | None:
    """The seat of `key` among a user's seats. Without a school in the key, any school of the course counts."""
    return next((seat for seat in at_the_place(seats, key) if seat.role == key.role), None)


def at_the_place(seats: Seats, key: EnrollmentKey) -> list[Seat]:
    """The user's seats in the course and school of `key`, whatever their role; without a school, in the course."""
    return [seat for seat in seats.seats if seat.course_id == key.course_id and key.school_id in {None, seat.school_id}]
