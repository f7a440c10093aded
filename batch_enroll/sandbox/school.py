"""The school's state: who sits in which class, and how seats come and go. Pure: time comes in as arguments.

Source of every rule: contract 1.1, 1.2, 2.2 and 7; where they are silent, `Switches` decides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from batch_enroll.sandbox.behaviors import (
    AfterUnenroll,
    CourseWithoutOrg,
    Nobody,
    OmittedSchool,
    Repeat,
    RepeatPost,
    Switches,
)
from batch_enroll.sandbox.classes import ManagedClasses, school_year
from batch_enroll.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from batch_enroll.sandbox.directory import Course, Register, Section, User

_NOTHING: Final[Mapping[str, object]] = {}  # shared: most seats of half a million have no metadata
ROLES: Final = ("administrator", "proctor", "student", "teacher")


class SeatKey(NamedTuple):
    """What one seat is, whatever its row."""

    user_id: str
    course_id: str
    school_id: str
    role: str


@dataclass(frozen=True, slots=True)
class Seat:
    """An enrollment row. `seen_from` is the loop time from which reads show it."""

    id: str
    user_id: str
    course_id: str
    school_id: str
    role: str
    class_id: str
    begin_date: str
    metadata: Mapping[str, object]
    status: str
    changed_at: str
    end_date: str | None = None
    primary: bool = False
    seen_from: float = 0.0

    @property
    def key(self) -> SeatKey:
        """What it is a row of."""
        return SeatKey(self.user_id, self.course_id, self.school_id, self.role)


@dataclass(frozen=True, slots=True)
class Wish:
    """An enroll as asked for; `school_id` None when the path names none."""

    user_id: str
    course_id: str
    school_id: str | None = None
    role: str = "student"
    begin_date: str | None = None
    sourced_id: str | None = None
    metadata: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on the wall and on the loop's clock."""

    wall: datetime
    loop_s: float = 0.0

    @property
    def stamp(self) -> str:
        """The wall clock as the vendor writes it."""
        return self.wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class School:
    """Seats and managed classes over a register of known objects.

    Args:
        register: whom and what it knows.
        switches: its answers to the open questions.
        seed: makes the allocated ids of one school differ from another's.
    """

    def __init__(self, register: Register, switches: Switches | None = None, seed: int = 0) -> None:
        self.register = register
        self.switches = switches or Switches()
        self.enroll_writes: Counter[SeatKey] = Counter()
        self._seed = seed
        self._rows: dict[str, Seat] = {}
        self._by_user: dict[str, list[str]] = {}
        self.classes = ManagedClasses(register.known, self.allocate)

    # Looking in, for tests and for the routes.

    def seats(self) -> list[Seat]:
        """The live rows, in the order they were first written."""
        return [seat for seat in self._rows.values() if seat.status == "active"]

    def all_enrollments(self) -> list[Seat]:
        """Every row, deleted ones too."""
        return list(self._rows.values())

    def row(self, id_: str) -> Seat | None:
        """The row under that id, dead or alive."""
        return self._rows.get(id_)

    def rows_of(self, user_id: str) -> Iterator[Seat]:
        """Every row of a user, dead or alive."""
        return (self._rows[id_] for id_ in self._by_user.get(user_id, ()))

    def managed_classes(self) -> list[Section]:
        """The classes that enrolls made."""
        return [section for section in self.register.known.sections.values() if section.metadata.get("is_automanaged")]

    def people(self) -> list[User]:
        """The users that are known by name, and whoever was ever enrolled."""
        known = self.register.known.users
        others = (self.register.user(id_) for id_ in self._by_user if id_ not in known)
        return [*known.values(), *(user for user in others if user is not None)]

    # Writing.

    def enroll(self, wish: Wish, now: Moment, *, visible: bool = True) -> Seat:
        """The seat that the wish led to, a new row or an old one.

        Args:
            wish: what is asked for.
            now: when.
            visible: whether the write takes effect; a server that loses it answers the same.

        Raises:
            RefusedError: as the switches say.
        """
        key = self.key_of(wish)
        met = [seat for seat in self.rows_of(wish.user_id) if seat.key == key]
        # The live row answers before a dead one, which could otherwise be revived beside it.
        for seat in sorted(met, key=lambda seat: seat.status != "active"):
            if (found := self._met_again(seat, wish, now, visible=visible)) is not None:
                return found
        if wish.sourced_id in self._rows:
            raise self.taken(f"Enrollment {wish.sourced_id}")
        begin = wish.begin_date or now.stamp
        section = self.classes.default(self.known_course(wish.course_id), key.school_id, school_year(begin))
        seat = Seat(
            wish.sourced_id or self.allocate("enrollment", *key, len(met)),
            *key,
            section.id,
            begin,
            wish.metadata or _NOTHING,
            "active",
            now.stamp,
            seen_from=now.loop_s + self.switches.lag_s,
        )
        return self._written(seat) if visible else seat

    def _met_again(self, seat: Seat, wish: Wish, now: Moment, *, visible: bool) -> Seat | None:
        """The row that answers for the wish; None when a new one has to."""
        if seat.status == "active":
            repeat = self.switches.repeat_enroll
            if repeat is Repeat.NEW_ROW:
                return None
            if repeat is Repeat.SAME_ROW:
                return seat
            raise RefusedError(int(repeat), "User is already enrolled in this course")
        if self.switches.after_unenroll is not AfterUnenroll.REACTIVATE:
            return None
        alive = replace(
            seat,
            status="active",
            begin_date=wish.begin_date or now.stamp,
            end_date=None,
            metadata={**seat.metadata, **wish.metadata},
            changed_at=now.stamp,
            seen_from=now.loop_s + self.switches.lag_s,
        )
        return self._written(alive) if visible else alive

    def unenroll(self, user_id: str, course_id: str, school_id: str | None, now: Moment) -> int:
        """How many rows were set to tobedeleted; all schools' when none is named.

        Raises:
            RefusedError: an unknown id, or nobody to unenroll where that is an error.
        """
        self.known_user(user_id)
        self.known_course(course_id)
        found = [
            seat
            for seat in self.rows_of(user_id)
            if seat.status == "active" and seat.course_id == course_id and school_id in {None, seat.school_id}
        ]
        if not found and self.switches.unenroll_nobody is Nobody.NOT_FOUND:
            raise RefusedError(404, "Enrollment not found")
        for seat in found:
            self.replace_row(replace(seat, status="tobedeleted", changed_at=now.stamp))
        return len(found)

    def post(self, seat: Seat) -> Seat:
        """The row that a OneRoster POST wrote; one without an id gets one.

        Raises:
            RefusedError: its id is taken, or the seat is there and may not be repeated.
        """
        if seat.id in self._rows:
            raise self.taken(f"Enrollment {seat.id}")
        repeat, met = self.switches.repeat_post, list(self.rows_of(seat.user_id))
        if repeat is not RepeatPost.NEW_ROW and any(
            (row.class_id, row.role, row.status) == (seat.class_id, seat.role, "active") for row in met
        ):
            raise RefusedError(int(repeat), "User is already enrolled in this class")
        named = seat if seat.id else replace(seat, id=self.allocate("enrollment", *seat.key, seat.class_id, len(met)))
        return self._written(named)

    def replace_row(self, seat: Seat) -> None:
        """Puts the row in place of the one with its id."""
        old = self._rows.get(seat.id)
        if old is None or (old.status, seat.status) == ("tobedeleted", "active"):
            self._written(seat)
            return
        if old.user_id != seat.user_id:
            self._by_user[old.user_id].remove(seat.id)
            self._by_user.setdefault(seat.user_id, []).append(seat.id)
        self._rows[seat.id] = seat

    def _written(self, seat: Seat) -> Seat:
        if seat.id not in self._rows:
            self._by_user.setdefault(seat.user_id, []).append(seat.id)
        self._rows[seat.id] = seat
        self.enroll_writes[seat.key] += 1
        return seat

    # Rules.

    def key_of(self, wish: Wish) -> SeatKey:
        """The seat that is meant, with the school filled in.

        Raises:
            RefusedError: an unknown id, or no school where one is needed.
        """
        user, course = self.known_user(wish.user_id), self.known_course(wish.course_id)
        if course.org_id is None and self.switches.course_without_org is not CourseWithoutOrg.ACCEPTED:
            raise RefusedError(int(self.switches.course_without_org), "Course is not linked to an organization")
        school_id = self._omitted_school(user, course) if wish.school_id is None else wish.school_id
        self.known_school(school_id)
        return SeatKey(wish.user_id, wish.course_id, school_id, wish.role)

    def _omitted_school(self, user: User, course: Course) -> str:
        rule = self.switches.omitted_school
        primary = user.org_ids[0] if user.org_ids else None
        found = {
            OmittedSchool.PRIMARY_ORG: primary or course.org_id,
            OmittedSchool.COURSE_ORG: course.org_id,
            OmittedSchool.REFUSED: None,
        }[rule]
        if found is None:
            raise RefusedError(422, "No school was named, and none follows from the user or the course", "schoolId")
        return found

    def known_user(self, id_: str) -> User:
        """The user. Raises RefusedError when unknown."""
        if (user := self.register.user(id_)) is None or user.status != "active":
            raise RefusedError(int(self.switches.unknown_user), "User not found", "userId")
        return user

    def known_course(self, id_: str) -> Course:
        """The course. Raises RefusedError when unknown."""
        if (course := self.register.course(id_)) is None or course.status != "active":
            raise RefusedError(int(self.switches.unknown_course), "Course not found", "courseId")
        return course

    def known_school(self, id_: str) -> None:
        """Nothing. Raises RefusedError when unknown."""
        if (org := self.register.org(id_)) is None or org.status != "active":
            raise RefusedError(int(self.switches.unknown_school), "School not found", "schoolId")

    def taken(self, what: str) -> RefusedError:
        """The refusal of an id that another row has."""
        return RefusedError(int(self.switches.duplicate_sourced_id), f"{what} already exists", "sourcedId")

    def allocate(self, *what: str | int) -> str:
        """An id in the form of a UUID, the same for the same seed and thing, whatever was made before it."""
        named = repr((self._seed, *what)).encode(errors="backslashreplace")
        return str(UUID(bytes=blake2b(named, digest_size=16).digest(), version=4))
