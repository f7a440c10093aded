"""The server's seats made equal to the roster's: what is to be enrolled, and what withdrawn, in which order.

EduBridge's unenroll takes every seat of a user in a course and school, whatever class and role (contract 1.1). So where
one of several roles has to go, all go, and those that the roster wants are enrolled after it: first what is taken, then
what is given. The engine keeps that order for each user and course, and a crash between the two is mended by going on:
the row that was given is looked up, and enrolled if it is not there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from batch_enroll.core.model import Action
from batch_enroll.core.plans import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batch_enroll.core.model import CourseId, Role, SchoolId, UserId


class Place(NamedTuple):
    """A user in a course at a school: what a withdrawal takes as a whole."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId


class SeatKey(NamedTuple):
    """One seat, whatever its class: several classes of a course are one seat here."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId
    role: Role

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.user_id, self.course_id, self.school_id)


@dataclass(frozen=True, slots=True)
class Wish:
    """A seat that a row of the roster wants, in the row's own words."""

    fields: Mapping[str, str]
    row: str


@dataclass(slots=True)
class Differences:
    """Seats the server lacks, has as wanted, and has although nobody wants them (in the scope)."""

    missing: list[SeatKey] = field(default_factory=list)
    kept: list[SeatKey] = field(default_factory=list)
    extra: list[SeatKey] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Synced:
    """The steps of a sync, and how many seats stay: as wanted, and although nobody wants them."""

    steps: tuple[Step, ...]
    counts: Mapping[str, int]


def synced(differences: Differences, wishes: Mapping[SeatKey, Wish], *, withdraw: bool) -> Synced:
    """What makes the scope equal to the roster; without `withdraw` what nobody wants is left where it is."""
    wanted = {seat.place for seat in wishes}
    occupied = {seat.place for seat in differences.extra}
    # Place by place, so that nobody is without a seat for longer than it takes to give the new one.
    steps: dict[Place, list[Step]] = {}
    for seat in differences.extra if withdraw else ():
        steps.setdefault(seat.place, []).append(_withdrawal(seat, again=seat.place in wanted))
    for seat in differences.missing:
        why = "another role" if seat.place in occupied else "not there"
        steps.setdefault(seat.place, []).append(_enrollment(seat, wishes[seat], why))
    for seat in differences.kept:
        if withdraw and seat.place in occupied:
            steps[seat.place].append(_enrollment(seat, wishes[seat], "goes along with another role that is withdrawn"))
    changed = sum(seat.place in occupied for seat in differences.missing)
    return Synced(
        tuple(step for of_place in steps.values() for step in of_place),
        {
            "kept": len(differences.kept),
            "role_changes": changed,
            "left": 0 if withdraw else len(differences.extra),
        },
    )


def _withdrawal(seat: SeatKey, *, again: bool) -> Step:
    fields = {
        "user_id": seat.user_id,
        "course_id": seat.course_id,
        "school_id": seat.school_id,
        "role": seat.role.value,
    }
    return Step(Action.WITHDRAW, fields, "", "the roster wants another role" if again else "no row wants it")


def _enrollment(seat: SeatKey, wish: Wish, why: str) -> Step:
    return Step(Action.ENROLL, {**wish.fields, "role": seat.role.value}, wish.row, why)


def in_scope(seats: Iterable[SeatKey], pairs: frozenset[tuple[CourseId, SchoolId]]) -> list[SeatKey]:
    """The seats in the courses and schools of the roster, each once; all others are none of a sync's business."""
    return list(dict.fromkeys(seat for seat in seats if (seat.course_id, seat.school_id) in pairs))


def named_by_delta(
    seats: Iterable[SeatKey], wishes: Mapping[SeatKey, Wish], leaving: Mapping[SeatKey, int]
) -> list[SeatKey]:
    """The seats that a roster of changes speaks of: those it wants, and those it takes back in every class.

    A pupil who leaves one of two classes of a course keeps the seat, and a delta does not name the other class.
    """
    classes = Counter(seats)
    return [seat for seat, count in classes.items() if seat in wishes or count <= leaving.get(seat, 0)]


@dataclass(frozen=True, slots=True)
class SeatPage:
    """One page of a school's seats: how many rows it was read from, how many there are in all, and rows of no course.

    What names no user, course or role we know belongs to no scope, and nobody touches it (contract 7.6).
    """

    seats: tuple[SeatKey, ...]
    rows: int
    total: int
    nameless: int = 0
