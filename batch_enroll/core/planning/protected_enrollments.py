"""Enrollments that a withdrawal must not end, because another row of the roster needs them.

EduBridge's unenroll ends all enrollments of a user in a course and school, whatever their class and role (contract
1.1), and without a school those of every school. So a withdrawal may be sent only if no row needs any of them, and the
server lists no more enrollments there than the roster withdraws.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.model import ClassId, CourseId, SchoolId, UserId


_ANY_NUMBER: Final = 1_000_000  # enrollments; no user has so many of one course


class UserCourse(NamedTuple):
    """A user in a course, at any school."""

    user_id: UserId
    course_id: CourseId


class SchoolClass(NamedTuple):
    """A school, and a class if the API has classes; None stands for any."""

    school_id: SchoolId | None
    class_id: ClassId | None = None

    def may_be(self, other: SchoolClass) -> bool:
        """Returns True if both may be the same."""
        return all(None in both or both[0] == both[1] for both in zip(self, other, strict=True))


@frozen
class ProtectedEnrollments:
    """The enrollments of a roster where it also withdraws some.

    Attributes:
        wanted: schools and classes in which rows enroll, by user and course.
        leaving: the number of rows that withdraw there, where it is more than one.
        whole: a withdrawal may end everything there, because what is to stay is enrolled again after it.
    """

    wanted: Mapping[UserCourse, frozenset[SchoolClass]] = field(default_factory=dict)
    leaving: Mapping[tuple[UserCourse, SchoolClass], int] = field(default_factory=dict)
    whole: bool = False

    def protects(self, pair: UserCourse, school_class: SchoolClass) -> bool:
        """Returns True if a withdrawal there would end an enrollment that another row needs."""
        return any(school_class.may_be(wanted) for wanted in self.wanted.get(pair, ()))

    def count_withdrawals_at(self, pair: UserCourse, school_class: SchoolClass) -> int:
        """Returns the number of enrollments that the roster withdraws there."""
        return _ANY_NUMBER if self.whole else self.leaving.get((pair, school_class), 1)


NOTHING_PROTECTED: Final = ProtectedEnrollments()
WHOLE_PLACES: Final = ProtectedEnrollments(whole=True)
