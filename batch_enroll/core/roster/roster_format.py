"""Records that describe a roster format: a single table, or the files of an export and the columns that join them.

Headers are written as they are compared (`header_map.plain`), the likeliest first; files as their system writes them.
Each module of `core/roster/formats/` holds one such record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.core.roster.own_columns import SEAT_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Headers: TypeAlias = "Mapping[str, tuple[str, ...]]"  # a column of ours, and the headers that may hold it
TERM_NOTE: Final = (
    "a row without a begin date begins with the term of its class; the end of a term does not end an enrollment"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NumberedColumns:
    """Columns that a line repeats with a number for each of its courses, such as course1, role1, course2, role2.

    Attributes:
        fields: fields and the headers that hold them, without the number; `course_id` has exactly one.
        words: headers whose values are codes, with what each code means.
        period: header of the number of days that an enrollment lasts; empty if there is none.
        once: headers that a line has once, with the field that each holds.
    """

    fields: Headers
    words: Mapping[str, Mapping[str, str]]
    period: str
    once: Mapping[str, str]

    @property
    def course(self) -> str:
        """The header of a course, without its number."""
        return self.fields["course_id"][0]

    @property
    def claims(self) -> Mapping[str, str]:
        """Headers that hold a field of every enrollment, or of the first one."""
        return {f"{self.course}1": "course_id", **self.once}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TableFormat:
    """A roster that is one table.

    Attributes:
        name: its name for `--format`.
        title: its name for people.
        order: its place in lists; formats are also recognized in this order.
        numbered: the columns that make a line several enrollments; None if a line is one.
        notes: what people should know.
    """

    name: str
    title: str
    order: int
    numbered: NumberedColumns | None = None
    notes: tuple[str, ...] = ()

    @property
    def first_course(self) -> str | None:
        """The header that shows that the lines of a table are in this format; None if they are rows."""
        return None if self.numbered is None else f"{self.numbered.course}1"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnrollmentFile:
    """A file whose lines are enrollments.

    Attributes:
        file: its name.
        fields: fields and the headers that may hold them.
        users: headers that each name a user; every one that is filled in is an enrollment.
        role: the role of all its users, if the file does not say it.
        people: the files that list these users.
        alone: whether it shows the format even where the first file of enrollments is missing.
    """

    file: str
    fields: Headers
    users: tuple[str, ...] = ()
    role: str = ""
    people: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NameFile:
    """A file with the names of courses or schools: the headers of their ids, and of each field for look-ups."""

    file: str
    ids: tuple[str, ...]
    fields: Headers


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TermFile:
    """A file that says when terms begin."""

    file: str
    ids: tuple[str, ...]
    begins: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CourseDates:
    """A file that says when courses begin, or in which term, for classes that do not say it themselves."""

    file: str
    ids: tuple[str, ...]
    begins: tuple[str, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RoleFile:
    """A file with the roles of users at schools, one of which may be primary."""

    file: str
    users: tuple[str, ...]
    primary: tuple[str, ...]
    orgs: tuple[str, ...]
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BundleFormat:
    """A roster that is several files of an export.

    Attributes:
        name: its name for `--format`.
        title: its name for people.
        order: its place in lists; formats are also recognized in this order.
        recognized_by: headers of the first file of enrollments that show this format; of each tuple one.
        not_beside: files that show that it is another format.
        fallback: whether a bundle whose headers show no format is read as this one.
        enrollments: the files of enrollments; those that are missing are left out.
        classes: the file that says which course a class belongs to.
        class_columns: class_id, class_is, course_id, class_school, terms, begin_date, last_day.
        person_columns: user_id, user_is, primary_org.
        person_names: what people can be found by, if the server has other ids.
        course_names, school_names: the same of courses and schools.
        terms: the file of the terms that classes or courses name.
        course_dates: the file of the begin dates of courses.
        roles: the file that says which school is a user's own.
        added: columns that the results get, so that they read back as a plain table.
        own_course: whether a line may name its course itself.
        server_ids: whether its ids are those of the server.
        notes: what people should know.
        describe: title with what the files and the properties of manifest.csv add to it, such as a version.
    """

    name: str
    title: str
    order: int
    recognized_by: tuple[tuple[str, ...], ...]
    enrollments: tuple[EnrollmentFile, ...]
    classes: str
    class_columns: Headers
    person_columns: Headers
    person_names: Headers
    course_names: NameFile
    school_names: NameFile | None = None
    terms: TermFile | None = None
    course_dates: CourseDates | None = None
    roles: RoleFile | None = None
    not_beside: tuple[str, ...] = ()
    fallback: bool = False
    added: tuple[str, ...] = (SEAT_FROM, "user_id", "course_id", "school_id", "role", "begin_date")
    own_course: bool = False
    server_ids: bool = False
    notes: tuple[str, ...] = ()
    describe: Callable[[Collection[str], Mapping[str, str]], str] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is read, the enrollments first."""
        people = [file for lines in self.enrollments for file in lines.people]
        more = [found.file for found in (self.roles, self.course_dates, self.terms) if found is not None]
        return tuple(dict.fromkeys([*(lines.file for lines in self.enrollments), self.classes, *people, *more]))

    @property
    def marks(self) -> tuple[str, ...]:
        """The files, in lower case, of which one must be there for the format to be recognized."""
        first, *others = self.enrollments
        return (first.file.lower(), *(lines.file.lower() for lines in others if lines.alone))


RosterFormat: TypeAlias = TableFormat | BundleFormat
