"""Real and hostile files of many systems: each ends in rows or in one clear line, opened as a run opens them."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.paths import SHARED_ROSTERS as SHARED
from support.roster_files import opened

from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RosterRow
from batch_enroll.core.roster.row_parser import Defaults, read_row

if TYPE_CHECKING:
    from batch_enroll.ports import RosterSource

DISTRICT = SHARED / "oneroster_1p1" / "gospelnerd" / "oneroster-district-small.zip"
SDS = SHARED / "sds" / "o365"
MOST_BYTES = 100_000_000

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="shared rosters are not here")


def names() -> list[str]:
    files = [path for path in SHARED.rglob("*") if path.is_file()]
    folders = {path.parent for path in files}
    return sorted(path.relative_to(SHARED).as_posix() for path in (*files, *folders))


def refusal(path: Path) -> str:
    """Opens the file and reads every row; the reason if the roster was refused, else nothing."""
    try:
        source = opened(path, course_id="c")
        for row in source.rows():
            assert len(row.cells) == len(source.columns)
            read_row(row, Defaults(course_id="c"))
        assert source.refs()[0].read_as
    except RosterError as why:
        return str(why)
    return ""


def typed(source: RosterSource) -> list[RosterRow]:
    return [row for row in (read_row(row, Defaults()) for row in source.rows()) if isinstance(row, RosterRow)]


def seats(source: RosterSource) -> Counter[tuple[str, str, str | None, str]]:
    return Counter((row.user_id, row.course_id, row.school_id, row.role.value) for row in typed(source))


def table(path: Path) -> list[dict[str, str]]:
    """The file as the csv module reads it."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("name", names())
def test_every_file_ends_in_rows_or_in_one_clear_line_that_names_it(name: str) -> None:
    why = refusal(SHARED / name)
    assert not why or Path(name).name in why
    assert "\n" not in why
    assert len(why) < 2000


@pytest.mark.parametrize(
    "name", ["xlsx/poi/poc-xmlbomb.xlsx", "xlsx/poi/poc-shared-strings.xlsx", "xlsx/poi/54764.xlsx"]
)
def test_bombs_stay_small(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RosterError):
            _ = XlsxRoster(SHARED / name).columns
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


def test_a_real_districts_enrollments_are_fewer_seats_than_rows() -> None:
    """By hand: each enrollment's class gives its course; the enrollment names its school."""
    with zipfile.ZipFile(DISTRICT) as archive:
        read = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in ("enrollments.csv", "classes.csv")
        }
    courses = {row["sourcedId"]: row["courseSourcedId"] for row in read["classes.csv"]}
    expected = Counter(
        (row["userSourcedId"], courses[row["classSourcedId"]], row["schoolSourcedId"], row["role"])
        for row in read["enrollments.csv"]
    )
    found = seats(opened(DISTRICT))
    assert found == expected
    assert (found.total(), len(found), sum(role == "student" for *_, role in found)) == (1855, 1827, 1736)
    assert opened(DISTRICT).refs()[0].read_as.startswith("OneRoster 1.1, bulk (enrollments.csv, classes.csv, ")


@pytest.mark.parametrize(("size", "students", "teachers"), [("100 Users", 602, 28), ("25 Users", 44, 2)])
def test_real_school_data_sync_v1_folders_join_each_section_to_its_course(
    size: str, students: int, teachers: int
) -> None:
    """By hand: the ids of course and school in Section.csv, the role from the file; counts are `wc -l` less 1."""
    folder = SDS / "SDS Format" / size
    sections = {row["SIS ID"]: (row["Course SIS ID"], row["School SIS ID"]) for row in table(folder / "Section.csv")}
    expected = Counter(
        (row["SIS ID"], *sections[row["Section SIS ID"]], role)
        for file, role in (("StudentEnrollment.csv", "student"), ("TeacherRoster.csv", "teacher"))
        for row in table(folder / file)
    )
    found = seats(opened(folder))
    assert found == expected
    assert (students, teachers) == tuple(
        sum(count for seat, count in found.items() if seat[3] == role) for role in ("student", "teacher")
    )
    # Terms say 7/1/2017 and 6/30/2018: the second shows that the month stands first.
    assert {str(row.begin_date) for row in typed(opened(folder))} == {"2017-07-01 00:00:00+00:00"}


@pytest.mark.parametrize(
    ("folder", "rows", "usable"), [("SDS Format/Min Required Attributes", 46, 46), ("SDS v2", 29, 24)]
)
def test_folders_whose_sections_have_no_courses_need_to_be_told_one(folder: str, rows: int, usable: int) -> None:
    """Of the v2 lines five have the roles faculty, lecturer, professor and aide."""
    found = [read_row(row, Defaults()) for row in opened(SDS / folder).rows()]
    assert Counter(getattr(row, "code", "") for row in found) == {"E118": rows}
    given = [read_row(row, Defaults(course_id="c")) for row in opened(SDS / folder, course_id="c").rows()]
    assert Counter(getattr(row, "code", "") for row in given) == Counter([""] * usable + ["E104"] * (rows - usable))
    header = "classSourcedId" if folder == "SDS v2" else "Section SIS ID"
    by_class = typed(opened(SDS / folder, map=[f"course_id={header}"]))
    assert len(by_class) == usable
    assert {row.course_id for row in by_class} <= {"11001", "11002", "11003", "11004"}


def test_a_plain_enrollment_export_with_its_own_ids_reads_as_it_is() -> None:
    """3,600 lines below the header; all ids are in columns whose names are clear."""
    source = opened(SHARED / "sds" / "oea_base_truth" / "enrollment.csv")
    assert seats(source) == Counter(
        (row["StudentID"], row["CourseID"], row["SchoolID"], "student")
        for row in table(SHARED / "sds" / "oea_base_truth" / "enrollment.csv")
    )
    assert source.refs()[0].rows == 3600


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("moodle/oea_db_export/user_enrolments.csv", "no column for course_id"),
        ("sds/oea_base_truth/instructors_enroll.csv", '"user_id=InstructorId"'),
        ("other_rosters/inbloom/sample/student-school-assoc-sample-data.csv", "no column for course_id"),
        ("other_rosters/submitty/sample_users_data.csv", "no column for course_id"),
        ("other_rosters/gradescope_brightspace/roster.csv", "no column for course_id"),
        ("oneroster_1p1/nicelion_headers_only", "there are no rows below the header"),
        ("oneroster_1p1/nicelion_outputs", "no enrollments.csv, StudentEnrollment.csv or rosters.csv"),
        ("sds/o365/SDS Format", "several rosters in one, in 100 Users, 25 Users, Min Required Attributes"),
        ("sds/o365/SDS Format/25 Users/StudentEnrollment.csv", "give the folder that holds them all"),
    ],
)
def test_what_is_no_list_of_enrollments_says_what_is_missing(name: str, why: str) -> None:
    with pytest.raises(RosterError) as caught:
        list(opened(SHARED / name).rows())
    assert why in str(caught.value)


def test_a_grade_books_people_are_enrolled_when_the_course_is_given() -> None:
    """26 lines, all with the role Student."""
    book = SHARED / "other_rosters" / "gradescope_brightspace" / "roster.csv"
    read = [read_row(row, Defaults(course_id="c")) for row in opened(book, course_id="c", map=["user_id=SID"]).rows()]
    assert sum(isinstance(row, RosterRow) for row in read) == len(table(book)) == 26
