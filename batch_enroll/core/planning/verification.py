"""Comparison of a roster with the server: row by row, and the enrollments that are in no row."""

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
    """The result of comparing a row, or an enrollment without a row, with the server."""

    CONFIRMED = "confirmed"
    MISSING = "missing"
    DIFFERENT_ROLE = "different_role"  # the user is enrolled there, in another role
    STILL_THERE = "still_there"  # a row withdraws it
    EXTRA = "extra"  # an enrollment in one of the roster's courses that is in no row
    NO_ANSWER = "no_answer"  # the server did not answer
    NOT_CHECKED = "not_checked"  # the row asks for nothing, or cannot be read


NOT_THERE: Final = frozenset(
    {VerificationStatus.MISSING, VerificationStatus.DIFFERENT_ROLE}
)  # the enrollment of the row
MAY_BE_LATE: Final = frozenset(
    {VerificationStatus.MISSING, VerificationStatus.DIFFERENT_ROLE, VerificationStatus.STILL_THERE}
)  # reads lag behind writes
_ROWS_A_PAGE: Final = 3_000  # the most on one page of a list (contract 1.2)
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
    """The state that one row asks for: an enrollment, or none (`gone`)."""

    row_no: int
    key: EnrollmentKey
    gone: bool = False

    def covers(self, enrollment: ServerEnrollment) -> bool:
        """Returns True if the enrollment is in the class of the row, or without one in its course and school.

        A row without a school means any school.
        """
        key = self.key
        if None not in {key.class_id, enrollment.class_id}:
            return enrollment.class_id == key.class_id
        return enrollment.course_id == key.course_id and key.school_id in {None, enrollment.school_id}

    def overlaps(self, other: ExpectedEnrollment) -> bool:
        """Returns True if both may be in one course, school and class; a row without school or class may be in any."""
        mine, theirs = self.key, other.key
        return mine.course_id == theirs.course_id and all(
            len(both) == 1 or None in both
            for both in ({mine.school_id, theirs.school_id}, {mine.class_id, theirs.class_id})
        )

    def is_met_by(self, enrollment: ServerEnrollment) -> bool:
        """Returns True if the enrollment is the one that the row asks for."""
        return self.covers(enrollment) and enrollment.role == self.key.role


@frozen
class CheckedRow:
    """The result for a row, or (without `wanted`) for an enrollment that is in no row."""

    user_id: UserId
    found: VerificationStatus
    wanted: ExpectedEnrollment | None = None
    enrollment: ServerEnrollment | None = None
    detail: str = ""

    @property
    def row_no(self) -> int | None:
        """The number of the row, if there is one."""
        return None if self.wanted is None else self.wanted.row_no


def are_lists_cheaper(schools: Collection[SchoolId | None], rows: int, users: int) -> bool:
    """Returns True if listing the schools' enrollments page by page costs less than a look-up for each user.

    `schools` are those of the rows, with None among them if a row has no school.
    """
    pages = len(schools) + rows / _ROWS_A_PAGE
    return None not in schools and _LOOK_UPS_A_PAGE * pages < users


def compare_enrollments(
    user_id: UserId,
    wanted: Sequence[ExpectedEnrollment],
    enrollments: Sequence[ServerEnrollment],
    courses: Collection[CourseId],
) -> list[CheckedRow]:
    """Returns the result for each row of a user, then for the enrollments in `courses` that are in no row.

    A user may have several enrollments in one course (contract 7.7), by class: they count as one for a row without a
    class. A listing without a course never gets here (contract 7.6); the rest is outside `courses`.
    """
    keeping = [row for row in wanted if not row.gone]
    checked = [_check_row(user_id, row, keeping, enrollments) for row in wanted]
    matched = {id(each.enrollment) for each in checked if each.enrollment is not None}
    for enrollment in enrollments:
        is_named = any(row.is_met_by(enrollment) for row in wanted) or id(enrollment) in matched
        if enrollment.course_id in courses and not is_named:
            checked.append(
                CheckedRow(user_id, VerificationStatus.EXTRA, None, enrollment, "no row of the roster wants it")
            )
    return checked


def mark_unanswered(user_id: UserId, wanted: Sequence[ExpectedEnrollment], why: str) -> list[CheckedRow]:
    """Returns the results for the rows of a user whose enrollments could not be looked up."""
    return [CheckedRow(user_id, VerificationStatus.NO_ANSWER, row, None, why) for row in wanted]


def _check_row(
    user_id: UserId,
    row: ExpectedEnrollment,
    keeping: Sequence[ExpectedEnrollment],
    enrollments: Sequence[ServerEnrollment],
) -> CheckedRow:
    mine = next((enrollment for enrollment in enrollments if row.is_met_by(enrollment)), None)
    if row.gone:
        if any(row.overlaps(other) for other in keeping):
            return CheckedRow(
                user_id,
                VerificationStatus.NOT_CHECKED,
                row,
                None,
                "another row keeps an enrollment in this course and school",
            )
        found = VerificationStatus.CONFIRMED if mine is None else VerificationStatus.STILL_THERE
        return CheckedRow(user_id, found, row, mine)
    if mine is not None:
        return CheckedRow(user_id, VerificationStatus.CONFIRMED, row, mine)
    other = next((s for s in enrollments if row.covers(s) and not any(each.is_met_by(s) for each in keeping)), None)
    if other is None:
        return CheckedRow(user_id, VerificationStatus.MISSING, row, None, "the server shows no such enrollment")
    role = "an unknown role" if other.role is None else f"role {other.role}"
    return CheckedRow(user_id, VerificationStatus.DIFFERENT_ROLE, row, other, f"the server shows {role}")


@dataclass(slots=True)
class VerifySummary:
    """The result of a verification. `counts` has the number of rows, and for EXTRA of enrollments, by status.

    `failed`: rows of the run that were reported as enrolled and now count as failed.
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
        """The number of rows and enrollments that differ from the roster, or could not be looked up."""
        return sum(self.counts[found] for found in DIFFERS)

    @property
    def difference_kinds(self) -> frozenset[VerificationStatus]:
        """The statuses that count as a difference."""
        return DIFFERS

    @property
    def exit_status(self) -> int:
        """0: the server has the enrollments of the roster, and no more; 1: something differs."""
        return 1 if self.differs else 0

    def found(self) -> Iterator[tuple[VerificationStatus, int]]:
        """Yields every status with its count, always in the same order."""
        return ((found, self.counts[found]) for found in VerificationStatus)

    def as_json(self) -> dict[str, Json]:
        """Returns the output of `verify --json`."""
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
