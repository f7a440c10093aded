"""Steps that make the server's enrollments equal to the roster's: withdrawals and enrollments, in their order.

EduBridge's unenroll ends every enrollment of a user in a course and school, whatever class and role (contract 1.1). So
where one of several roles has to end, all end, and those that the roster names are enrolled after it: first the
withdrawal, then the enrollments. The engine keeps that order for each user and course, and a crash between the two is
repaired by a resume: the row to enroll is looked up, and enrolled if it is not there. Where the user is in several
classes of the course, or has an enrollment that cannot be attributed, and keeps one of them, nothing is withdrawn: the
new enrollment would be in another class. OneRoster's route ends one enrollment of one class.
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


WITHDRAWN_ALONG: Final = (
    "goes along with another role that is withdrawn"  # the reason of an enrollment that was there before
)


class UserCourseSchool(NamedTuple):
    """A user in a course at a school, which a withdrawal of EduBridge ends as a whole."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId


class EnrollmentIdentity(NamedTuple):
    """One enrollment; without a class, those of any class."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId
    role: Role
    class_id: ClassId | None = None

    @property
    def place(self) -> UserCourseSchool:
        """Its user, course and school."""
        return UserCourseSchool(self.user_id, self.course_id, self.school_id)


@frozen
class DesiredEnrollment:
    """An enrollment that a row of the roster asks for, in the fields of the row."""

    fields: Mapping[str, str]
    row: str


@dataclass(slots=True)
class Differences:
    """Enrollments of the scope that are missing on the server, there as desired, and there without being desired."""

    missing: list[EnrollmentIdentity] = field(default_factory=list)
    kept: list[EnrollmentIdentity] = field(default_factory=list)
    extra: list[EnrollmentIdentity] = field(default_factory=list)


@frozen
class SyncRoute:
    """The reach of a withdrawal: one class, if it names one; else the whole place.

    Attributes:
        by_class: withdrawals name the class.
        several: places where the user is in several classes.
        others: places with an enrollment that does not belong to the sync: out of its scope, or of an unknown role.
    """

    by_class: bool = False
    several: frozenset[UserCourseSchool] = frozenset()
    others: frozenset[UserCourseSchool] = frozenset()


@frozen
class SyncPlan:
    """The steps of a sync, and the numbers of enrollments that stay, desired or not."""

    steps: tuple[PlanStep, ...]
    counts: Mapping[str, int]


def plan_sync(
    differences: Differences,
    desired: Mapping[EnrollmentIdentity, DesiredEnrollment],
    route: SyncRoute,
    *,
    withdraw: bool,
) -> SyncPlan:
    """Returns the steps that make the scope equal to the roster; `withdraw` also ends what is not desired."""
    desired_places = {enrollment.place for enrollment in desired}
    untouchable = _find_untouchable(differences, route)
    leaving = [enrollment for enrollment in differences.extra if enrollment.place not in untouchable]
    occupied = {_role_scope_of(enrollment, route) for enrollment in leaving}
    # Place by place, so that a user is without an enrollment only until the next request has made the new one.
    steps: dict[UserCourseSchool, list[PlanStep]] = {}
    for enrollment in leaving if withdraw else ():
        steps.setdefault(enrollment.place, []).append(
            _make_withdrawal(enrollment, again=enrollment.place in desired_places)
        )
    for enrollment in differences.missing:
        why = "another role" if _role_scope_of(enrollment, route) in occupied else "not there"
        steps.setdefault(enrollment.place, []).append(_make_enrollment(enrollment, desired[enrollment], why))
    for enrollment in () if route.by_class else differences.kept:
        if withdraw and enrollment.place in steps and _role_scope_of(enrollment, route) in occupied:
            steps[enrollment.place].append(_make_enrollment(enrollment, desired[enrollment], WITHDRAWN_ALONG))
    return SyncPlan(
        tuple(step for of_place in steps.values() for step in of_place),
        {
            "kept": len(differences.kept),
            "role_changes": sum(_role_scope_of(enrollment, route) in occupied for enrollment in differences.missing),
            "left": 0 if withdraw else len(leaving),
            "left_beside_another_class": len(differences.extra) - len(leaving),
        },
    )


def _find_untouchable(differences: Differences, route: SyncRoute) -> frozenset[UserCourseSchool]:
    """Returns places where a withdrawal would end an enrollment that is to stay, and cannot restore it as it was."""
    if route.by_class:
        return frozenset()
    return route.others | route.several.intersection(enrollment.place for enrollment in differences.kept)


def _role_scope_of(enrollment: EnrollmentIdentity, route: SyncRoute) -> tuple[UserCourseSchool, ClassId | None]:
    """Returns the place, and by class the class, within which one role replaces another."""
    return enrollment.place, enrollment.class_id if route.by_class else None


def _make_withdrawal(enrollment: EnrollmentIdentity, *, again: bool) -> PlanStep:
    fields = {
        "user_id": enrollment.user_id,
        "course_id": enrollment.course_id,
        "school_id": enrollment.school_id,
        "role": enrollment.role.value,
        **({} if enrollment.class_id is None else {"class_id": enrollment.class_id}),
    }
    return PlanStep(
        Action.WITHDRAW, fields, "", "the roster wants another enrollment here" if again else "no row wants it"
    )


def _make_enrollment(enrollment: EnrollmentIdentity, wanted: DesiredEnrollment, why: str) -> PlanStep:
    return PlanStep(Action.ENROLL, {**wanted.fields, "role": enrollment.role.value}, wanted.row, why)


def select_in_scope(
    enrollments: Iterable[EnrollmentIdentity], pairs: frozenset[tuple[CourseId, SchoolId]]
) -> list[EnrollmentIdentity]:
    """Returns the enrollments in the courses and schools of the roster, each once; a sync ignores all others."""
    return list(
        dict.fromkeys(enrollment for enrollment in enrollments if (enrollment.course_id, enrollment.school_id) in pairs)
    )


def select_named_by_delta(
    enrollments: Iterable[EnrollmentIdentity],
    desired: Mapping[EnrollmentIdentity, DesiredEnrollment],
    leaving: Mapping[EnrollmentIdentity, int],
) -> list[EnrollmentIdentity]:
    """Returns the enrollments that a roster of changes names: those it asks for, and those it withdraws in every class.

    A pupil who leaves one of two classes of a course stays enrolled, and a delta does not name the other class.
    """
    classes = Counter(enrollments)
    return [
        enrollment
        for enrollment, count in classes.items()
        if enrollment in desired or count <= leaving.get(enrollment, 0)
    ]


def express_as_rows(
    enrollments: Iterable[EnrollmentIdentity], rows: Collection[EnrollmentIdentity], *, by_class: bool
) -> list[EnrollmentIdentity]:
    """Returns the server's enrollments as the rows of the roster identify them, each as often as it is listed.

    EduBridge has no classes in its requests, so all of a course are one enrollment. With OneRoster a row that names a
    class means that one, whatever its course, and a row without a class means every class of the course.
    """
    if not by_class:
        return [enrollment._replace(class_id=None) for enrollment in enrollments]
    of_class: dict[tuple[UserId, ClassId | None, Role], EnrollmentIdentity] = {
        (row.user_id, row.class_id, row.role): row for row in rows if row.class_id is not None
    }

    def identify(enrollment: EnrollmentIdentity) -> EnrollmentIdentity:
        if (row := of_class.get((enrollment.user_id, enrollment.class_id, enrollment.role))) is not None:
            return row
        anywhere = enrollment._replace(class_id=None)
        return anywhere if anywhere in rows else enrollment

    return list(map(identify, enrollments))


def find_in_several_classes(enrollments: Iterable[EnrollmentIdentity]) -> frozenset[UserCourseSchool]:
    """Returns places where a user is in more than one class; an enrollment without a class counts as one of its own."""
    classes: dict[UserCourseSchool, set[ClassId | None]] = {}
    for enrollment in enrollments:
        classes.setdefault(enrollment.place, set()).add(enrollment.class_id)
    return frozenset(place for place, ids in classes.items() if len(ids) > 1)


@frozen
class EnrollmentPage:
    """One page of a school's enrollments, with the number of rows it was read from and of all that there are.

    An enrollment without a user, a course or a known role belongs to no scope and is left alone (contract 7.6):
    `unidentified` counts all of those, `unknown_role` has the places of those that are without a known role only.
    """

    enrollments: tuple[EnrollmentIdentity, ...]
    rows: int
    total: int
    unidentified: int = 0
    unknown_role: tuple[UserCourseSchool, ...] = ()
