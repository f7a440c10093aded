"""State of the school: the enrollments, and the rules by which they are written. Pure: time is an argument.

Source of every rule: contract 1.1, 1.2, 2.2 and 7; where they are silent, `Behaviors` decides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from batch_enroll.sandbox.behaviors import (
    AfterUnenroll,
    Behaviors,
    CourseWithoutOrg,
    OmittedSchool,
    RepeatEnroll,
    RepeatPost,
    UnenrollMissing,
)
from batch_enroll.sandbox.classes import ManagedClasses, school_year
from batch_enroll.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from batch_enroll.sandbox.directory import SchoolDirectory, StoredClass, StoredCourse, StoredUser

_NOTHING: Final[Mapping[str, object]] = {}  # shared, since most of half a million enrollments have no metadata
ROLES: Final = ("administrator", "proctor", "student", "teacher")


class EnrollmentKey(NamedTuple):
    """The user, course, school and role of an enrollment, which several rows can share."""

    user_id: str
    course_id: str
    school_id: str
    role: str


@dataclass(frozen=True, slots=True)
class StoredEnrollment:
    """An enrollment row. `seen_from` is the loop time from which reads return it."""

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
    def key(self) -> EnrollmentKey:
        """The key of the enrollment."""
        return EnrollmentKey(self.user_id, self.course_id, self.school_id, self.role)


@dataclass(frozen=True, slots=True)
class EnrollCall:
    """A requested enroll; `school_id` is None if the path names no school."""

    user_id: str
    course_id: str
    school_id: str | None = None
    role: str = "student"
    begin_date: str | None = None
    sourced_id: str | None = None
    metadata: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Moment:
    """The current time on the wall clock and on the loop's clock."""

    wall: datetime
    loop_s: float = 0.0

    @property
    def stamp(self) -> str:
        """The wall clock in the vendor's format."""
        return self.wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RehearsalSchool:
    """Enrollments and managed classes over a directory of known objects.

    Args:
        directory: the objects that the school knows.
        behaviors: the answers to the open questions.
        seed: makes the allocated ids differ from those of another school.
    """

    def __init__(self, directory: SchoolDirectory, behaviors: Behaviors | None = None, seed: int = 0) -> None:
        self.directory = directory
        self.behaviors = behaviors or Behaviors()
        self.enroll_writes: Counter[EnrollmentKey] = Counter()
        self._seed = seed
        self._rows: dict[str, StoredEnrollment] = {}
        self._by_user: dict[str, list[str]] = {}
        self.classes = ManagedClasses(directory.known, self.allocate)

    # Reading.

    def active_enrollments(self) -> list[StoredEnrollment]:
        """Returns the active rows in the order of their first write."""
        return [row for row in self._rows.values() if row.status == "active"]

    def all_enrollments(self) -> list[StoredEnrollment]:
        """Returns all rows, also deleted ones."""
        return list(self._rows.values())

    def row(self, id_: str) -> StoredEnrollment | None:
        """Returns the row with that id, active or deleted."""
        return self._rows.get(id_)

    def rows_of(self, user_id: str) -> Iterator[StoredEnrollment]:
        """Returns the rows of a user, active and deleted."""
        return (self._rows[id_] for id_ in self._by_user.get(user_id, ()))

    def managed_classes(self) -> list[StoredClass]:
        """Returns the classes that enrolls created."""
        return [section for section in self.directory.known.sections.values() if section.metadata.get("is_automanaged")]

    def people(self) -> list[StoredUser]:
        """Returns the known users and all users that were ever enrolled."""
        known = self.directory.known.users
        others = (self.directory.user(id_) for id_ in self._by_user if id_ not in known)
        return [*known.values(), *(user for user in others if user is not None)]

    # Writing.

    def enroll(self, enroll_call: EnrollCall, now: Moment, *, visible: bool = True) -> StoredEnrollment:
        """Carries out an enroll and returns the new or existing row.

        Args:
            enroll_call: the requested enroll.
            now: the current time.
            visible: false if the write has no effect although it is answered as if it had.

        Raises:
            RefusedError: the behaviors refuse the enroll.
        """
        key = self.key_of(enroll_call)
        existing = [row for row in self.rows_of(enroll_call.user_id) if row.key == key]
        # An active row comes before a deleted one, which could otherwise be reactivated beside it.
        for row in sorted(existing, key=lambda row: row.status != "active"):
            if (repeated := self._repeat(row, enroll_call, now, visible=visible)) is not None:
                return repeated
        if enroll_call.sourced_id in self._rows:
            raise self.taken(f"Enrollment {enroll_call.sourced_id}")
        begin = enroll_call.begin_date or now.stamp
        course = self.known_course(enroll_call.course_id)
        section = self.classes.get_or_create(course, key.school_id, school_year(begin))
        row = StoredEnrollment(
            enroll_call.sourced_id or self.allocate("enrollment", *key, len(existing)),
            *key,
            section.id,
            begin,
            enroll_call.metadata or _NOTHING,
            "active",
            now.stamp,
            seen_from=now.loop_s + self.behaviors.lag_s,
        )
        return self._write(row) if visible else row

    def _repeat(
        self, row: StoredEnrollment, enroll_call: EnrollCall, now: Moment, *, visible: bool
    ) -> StoredEnrollment | None:
        """Returns the existing row, kept or reactivated; None if the enroll needs a new row."""
        if row.status == "active":
            repeat = self.behaviors.repeat_enroll
            if repeat is RepeatEnroll.NEW_ROW:
                return None
            if repeat is RepeatEnroll.SAME_ROW:
                return row
            raise RefusedError(int(repeat), "User is already enrolled in this course")
        if self.behaviors.after_unenroll is not AfterUnenroll.REACTIVATE:
            return None
        reactivated = replace(
            row,
            status="active",
            begin_date=enroll_call.begin_date or now.stamp,
            end_date=None,
            metadata={**row.metadata, **enroll_call.metadata},
            changed_at=now.stamp,
            seen_from=now.loop_s + self.behaviors.lag_s,
        )
        return self._write(reactivated) if visible else reactivated

    def unenroll(self, user_id: str, course_id: str, school_id: str | None, now: Moment) -> int:
        """Sets the active rows to tobedeleted, at all schools if none is named, and returns their number.

        Raises:
            RefusedError: an id is unknown, or there is no active row and the behaviors refuse that.
        """
        self.known_user(user_id)
        self.known_course(course_id)
        rows = [
            row
            for row in self.rows_of(user_id)
            if row.status == "active" and row.course_id == course_id and school_id in {None, row.school_id}
        ]
        if not rows and self.behaviors.unenroll_nobody is UnenrollMissing.NOT_FOUND:
            raise RefusedError(404, "Enrollment not found")
        for row in rows:
            self.replace_row(replace(row, status="tobedeleted", changed_at=now.stamp))
        return len(rows)

    def post(self, row: StoredEnrollment) -> StoredEnrollment:
        """Writes the row of a OneRoster POST and returns it, with a new id if it had none.

        Raises:
            RefusedError: the id is taken, or the enrollment exists and may not be repeated.
        """
        if row.id in self._rows:
            raise self.taken(f"Enrollment {row.id}")
        repeat, existing = self.behaviors.repeat_post, list(self.rows_of(row.user_id))
        if repeat is not RepeatPost.NEW_ROW and any(
            (other.class_id, other.role, other.status) == (row.class_id, row.role, "active") for other in existing
        ):
            raise RefusedError(int(repeat), "User is already enrolled in this class")
        id_ = row.id or self.allocate("enrollment", *row.key, row.class_id, len(existing))
        return self._write(replace(row, id=id_))

    def replace_row(self, row: StoredEnrollment) -> None:
        """Replaces the row with the same id."""
        old = self._rows.get(row.id)
        if old is None or (old.status, row.status) == ("tobedeleted", "active"):
            self._write(row)
            return
        if old.user_id != row.user_id:
            self._by_user[old.user_id].remove(row.id)
            self._by_user.setdefault(row.user_id, []).append(row.id)
        self._rows[row.id] = row

    def _write(self, row: StoredEnrollment) -> StoredEnrollment:
        if row.id not in self._rows:
            self._by_user.setdefault(row.user_id, []).append(row.id)
        self._rows[row.id] = row
        self.enroll_writes[row.key] += 1
        return row

    # Rules.

    def key_of(self, enroll_call: EnrollCall) -> EnrollmentKey:
        """Returns the key of the requested enrollment, with the school filled in.

        Raises:
            RefusedError: an id is unknown, or a required school is missing.
        """
        user, course = self.known_user(enroll_call.user_id), self.known_course(enroll_call.course_id)
        if course.org_id is None and self.behaviors.course_without_org is not CourseWithoutOrg.ACCEPTED:
            raise RefusedError(int(self.behaviors.course_without_org), "Course is not linked to an organization")
        school_id = self._omitted_school(user, course) if enroll_call.school_id is None else enroll_call.school_id
        self.check_school(school_id)
        return EnrollmentKey(enroll_call.user_id, enroll_call.course_id, school_id, enroll_call.role)

    def _omitted_school(self, user: StoredUser, course: StoredCourse) -> str:
        rule = self.behaviors.omitted_school
        primary = user.org_ids[0] if user.org_ids else None
        school_id = {
            OmittedSchool.PRIMARY_ORG: primary or course.org_id,
            OmittedSchool.COURSE_ORG: course.org_id,
            OmittedSchool.REFUSED: None,
        }[rule]
        if school_id is None:
            raise RefusedError(422, "No school was named, and none follows from the user or the course", "schoolId")
        return school_id

    def known_user(self, id_: str) -> StoredUser:
        """Returns the user. Raises RefusedError if it is unknown."""
        if (user := self.directory.user(id_)) is None or user.status != "active":
            raise RefusedError(int(self.behaviors.unknown_user), "User not found", "userId")
        return user

    def known_course(self, id_: str) -> StoredCourse:
        """Returns the course. Raises RefusedError if it is unknown."""
        if (course := self.directory.course(id_)) is None or course.status != "active":
            raise RefusedError(int(self.behaviors.unknown_course), "Course not found", "courseId")
        return course

    def check_school(self, id_: str) -> None:
        """Raises RefusedError if the school is unknown."""
        if (org := self.directory.org(id_)) is None or org.status != "active":
            raise RefusedError(int(self.behaviors.unknown_school), "School not found", "schoolId")

    def taken(self, what: str) -> RefusedError:
        """Returns the refusal of an id that another row has."""
        return RefusedError(int(self.behaviors.duplicate_sourced_id), f"{what} already exists", "sourcedId")

    def allocate(self, *parts: str | int) -> str:
        """Returns an id in the form of a UUID, which depends only on the seed and the arguments."""
        identity = repr((self._seed, *parts)).encode(errors="backslashreplace")
        return str(UUID(bytes=blake2b(identity, digest_size=16).digest(), version=4))
