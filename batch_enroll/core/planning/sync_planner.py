"""The server's seats made equal to the roster's: what is to be enrolled, and what withdrawn, in which order.

EduBridge's unenroll takes every seat of a user in a course and school, whatever class and role (contract 1.1). So where
one of several roles has to go, all go, and those that the roster wants are enrolled after it: first what is taken, then
what is given. The engine keeps that order for each user and course, and a crash between the two is mended by going on:
the row that was given is looked up, and enrolled if it is not there. Where the user sits in several classes of the
course, or has a seat that nobody can attribute, and keeps one of them, nothing is taken: what comes back would be
another class. OneRoster's route takes one seat of one class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Action
from batch_enroll.core.planning.plan_document import PlanStep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from batch_enroll.core.model import ClassId, CourseId, Role, SchoolId, UserId


GOES_ALONG: Final = "goes along with another role that is withdrawn"  # why a seat is given that was there before


class UserCourseSchool(NamedTuple):
    """A user in a course at a school: what EduBridge's withdrawal takes as a whole."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId


class EnrollmentIdentity(NamedTuple):
    """One seat; without a class it stands for those of any class."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId
    role: Role
    class_id: ClassId | None = None

    @property
    def place(self) -> UserCourseSchool:
        """Where it is."""
        return UserCourseSchool(self.user_id, self.course_id, self.school_id)


@frozen
class DesiredEnrollment:
    """A seat that a row of the roster wants, in the row's own words."""

    fields: Mapping[str, str]
    row: str


@dataclass(slots=True)
class Differences:
    """Seats the server lacks, has as wanted, and has although nobody wants them (in the scope)."""

    missing: list[EnrollmentIdentity] = field(default_factory=list)
    kept: list[EnrollmentIdentity] = field(default_factory=list)
    extra: list[EnrollmentIdentity] = field(default_factory=list)


@frozen
class SyncRoute:
    """What a withdrawal takes along: nothing, if it is told the class; else the whole place.

    Attributes:
        by_class: whether it is told.
        several: places where the user sits in several classes.
        others: places with a seat that is none of the sync's: not in its scope, or of a role that we do not know.
    """

    by_class: bool = False
    several: frozenset[UserCourseSchool] = frozenset()
    others: frozenset[UserCourseSchool] = frozenset()


@frozen
class SyncPlan:
    """The steps of a sync, and how many seats stay: as wanted, and although nobody wants them."""

    steps: tuple[PlanStep, ...]
    counts: Mapping[str, int]


def plan_sync(
    differences: Differences,
    wishes: Mapping[EnrollmentIdentity, DesiredEnrollment],
    route: SyncRoute,
    *,
    withdraw: bool,
) -> SyncPlan:
    """What makes the scope equal to the roster; without `withdraw` what nobody wants is left where it is."""
    wanted = {seat.place for seat in wishes}
    beside = _beside(differences, route)
    leaving = [seat for seat in differences.extra if seat.place not in beside]
    occupied = {_spot(seat, route) for seat in leaving}
    # Place by place, so that nobody is without a seat for longer than it takes to give the new one.
    steps: dict[UserCourseSchool, list[PlanStep]] = {}
    for seat in leaving if withdraw else ():
        steps.setdefault(seat.place, []).append(_withdrawal(seat, again=seat.place in wanted))
    for seat in differences.missing:
        why = "another role" if _spot(seat, route) in occupied else "not there"
        steps.setdefault(seat.place, []).append(_enrollment(seat, wishes[seat], why))
    for seat in () if route.by_class else differences.kept:
        if withdraw and seat.place in steps and _spot(seat, route) in occupied:
            steps[seat.place].append(_enrollment(seat, wishes[seat], GOES_ALONG))
    return SyncPlan(
        tuple(step for of_place in steps.values() for step in of_place),
        {
            "kept": len(differences.kept),
            "role_changes": sum(_spot(seat, route) in occupied for seat in differences.missing),
            "left": 0 if withdraw else len(leaving),
            "left_beside_another_class": len(differences.extra) - len(leaving),
        },
    )


def _beside(differences: Differences, route: SyncRoute) -> frozenset[UserCourseSchool]:
    """Where a withdrawal would take a seat that is not to go, and that no enrollment brings back as it was."""
    if route.by_class:
        return frozenset()
    return route.others | route.several.intersection(seat.place for seat in differences.kept)


def _spot(seat: EnrollmentIdentity, route: SyncRoute) -> tuple[UserCourseSchool, ClassId | None]:
    """Within which a role changes into another."""
    return seat.place, seat.class_id if route.by_class else None


def _withdrawal(seat: EnrollmentIdentity, *, again: bool) -> PlanStep:
    fields = {
        "user_id": seat.user_id,
        "course_id": seat.course_id,
        "school_id": seat.school_id,
        "role": seat.role.value,
        **({} if seat.class_id is None else {"class_id": seat.class_id}),
    }
    return PlanStep(Action.WITHDRAW, fields, "", "the roster wants another seat here" if again else "no row wants it")


def _enrollment(seat: EnrollmentIdentity, wish: DesiredEnrollment, why: str) -> PlanStep:
    return PlanStep(Action.ENROLL, {**wish.fields, "role": seat.role.value}, wish.row, why)


def in_scope(
    seats: Iterable[EnrollmentIdentity], pairs: frozenset[tuple[CourseId, SchoolId]]
) -> list[EnrollmentIdentity]:
    """The seats in the courses and schools of the roster, each once; all others are none of a sync's business."""
    return list(dict.fromkeys(seat for seat in seats if (seat.course_id, seat.school_id) in pairs))


def named_by_delta(
    seats: Iterable[EnrollmentIdentity],
    wishes: Mapping[EnrollmentIdentity, DesiredEnrollment],
    leaving: Mapping[EnrollmentIdentity, int],
) -> list[EnrollmentIdentity]:
    """The seats that a roster of changes speaks of: those it wants, and those it takes back in every class.

    A pupil who leaves one of two classes of a course keeps the seat, and a delta does not name the other class.
    """
    classes = Counter(seats)
    return [seat for seat, count in classes.items() if seat in wishes or count <= leaving.get(seat, 0)]


def in_the_rows_words(
    seats: Iterable[EnrollmentIdentity], rows: Collection[EnrollmentIdentity], *, by_class: bool
) -> list[EnrollmentIdentity]:
    """The server's seats as the roster's rows speak of them, each as often as it is listed.

    EduBridge is not told classes, so all of a course are one seat. OneRoster is: a row that names a class means that
    one, whatever it says of its course, and a row that names none means every class of the course.
    """
    if not by_class:
        return [seat._replace(class_id=None) for seat in seats]
    of_class: dict[tuple[UserId, ClassId | None, Role], EnrollmentIdentity] = {
        (row.user_id, row.class_id, row.role): row for row in rows if row.class_id is not None
    }

    def spoken_of(seat: EnrollmentIdentity) -> EnrollmentIdentity:
        if (row := of_class.get((seat.user_id, seat.class_id, seat.role))) is not None:
            return row
        anywhere = seat._replace(class_id=None)
        return anywhere if anywhere in rows else seat

    return list(map(spoken_of, seats))


def in_several_classes(seats: Iterable[EnrollmentIdentity]) -> frozenset[UserCourseSchool]:
    """Where a user sits in more than one class; a seat whose class is not told is one of its own."""
    classes: dict[UserCourseSchool, set[ClassId | None]] = {}
    for seat in seats:
        classes.setdefault(seat.place, set()).add(seat.class_id)
    return frozenset(place for place, rooms in classes.items() if len(rooms) > 1)


@frozen
class EnrollmentPage:
    """One page of a school's seats: how many rows it was read from, how many there are in all, and what is odd.

    What names no user, course or role we know belongs to no scope, and nobody touches it (contract 7.6): `nameless`
    counts all of those, `odd` has the places of those whose role it is.
    """

    seats: tuple[EnrollmentIdentity, ...]
    rows: int
    total: int
    nameless: int = 0
    odd: tuple[UserCourseSchool, ...] = ()
