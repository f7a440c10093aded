"""Which withdrawals of a roster would take a seat that another of its rows wants.

EduBridge's unenroll takes all seats of a user in a course and school, whatever their class and role (contract 1.1), and
without a school those of every school. So a withdrawal may be sent only if no row wants any of them, and the server
lists no more seats there than the roster withdraws.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.model import ClassId, CourseId, SchoolId, UserId


_ANY_NUMBER: Final = 1_000_000  # of seats; nobody has so many of one course


class UserCourse(NamedTuple):
    """A user in a course, at whatever school."""

    user_id: UserId
    course_id: CourseId


class SchoolClass(NamedTuple):
    """A school, and a class where the API is told classes; None: not told, so it may be any."""

    school_id: SchoolId | None
    class_id: ClassId | None = None

    def may_be(self, other: SchoolClass) -> bool:
        """Whether both may mean the same."""
        return all(None in both or both[0] == both[1] for both in zip(self, other, strict=True))


@frozen
class ProtectedEnrollments:
    """What a roster says of the places that it withdraws seats from.

    Attributes:
        wanted: where rows want a seat, by user and course.
        leaving: how many rows withdraw a seat there, for those that have several.
        whole: whether withdrawals mean whole places, because what stays there is enrolled again after them.
    """

    wanted: Mapping[UserCourse, frozenset[SchoolClass]] = field(default_factory=dict)
    leaving: Mapping[tuple[UserCourse, SchoolClass], int] = field(default_factory=dict)
    whole: bool = False

    def holds(self, pair: UserCourse, room: SchoolClass) -> bool:
        """Whether a withdrawal there would take a seat that another row wants."""
        return any(room.may_be(wanted) for wanted in self.wanted.get(pair, ()))

    def leaving_at(self, pair: UserCourse, room: SchoolClass) -> int:
        """How many seats the roster withdraws there."""
        return _ANY_NUMBER if self.whole else self.leaving.get((pair, room), 1)


NOTHING_PROTECTED: Final = ProtectedEnrollments()
WHOLE_PLACES: Final = ProtectedEnrollments(whole=True)
