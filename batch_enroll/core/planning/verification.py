"""What a roster wants beside what the server has: row by row, and the seats that no row wants."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from batch_enroll.core.model import CourseId, EnrollmentKey, Json, SchoolId, ServerEnrollment, UserId
    from batch_enroll.core.run_record import Requests


class VerificationStatus(StrEnum):
    """What the server's seats say of a row, or of a seat."""

    CONFIRMED = "confirmed"
    MISSING = "missing"
    DIFFERENT_ROLE = "different_role"  # the user sits there, but not as the row says
    STILL_THERE = "still_there"  # the row was to withdraw it
    EXTRA = "extra"  # a seat in one of the roster's courses that no row wants
    NO_ANSWER = "no_answer"  # the server did not tell
    NOT_CHECKED = "not_checked"  # the row wants no seat, or cannot be read


NOT_THERE: Final = frozenset(
    {VerificationStatus.MISSING, VerificationStatus.DIFFERENT_ROLE}
)  # the seat that the row speaks of
MAY_BE_LATE: Final = frozenset(
    {VerificationStatus.MISSING, VerificationStatus.DIFFERENT_ROLE, VerificationStatus.STILL_THERE}
)  # reads lag behind writes
_ROWS_A_PAGE: Final = 3_000  # the most that a list gives at once (contract 1.2)
_LOOK_UPS_A_PAGE: Final = 20  # a full page takes seconds, a look-up a fifth of one (contract 4)
DIFFERS: Final = frozenset(
    {
        VerificationStatus.MISSING,
        VerificationStatus.DIFFERENT_ROLE,
        VerificationStatus.STILL_THERE,
        VerificationStatus.EXTRA,
        VerificationStatus.NO_ANSWER,
    }
)


@frozen
class ExpectedEnrollment:
    """What one row wants of its user: a seat, or none (`gone`)."""

    row_no: int
    key: EnrollmentKey
    gone: bool = False

    def means(self, seat: ServerEnrollment) -> bool:
        """Whether the seat is in the row's class, which says course and school; without one, in those, whichever class.

        A row that names no school means any.
        """
        key = self.key
        if None not in {key.class_id, seat.class_id}:
            return seat.class_id == key.class_id
        return seat.course_id == key.course_id and key.school_id in {None, seat.school_id}

    def shares_place_with(self, other: ExpectedEnrollment) -> bool:
        """Whether both speak of one course, school and class; a row without school or class speaks of every one."""
        mine, theirs = self.key, other.key
        return mine.course_id == theirs.course_id and all(
            len(both) == 1 or None in both
            for both in ({mine.school_id, theirs.school_id}, {mine.class_id, theirs.class_id})
        )

    def is_met_by(self, seat: ServerEnrollment) -> bool:
        """Whether the seat is the one that the row speaks of."""
        return self.means(seat) and seat.role == self.key.role


@frozen
class CheckedRow:
    """What was found of a row, or (without one) of a seat that no row wants."""

    user_id: UserId
    found: VerificationStatus
    wanted: ExpectedEnrollment | None = None
    seat: ServerEnrollment | None = None
    detail: str = ""

    @property
    def row_no(self) -> int | None:
        """The row, if there is one."""
        return None if self.wanted is None else self.wanted.row_no


def lists_are_cheaper(schools: Collection[SchoolId | None], rows: int, users: int) -> bool:
    """Whether reading the schools' enrollments, page by page, costs less than a look-up for each user.

    `schools` are those that the rows name; None among them if a row names none.
    """
    pages = len(schools) + rows / _ROWS_A_PAGE
    return None not in schools and _LOOK_UPS_A_PAGE * pages < users


def compare(
    user_id: UserId,
    wanted: Sequence[ExpectedEnrollment],
    seats: Sequence[ServerEnrollment],
    courses: Collection[CourseId],
) -> list[CheckedRow]:
    """Each row of a user beside the user's seats; then the seats in `courses` that no row wants.

    A user may hold several seats of one course (contract 7.7), by class: they count as one to a row without class. What
    is listed without a course is no seat and never gets here (contract 7.6); the rest lies outside `courses`.
    """
    keeping = [row for row in wanted if not row.gone]
    checked = [_row(user_id, row, keeping, seats) for row in wanted]
    told = {id(each.seat) for each in checked if each.seat is not None}
    for seat in seats:
        spoken_of = any(row.is_met_by(seat) for row in wanted) or id(seat) in told
        if seat.course_id in courses and not spoken_of:
            checked.append(CheckedRow(user_id, VerificationStatus.EXTRA, None, seat, "no row of the roster wants it"))
    return checked


def unanswered(user_id: UserId, wanted: Sequence[ExpectedEnrollment], why: str) -> list[CheckedRow]:
    """The rows of a user whose seats the server did not tell."""
    return [CheckedRow(user_id, VerificationStatus.NO_ANSWER, row, None, why) for row in wanted]


def _row(
    user_id: UserId, row: ExpectedEnrollment, keeping: Sequence[ExpectedEnrollment], seats: Sequence[ServerEnrollment]
) -> CheckedRow:
    mine = next((seat for seat in seats if row.is_met_by(seat)), None)
    if row.gone:
        if any(row.shares_place_with(other) for other in keeping):
            return CheckedRow(
                user_id, VerificationStatus.NOT_CHECKED, row, None, "another row keeps a seat in this course and school"
            )
        found = VerificationStatus.CONFIRMED if mine is None else VerificationStatus.STILL_THERE
        return CheckedRow(user_id, found, row, mine)
    if mine is not None:
        return CheckedRow(user_id, VerificationStatus.CONFIRMED, row, mine)
    other = next((s for s in seats if row.means(s) and not any(each.is_met_by(s) for each in keeping)), None)
    if other is None:
        return CheckedRow(user_id, VerificationStatus.MISSING, row, None, "the server shows no such seat")
    role = "no role we know" if other.role is None else f"role {other.role}"
    return CheckedRow(user_id, VerificationStatus.DIFFERENT_ROLE, row, other, f"the server shows {role}")


@dataclass(slots=True)
class VerifySummary:
    """What a verification came to. `counts` has rows, and with EXTRA seats, by what was found.

    `failed`: rows of the run that were reported enrolled and have failed now.
    """

    of: str
    environment: str
    base_url: str
    users: int
    requests: Requests
    counts: Counter[VerificationStatus] = field(default_factory=Counter)
    files: Mapping[str, str] = field(default_factory=dict)
    failed: int = 0

    @property
    def differs(self) -> int:
        """How many rows and seats are not as the roster says, or were not told."""
        return sum(self.counts[found] for found in DIFFERS)

    @property
    def differing(self) -> frozenset[VerificationStatus]:
        """The kinds that count as a difference."""
        return DIFFERS

    @property
    def exit_status(self) -> int:
        """0: the server has what the roster wants, and no more; 1: something differs."""
        return 1 if self.differs else 0

    def found(self) -> Iterator[tuple[VerificationStatus, int]]:
        """Every kind with its count, always in the same order."""
        return ((found, self.counts[found]) for found in VerificationStatus)

    def as_json(self) -> dict[str, Json]:
        """The shape of `verify --json`."""
        return {
            "verified": self.of,
            "environment": self.environment,
            "base_url": self.base_url,
            "users": self.users,
            "requests": self.requests.sent,
            "found": {found.value: count for found, count in self.found()},
            "differs": self.differs,
            "failed": self.failed,
            "files": dict(self.files),
            "exit_status": self.exit_status,
        }
