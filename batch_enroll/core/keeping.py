"""Which withdrawals of a roster would take a seat that another of its rows wants.

EduBridge's unenroll takes all seats of a user in a course and school, whatever their class and role (contract 1.1), and
without a school those of every school. So a withdrawal may be sent only if no row wants any of them, and the server
lists no more seats there than the roster withdraws.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.model import CourseId, SchoolId, UserId


class Pair(NamedTuple):
    """A user in a course, at whatever school."""

    user_id: UserId
    course_id: CourseId


@dataclass(frozen=True, slots=True)
class Kept:
    """What a roster says of the places that it withdraws seats from.

    Attributes:
        wanted: the schools where rows want a seat, by user and course; None stands for one that is not told.
        leaving: how many rows withdraw a seat at a place, for those that have several.
    """

    wanted: Mapping[Pair, frozenset[SchoolId | None]] = field(default_factory=dict)
    leaving: Mapping[tuple[Pair, SchoolId | None], int] = field(default_factory=dict)

    def holds(self, pair: Pair, school_id: SchoolId | None) -> bool:
        """Whether a withdrawal there would take a seat that another row wants."""
        schools = self.wanted.get(pair)
        return schools is not None and (school_id is None or school_id in schools or None in schools)

    def leaving_at(self, pair: Pair, school_id: SchoolId | None) -> int:
        """How many seats the roster withdraws there."""
        return self.leaving.get((pair, school_id), 1)


NOTHING_KEPT: Final = Kept()
