"""Rosters that come as several files: what each system calls them, and which columns join them. Data, and how to tell.

Headers stand here as they are compared (`headers.plain`), the likeliest first; files as they are spelt.
Source: roster-formats sections 2, 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.core.frozen import frozen
from batch_enroll.core.roster.own_columns import SEAT_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Headers: TypeAlias = "Mapping[str, tuple[str, ...]]"  # a column of ours, and the headers that may hold it


class Format(StrEnum):
    """The names that `--format` takes."""

    TABLE = "table"
    MOODLE = "moodle"
    ONEROSTER = "oneroster"
    SDS_V1 = "sds-v1"
    SDS_V2 = "sds-v2"
    CLEVER = "clever"
    CANVAS = "canvas"
    APPLE = "apple"


@dataclass(frozen=True, slots=True, eq=False)
class EnrollmentFile:
    """A file whose lines are seats.

    Attributes:
        file: its name.
        fields: which headers hold which field.
        users: headers that each name a user; every one that is filled is a seat.
        role: the role that the file, or its column, stands for.
        people: the files that list these users.
    """

    file: str
    fields: Headers
    users: tuple[str, ...] = ()
    role: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NameFile:
    """A file that says what courses or schools are called: its name, the headers of their ids, those of each field."""

    file: str
    ids: tuple[str, ...]
    fields: Headers


@frozen
class BundleFormat:
    """How a system's files become enrollments.

    Attributes:
        format: its name.
        title: what it is, for people.
        needs: headers of the first seat file that show this format; of each tuple one.
        seats: the files of seats; those that are not there are left out.
        classes: the file that says which course a class belongs to.
        class_columns: class_id, class_is, course_id, class_school, terms, begin_date, last_day.
        person_columns: user_id, user_is, primary_org.
        person_names: what people can be found by, if the server has other ids.
        course_names, school_names: the same of courses and schools.
        more: files that say when terms begin and which school is a user's own.
        added: columns that the results get, so that they read back as a plain table.
        own_course: whether a line may name its course itself.
        notes: what people should know.
    """

    format: Format
    title: str
    needs: tuple[tuple[str, ...], ...]
    seats: tuple[EnrollmentFile, ...]
    classes: str
    class_columns: Headers
    person_columns: Headers
    person_names: Headers
    course_names: NameFile
    school_names: NameFile | None = None
    more: tuple[str, ...] = ()
    added: tuple[str, ...] = (SEAT_FROM, "user_id", "course_id", "school_id", "role", "begin_date")
    own_course: bool = False
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is read, the seats first."""
        people = [file for seats in self.seats for file in seats.people]
        return tuple(dict.fromkeys([*(seats.file for seats in self.seats), self.classes, *people, *self.more]))


_TERM_NOTE: Final = "rows that name no first day begin with their class's term; the end of a term ends no enrollment"
_ONEROSTER_SEATS: Final = EnrollmentFile(
    "enrollments.csv",
    {
        "user_id": ("usersourcedid",),
        "class_id": ("classsourcedid",),
        "school_id": ("schoolsourcedid",),
    },
    people=("users.csv",),
)
_ONEROSTER_CLASSES: Final = {
    "class_id": ("sourcedid",),
    "class_is": ("status",),
    "course_id": ("coursesourcedid",),
    "class_school": ("schoolsourcedid", "orgsourcedid"),
    "terms": ("termsourcedids", "termsourcedid", "sessionsourcedids"),
}
_ONEROSTER_PEOPLE: Final = {
    "user_id": ("sourcedid",),
    "user_is": ("status",),
    "primary_org": ("primaryorgsourcedid",),
}
_ONEROSTER_NAMES: Final = {
    "user_email": ("email", "activedirectorymatchid"),
    "user_name": ("username",),
    "user_identifier": ("identifier",),
}
_ONEROSTER_COURSES: Final = NameFile(
    "courses.csv", ("sourcedid",), {"course_title": ("title",), "course_code": ("coursecode", "code")}
)
_ONEROSTER_SCHOOLS: Final = NameFile(
    "orgs.csv", ("sourcedid",), {"school_name": ("name",), "school_identifier": ("identifier",)}
)
_COURSE_OF_A_SECTION: Final = {"course_title": ("coursename",), "course_code": ("coursenumber",)}
_ONEROSTER: Final = BundleFormat(
    Format.ONEROSTER,
    "OneRoster",
    (("classsourcedid",), ("usersourcedid",), ("sourcedid",)),
    (_ONEROSTER_SEATS,),
    "classes.csv",
    _ONEROSTER_CLASSES,
    _ONEROSTER_PEOPLE,
    _ONEROSTER_NAMES,
    _ONEROSTER_COURSES,
    _ONEROSTER_SCHOOLS,
    more=("roles.csv", "academicSessions.csv"),
    added=("course_id", "school_id", "begin_date"),
    notes=(_TERM_NOTE,),
)

RECIPES: Final = (
    _ONEROSTER,
    replace(
        _ONEROSTER,
        format=Format.SDS_V2,
        title="Microsoft School Data Sync v2",
        needs=(("classsourcedid",), ("usersourcedid",)),
    ),
    BundleFormat(
        Format.CLEVER,
        "Clever",
        (("sectionid",), ("studentid",)),
        (
            EnrollmentFile(
                "enrollments.csv",
                {"class_id": ("sectionid",), "user_id": ("studentid",), "school_id": ("schoolid",)},
                role="student",
                people=("students.csv",),
            ),
            EnrollmentFile(
                "sections.csv",
                {"class_id": ("sectionid",), "school_id": ("schoolid",)},
                ("teacherid", *(f"teacher{nth}id" for nth in range(2, 11))),
                role="teacher",
                people=("teachers.csv",),
            ),
        ),
        "sections.csv",
        {
            "class_id": ("sectionid",),
            "course_id": ("courseid", "coursenumber"),
            "class_school": ("schoolid",),
            "begin_date": ("termstart", "termstartdate"),
            "last_day": ("termend", "termenddate"),
        },
        {"user_id": ("studentid", "teacherid"), "primary_org": ("schoolid",)},
        {
            "user_email": ("studentemail", "teacheremail", "email"),
            "user_name": ("username",),
            "user_identifier": ("studentnumber", "teachernumber"),
        },
        NameFile("sections.csv", ("courseid", "coursenumber"), _COURSE_OF_A_SECTION),
        NameFile(
            "schools.csv", ("schoolid",), {"school_name": ("schoolname",), "school_identifier": ("schoolnumber",)}
        ),
        notes=(_TERM_NOTE, "a section's Course_number is read as its course's id"),
    ),
    BundleFormat(
        Format.CANVAS,
        "Canvas SIS",
        (("userid",), ("sectionid", "courseid"), ("role", "roleid")),
        (
            EnrollmentFile(
                "enrollments.csv",
                {
                    "class_id": ("sectionid",),
                    "user_id": ("userid",),
                    "course_id": ("courseid",),
                    "role": ("role", "roleid"),  # the number of a role of one's own is no role we know, but no student
                },
                people=("users.csv",),
            ),
        ),
        "sections.csv",
        {
            "class_id": ("sectionid",),
            "class_is": ("status",),
            "course_id": ("courseid",),
            "begin_date": ("startdate",),
            "last_day": ("enddate",),
        },
        {"user_id": ("userid",), "user_is": ("status",)},
        {"user_email": ("email",), "user_name": ("loginid",)},
        NameFile("courses.csv", ("courseid",), {"course_title": ("longname",), "course_code": ("shortname",)}),
        more=("courses.csv", "terms.csv"),
        added=("course_id", "begin_date"),
        own_course=True,
        notes=("an account is no school; without --school-id the server takes the school of each user",),
    ),
    BundleFormat(
        Format.SDS_V1,
        "Microsoft School Data Sync v1",
        (("sectionsisid", "sectionid"), ("sisid", "id")),
        tuple(
            EnrollmentFile(
                file,
                {"class_id": ("sectionsisid", "sectionid"), "user_id": ("sisid", "id")},
                role=role,
                people=(people,),
            )
            for file, role, people in (
                ("StudentEnrollment.csv", "student", "Student.csv"),
                ("TeacherRoster.csv", "teacher", "Teacher.csv"),
            )
        ),
        "Section.csv",
        {
            "class_id": ("sisid", "sectionid", "id"),
            "class_is": ("status",),
            "course_id": ("coursesisid", "coursenumber"),
            "class_school": ("schoolsisid", "schooldfenumber"),
            "begin_date": ("termstartdate",),
            "last_day": ("termenddate",),
        },
        {"user_id": ("sisid", "id"), "user_is": ("status",), "primary_org": ("schoolsisid", "schooldfenumber")},
        {  # the user name is that of Microsoft 365, which looks like an e-mail and mostly is one
            "user_email": ("email", "username"),
            "user_name": ("username",),
            "user_identifier": ("studentnumber", "teachernumber"),
        },
        NameFile("Section.csv", ("coursesisid", "coursenumber"), _COURSE_OF_A_SECTION),
        NameFile(
            "School.csv", ("sisid", "dfenumber"), {"school_name": ("name",), "school_identifier": ("schoolnumber",)}
        ),
        notes=(_TERM_NOTE, "a section's course is its Course SIS ID, else its Course Number"),
    ),
    BundleFormat(
        Format.APPLE,
        "Apple School Manager",
        (("classid",), ("studentid",)),
        (
            EnrollmentFile(
                "rosters.csv",
                {"class_id": ("classid",), "user_id": ("studentid",)},
                role="student",
                people=("students.csv",),
            ),
            EnrollmentFile(
                "classes.csv",
                {"class_id": ("classid",)},
                ("instructorid", *(f"instructorid{nth}" for nth in range(2, 16))),
                role="teacher",
                people=("staff.csv",),
            ),
        ),
        "classes.csv",
        {"class_id": ("classid",), "course_id": ("courseid",), "class_school": ("locationid",)},
        {"user_id": ("personid",), "primary_org": ("locationid",)},
        {"user_email": ("emailaddress",), "user_name": ("sisusername",), "user_identifier": ("personnumber",)},
        NameFile("courses.csv", ("courseid",), {"course_title": ("coursename",), "course_code": ("coursenumber",)}),
        NameFile("locations.csv", ("locationid",), {"school_name": ("locationname",)}),
    ),
)
_MANIFEST: Final = "manifest.csv"  # OneRoster 1.1 and 1.2 only
BY_FORMAT: Final = {recipe.format: recipe for recipe in RECIPES}
ENROLLMENT_FILES: Final = (*dict.fromkeys(recipe.seats[0].file.lower() for recipe in RECIPES), "teacherroster.csv")


_WANTED: Final = tuple(dict.fromkeys(recipe.seats[0].file for recipe in RECIPES))


def wanted_files() -> str:
    """The files of which a bundle has one, for messages."""
    return f"{', '.join(_WANTED[:-1])} or {_WANTED[-1]}"


def recognize_format(files: Collection[str], header: Callable[[str], Collection[str]]) -> BundleFormat | None:
    """The format of files (names in lower case) whose headers, in `plain` spelling, `header` tells."""
    for recipe in RECIPES:
        marks = [seats.file.lower() for seats in recipe.seats if seats.file.lower() in ENROLLMENT_FILES]
        shown = next((mark for mark in marks if mark in files), None)
        foreign = recipe.format is Format.SDS_V2 and _MANIFEST in files
        if shown is not None and not foreign and all(set(names) & set(header(shown)) for names in recipe.needs):
            return recipe
    return None


def fallback(files: Collection[str]) -> BundleFormat | None:
    """An enrollments.csv that nothing explains counts as OneRoster's, so that what it lacks is asked for."""
    return BY_FORMAT[Format.ONEROSTER] if ENROLLMENT_FILES[0] in files else None
