"""A small invented export of each system, and its seats as a person would work them out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from rosters import SHEET, opened, read, rewrite, write_bundle, write_csv, write_xlsx

from batch_enroll.core.directory import WAYS
from batch_enroll.core.errors import RosterError
from batch_enroll.core.intake import Defaults, read_row
from batch_enroll.core.model import RosterRow, RowProblem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from batch_enroll.core.model import SourceRow
    from batch_enroll.ports import RosterSource

Parts = dict[str, str]

CLEVER: Parts = {
    "schools.csv": "School_id,School_name\n02M1,North\n",
    "students.csv": "School_id,Student_id,Student_email\n02M1,s1,a@x.org\n02M1,s2,\n",
    "teachers.csv": "School_id,Teacher_id,Teacher_email\n02M1,t1,\n02M1,t2,\n",
    "sections.csv": (
        "School_id,Section_id,Teacher_id,Teacher_2_id,Name,Course_name,Course_number,Term_start,Term_end\n"
        "02M1,k1,t1,t2,Math A,Math,M7,8/25/2025,12/19/2025\n"
        "02M1,k2,t9,,Club,,,9/1/2025,6/12/2026\n"
        "02M1,k3,,,Math B,Math,M7,,\n"
    ),
    "enrollments.csv": (
        "School_id,Section_id,Student_id\n02M1,k1,s1\n02M1,k3,s2\n02M1,k2,s1\n02M1,k7,s1\n02M1,k1,s9\n,k1,\n"
    ),
}
CANVAS: Parts = {
    "users.csv": "user_id,login_id,status\nu1,ada,active\nu2,bob,active\nu3,cy,deleted\n",
    "courses.csv": (
        "course_id,short_name,account_id,term_id,start_date,status\nC1,M7,A,T1,,active\nC2,S7,A,T1,2025-09-03,active\n"
    ),
    "terms.csv": "term_id,name,start_date\nT1,Fall,2025-08-25T00:00:00Z\n",
    "sections.csv": (
        "section_id,course_id,start_date,status\nS1,C1,,active\nS2,C2,,active\nS3,C1,2025-10-01,active\n,C1,,active\n"
    ),
    "enrollments.csv": (
        "course_id,user_id,role,role_id,section_id,status,start_date,end_date\n"
        "C1,u1,student,,,active,,\n"
        ",u1,teacher,,S2,active,,\n"
        ",u2,StudentEnrollment,,S1,active,,\n"
        ",u2,student,,S3,completed,2025-11-01,\n"
        "C2,u2,student,,S1,active,,\n"
        ",u1,student,,S9,active,,\n"
        ",u1,,7,S1,active,,\n"
        ",u1,ta,,S1,active,,\n"
        ",u3,student,,S1,active,,\n"
        ",u3,student,,S1,deleted,,\n"
        ",u1,student,,,active,,\n"
    ),
}
APPLE: Parts = {
    "locations.csv": "location_id,location_name\nL1,North\n",
    "students.csv": "person_id,person_number,email_address,location_id\np1,1,,L1\np2,2,,L2\n",
    "staff.csv": "person_id,person_number,location_id\nt1,1,L1\nt2,2,L1\n",
    "courses.csv": "course_id,course_number,course_name,location_id\nC1,M7,Math,L1\n",
    "classes.csv": (
        "class_id,class_number,course_id,instructor_id,instructor_id_2,instructor_id_3,location_id\n"
        "k1,1,C1,t1,,t2,L1\nk2,2,C1,,,,\nk3,3,,t1,,,L1\n"
    ),
    "rosters.csv": "roster_id,class_id,student_id\nr1,k1,p1\nr2,k2,p2\nr3,k3,p1\nr4,k9,p1\n",
}
SDS_V1: Parts = {
    "School.csv": "SIS ID,Name\n10,North\n",
    "Student.csv": "SIS ID,School SIS ID,Username\n1,10,ada\n2,11,bob\n",
    "Teacher.csv": "SIS ID,School SIS ID,Username\n9,10,cy\n1,10,the same id as a student\n",
    "Section.csv": (
        "SIS ID,School SIS ID,Section Name,Term StartDate,Term EndDate,Course SIS ID,Course Number,Status\n"
        "k1,10,Math,7/1/2025,6/30/2026,C1,101,Active\n"
        "k2,,Art,7/1/2025,6/30/2026,,102,Active\n"
        "k3,10,Club,,,,,Active\n"
        "k4,10,Old,,,C4,,Deleted\n"
    ),
    "StudentEnrollment.csv": "Section SIS ID,SIS ID\nk1,1\nk2,2\nk3,1\nk4,1\nk9,1\nk1,9\nk1,\n",
    "TeacherRoster.csv": "Section SIS ID,SIS ID\nk1,9\nk2,1\n",
}
SDS_V1_FILES = ("StudentEnrollment.csv", "TeacherRoster.csv", "Section.csv", "Student.csv", "Teacher.csv")
SDS_V21: Parts = {
    "orgs.csv": "sourcedId,name,type\no1,North,school\n",
    "users.csv": "sourcedId,username,activeDirectoryMatchId\nu1,ada,ada@x.org\nu2,bob,\n",
    "roles.csv": (
        "userSourcedId,orgSourcedId,role,isPrimary\nu1,o1,student,true\nu1,o2,student,false\nu2,o2,teacher,true\n"
    ),
    "academicSessions.csv": "sourcedId,title,type,startDate,endDate\nt1,Fall,semester,2025-08-25,2025-12-19\n",
    "classes.csv": (
        "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nk1,o1,A,t1,C1\nk2,,B,,C1\nk3,o1,C,t1,\n"
    ),
    "enrollments.csv": "classSourcedId,userSourcedId,role\nk1,u1,student\nk2,u2,teacher\nk3,u1,student\nk1,u1,\n",
}
ONEROSTER_10: Parts = {
    "users.csv": "sourcedId,status,orgSourcedIds,role,username,userId\nu1,active,o1,student,ada,1\n",
    "academicSessions.csv": "sourcedId,title,startDate\nt1,Fall,2025-08-25\n",
    "classes.csv": "title,sourcedId,status,courseSourcedId,schoolSourcedId,termSourcedId\nA,k1,active,C1,o1,t1\n",
    "enrollments.csv": (
        "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status\ne1,k1,o1,u1,student,inactive\n"
    ),
}
DELTA: Parts = {
    "manifest.csv": "propertyName,value\noneroster.version,1.2\nfile.enrollments,delta\nfile.users,delta\n",
    "classes.csv": "sourcedId,status,courseSourcedId,schoolSourcedId\nk1,active,C1,o1\n",
    "users.csv": "sourcedId,status\nu1,active\n",
    "enrollments.csv": (
        "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\n"
        "e1,active,k1,o1,u1,student,2025-08-25,2026-06-12\n"
        "e2,tobedeleted,k1,o1,u1,student,,\n"
        "e3,toBeDeleted,k1,o1,u-elsewhere,student,,\n"
        "e4,active,k1,o1,u-elsewhere,ext:teacher,,\n"
    ),
}


def told(row: SourceRow) -> str:
    """A seat on one line, or what is wrong with it."""
    seat = read_row(row, Defaults())
    if isinstance(seat, RowProblem):
        return f"{row.place.file.rpartition('/')[2]} {row.place.row}: {seat.code} {seat}"
    begin = "" if seat.begin_date is None else seat.begin_date.date().isoformat()
    return f"{seat.user_id} {seat.course_id} {seat.school_id} {seat.role} {seat.status} {begin}".rstrip()


def all_told(source: RosterSource) -> list[str]:
    return [told(row) for row in source.rows()]


EXPECTED: Mapping[str, tuple[Parts, str, list[str]]] = {
    "clever": (
        CLEVER,
        "Clever (enrollments.csv, sections.csv, students.csv, teachers.csv)",
        [
            "s1 M7 02M1 student active 2025-08-25",
            "s2 M7 02M1 student active",
            'enrollments.csv 4: E118 Section_id: "k2" has no course in sections.csv',
            'enrollments.csv 5: E107 Section_id: "k7" is not in sections.csv',
            'enrollments.csv 6: E107 Student_id: "s9" is not in students.csv',
            "enrollments.csv 7: E101 Student_id: is empty",
            "t1 M7 02M1 teacher active 2025-08-25",
            "t2 M7 02M1 teacher active 2025-08-25",
            'sections.csv 3: E118 Section_id: "k2" has no course in sections.csv',
        ],
    ),
    "canvas": (
        CANVAS,
        "Canvas SIS (enrollments.csv, sections.csv, users.csv, courses.csv, terms.csv)",
        [
            "u1 C1 None student active",
            "u1 C2 None teacher active 2025-09-03",
            "u2 C1 None student active 2025-08-25",
            "u2 C1 None student inactive 2025-11-01",
            'enrollments.csv 6: E119 course_id: "C2" is not the course of "S1" in sections.csv, which is "C1"',
            'enrollments.csv 7: E107 section_id: "S9" is not in sections.csv',
            'enrollments.csv 8: E104 role: "7" is not one of administrator, proctor, student, teacher',
            'enrollments.csv 9: E104 role: "ta" is not one of administrator, proctor, student, teacher',
            'enrollments.csv 10: E107 user_id: "u3" is marked as deleted in users.csv',
            "u3 C1 None student tobedeleted 2025-08-25",
            "enrollments.csv 12: E107 section_id: is empty, so that no course can be told",
        ],
    ),
    "apple": (
        APPLE,
        "Apple School Manager (rosters.csv, classes.csv, students.csv, staff.csv)",
        [
            "p1 C1 L1 student active",
            "p2 C1 L2 student active",
            'rosters.csv 4: E118 class_id: "k3" has no course in classes.csv',
            'rosters.csv 5: E107 class_id: "k9" is not in classes.csv',
            "t1 C1 L1 teacher active",
            "t2 C1 L1 teacher active",
            'classes.csv 4: E118 class_id: "k3" has no course in classes.csv',
        ],
    ),
    "sds-v1": (
        SDS_V1,
        f"Microsoft School Data Sync v1 ({', '.join(SDS_V1_FILES)})",
        [
            "1 C1 10 student active 2025-07-01",
            "2 102 11 student active 2025-07-01",
            'StudentEnrollment.csv 4: E118 Section SIS ID: "k3" has no course in Section.csv',
            'StudentEnrollment.csv 5: E107 Section SIS ID: "k4" is marked as deleted in Section.csv',
            'StudentEnrollment.csv 6: E107 Section SIS ID: "k9" is not in Section.csv',
            'StudentEnrollment.csv 7: E107 SIS ID: "9" is not in Student.csv',
            "StudentEnrollment.csv 8: E101 SIS ID: is empty",
            "9 C1 10 teacher active 2025-07-01",
            "1 102 10 teacher active 2025-07-01",
        ],
    ),
    "sds-v2": (
        SDS_V21,
        "Microsoft School Data Sync v2.1 (enrollments.csv, classes.csv, users.csv, roles.csv, academicSessions.csv)",
        [
            "u1 C1 o1 student active 2025-08-25",
            "u2 C1 o2 teacher active",
            'enrollments.csv 4: E118 classSourcedId: "k3" has no course in classes.csv',
            "u1 C1 o1 student active 2025-08-25",
        ],
    ),
    "oneroster 1.0": (
        ONEROSTER_10,
        "OneRoster 1.0 or 1.1, without a manifest (enrollments.csv, classes.csv, users.csv, academicSessions.csv)",
        ["u1 C1 o1 student inactive 2025-08-25"],
    ),
    "oneroster delta": (
        DELTA,
        "OneRoster 1.2, delta (enrollments.csv, classes.csv, users.csv)",
        [
            "u1 C1 o1 student active 2025-08-25",
            "u1 C1 o1 student tobedeleted",
            "u-elsewhere C1 o1 student tobedeleted",
            "u-elsewhere C1 o1 teacher active",
        ],
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_systems_export_is_known_and_read_as_a_person_would(name: str, tmp_path: Path) -> None:
    parts, read_as, expected = EXPECTED[name]
    source = opened(write_bundle(tmp_path / "export", parts))
    assert all_told(source) == expected
    assert (source.refs()[0].read_as, source.refs()[0].rows) == (read_as, len(expected))
    assert source.estimated_rows is not None


@pytest.mark.parametrize("name", EXPECTED)
def test_results_read_back_as_a_plain_table_with_the_same_seats(name: str, tmp_path: Path) -> None:
    parts, _, _ = EXPECTED[name]
    source = opened(write_bundle(tmp_path / "export", parts))
    fine = [row for row in source.rows() if isinstance(read_row(row, Defaults()), RosterRow)]
    again = opened(write_csv(tmp_path / "failed.csv", [source.columns, *(row.cells for row in fine)]))
    assert [read_row(row, Defaults()) for row in again.rows()] == [read_row(row, Defaults()) for row in fine]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_archive_nested_folders_and_a_workbook_read_like_the_folder(name: str, tmp_path: Path) -> None:
    parts, _, expected = EXPECTED[name]
    nested = opened(write_bundle(tmp_path / "export.zip", parts, inside="2025/fall/"))
    sheets = {
        file.removesuffix(".csv"): [line.split(",") for line in text.splitlines()] for file, text in parts.items()
    }
    sheets["notes"] = [["printed on Monday"]]
    book = opened(write_xlsx(tmp_path / "export.xlsx", sheets))
    assert all_told(nested) == expected
    assert [line.partition(": ")[2] or line for line in all_told(book)] == [
        line.partition(": ")[2] or line for line in expected
    ]
    assert nested.refs()[0].read_as.partition(" (")[0] == book.refs()[0].read_as.partition(" (")[0]
    places = [row.place for row in book.rows()]
    assert all(place.sheet in sheets and place.file == "export.xlsx" for place in places)


def test_a_workbook_of_a_bundle_tells_of_ids_that_it_destroyed_and_reads_its_days(tmp_path: Path) -> None:
    day = date(2025, 9, 9)
    sheets: dict[str, list[list[str | int | date]]] = {
        "enrollments": [
            ["sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "beginDate"],
            ["e1", "k1", "o1", "u1", "student", day],
            ["e2", "k1", "o1", "u1", "teacher", ""],
            ["e3", "k1", "o1", 12345678901234567890, "student", ""],
            ["e4", day, "o1", "u1", "student", ""],
            ["e5", "k2", "o1", "u1", "student", ""],
            ["e6", "k3", "o1", "u1", "student", ""],
            ["e7", "k1", "o1", "#REF!", "student", ""],
        ],
        "classes": [
            ["sourcedId", "courseSourcedId", "schoolSourcedId", "termSourcedIds"],
            ["k1", "C1", "o1", "t1"],
            ["k2", day, "o1", "t1"],
            ["k3", "#N/A", "o1", "t1"],
        ],
        "users": [["sourcedId", "role"], ["u1", "student"]],
        "academicSessions": [["sourcedId", "startDate"], ["t1", date(2025, 8, 25)]],
    }
    assert all_told(opened(write_xlsx(tmp_path / "export.xlsx", sheets))) == [
        "u1 C1 o1 student active 2025-09-09",
        "u1 C1 o1 teacher active 2025-08-25",
        "export.xlsx 4: E111 userSourcedId: is a number cell, which keeps no more than fifteen digits",
        "export.xlsx 5: E112 classSourcedId: is a date or time cell",
        'export.xlsx 6: E112 course_id: "2025-09-09" is a date',
        "export.xlsx 7: E109 course_id: holds #N/A instead of a value",
        "export.xlsx 8: E109 userSourcedId: holds #REF! instead of a value",
    ]


def test_a_class_merged_over_its_seats_is_the_class_of_each(tmp_path: Path) -> None:
    header = ["sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"]
    path = write_xlsx(
        tmp_path / "export.xlsx",
        {
            "enrollments": [[], header, ["e1", "k1", "o1", "u1", "student"], ["e2", "", "o1", "u2", "student"]],
            "classes": [["sourcedId", "courseSourcedId", "schoolSourcedId"], ["k1", "C1", "o1"]],
        },
    )
    cells = '</sheetData><mergeCells><mergeCell ref="B3:B4"/></mergeCells>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", cells))
    source = opened(path)
    assert all_told(source) == ["u1 C1 o1 student active", "u2 C1 o1 student active"]
    assert source.notes()[-1] == (
        'enrollments: column "classSourcedId" has cells merged over several rows (1, the first in row 3); '
        "each counts for all of its rows"
    )


def test_a_course_merged_over_its_classes_is_told_of_their_sheet(tmp_path: Path) -> None:
    seats = ["sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"]
    classes = ["sourcedId", "courseSourcedId", "schoolSourcedId"]
    path = write_xlsx(
        tmp_path / "export.xlsx",
        {
            "classes": [classes, ["k1", "C1", "o1"], ["k2", "", "o1"]],
            "enrollments": [seats, ["e1", "k2", "o1", "u1", "student"]],
        },
    )
    cells = '</sheetData><mergeCells><mergeCell ref="B2:B3"/></mergeCells>'
    rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", cells))
    source = opened(path)
    assert all_told(source) == ["u1 C1 o1 student active"]
    assert source.notes()[-1].startswith('classes: column "courseSourcedId" has cells merged over several rows')


def test_a_workbook_tells_which_of_several_people_of_a_line_it_destroyed(tmp_path: Path) -> None:
    sheets: dict[str, list[list[str | date]]] = {
        file.removesuffix(".csv"): [list(line.split(",")) for line in text.splitlines()]
        for file, text in CLEVER.items()
    }
    header = sheets["sections"][0]
    sheets["sections"][1][header.index("Teacher_2_id")] = date(2025, 9, 9)
    source = opened(write_xlsx(tmp_path / "export.xlsx", sheets))
    assert all_told(source)[-3:-1] == [
        "t1 M7 02M1 teacher active 2025-08-25",
        "export.xlsx 2: E112 Teacher_2_id: is a date or time cell",
    ]


def test_a_line_with_several_people_says_from_which_column_each_comes(tmp_path: Path) -> None:
    source = opened(write_bundle(tmp_path / "export", CLEVER))
    at = source.columns.index("seat_from")
    assert [row.cells[at] for row in source.rows()][-4:] == [
        "enrollments.csv",
        "sections.csv Teacher_id",
        "sections.csv Teacher_2_id",
        "sections.csv Teacher_id",
    ]
    assert dict(source.describe())["Teacher_2_id"] == "user_id"


def test_a_class_may_be_wished_to_be_the_course(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "export", SDS_V21)
    assert {row.fields["course_id"] for row in opened(path, map=["course_id=classSourcedId"]).rows()} == {
        "k1",
        "k2",
        "k3",
    }
    with pytest.raises(RosterError, match='no header is called "klass"'):
        _ = opened(path, map=["course_id=klass"]).columns


def test_a_course_for_all_serves_rows_whose_class_has_none_but_not_those_without_a_class(tmp_path: Path) -> None:
    source = opened(write_bundle(tmp_path / "export", CLEVER), course_id="given")
    assert [row.problem.code if row.problem else "" for row in source.rows()] == [
        "", "", "", "E107", "E107", "", "", "", "E107",
    ]  # fmt: skip
    bare = {"enrollments.csv": CLEVER["enrollments.csv"]}
    assert {row.problem for row in opened(write_bundle(tmp_path / "bare", bare), course_id="given").rows()} == {None}


def test_first_days_that_can_be_read_in_two_ways_are_left_out_and_told(tmp_path: Path) -> None:
    sections = (
        CLEVER["sections.csv"].replace("12/19/2025", "").replace("6/12/2026", "").replace("8/25/2025", "8/7/2025")
    )
    source = opened(write_bundle(tmp_path / "export", {**CLEVER, "sections.csv": sections}))
    assert all("begin_date" not in row.fields for row in source.rows())
    assert any('"8/7/2025"' in note and "--begin-date" in note for note in source.notes())


@pytest.mark.parametrize("name", ["sds-v1", "clever", "canvas", "apple"])
def test_a_format_can_be_named_and_then_must_fit(name: str, tmp_path: Path) -> None:
    parts, _, expected = EXPECTED[name]
    path = write_bundle(tmp_path / "export", parts)
    assert all_told(opened(path, format=name)) == expected
    other = "canvas" if name == "sds-v1" else "sds-v1"
    with pytest.raises(RosterError, match="export"):
        list(opened(path, format=other).rows())
    with pytest.raises(RosterError, match="export holds several files; --format table reads a single one"):
        opened(path, format="table")
    table = write_csv(tmp_path / "term.csv", [("user_id", "course_id"), ("u", "c")])
    with pytest.raises(RosterError, match=f"term.csv is a single table; --format {name} reads several files together"):
        opened(table, format=name)


def test_a_workbook_with_such_sheets_is_still_a_table_when_a_sheet_or_a_table_is_asked_for(tmp_path: Path) -> None:
    sheets = {"enrollments": [["user_id", "course_id"], ["u", "c"]], "classes": [["x"]]}
    path = write_xlsx(tmp_path / "term.xlsx", sheets)
    for flags in ({"sheet": "enrollments"}, {"format": "table"}):
        source = opened(path, **flags)
        assert all_told(source) == ["u c None student active"]
        assert source.refs()[0].read_as == 'plain table, sheet "enrollments"'


@pytest.mark.parametrize(
    "sheets",
    [
        {"Enrollments": [["user_id", "course_id", "role"], ["u", "c", "student"]]},
        {"Enrollments": [["user_id", "course_id"], ["u", "c"]], "Classes": [["class"], ["7 B"]]},
        {"Rosters": [["user_id", "course_id"], ["u", "c"]]},
    ],
)
def test_a_plain_sheet_may_be_called_like_a_file_of_an_export(
    sheets: dict[str, list[list[str]]], tmp_path: Path
) -> None:
    source = opened(write_xlsx(tmp_path / "term.xlsx", sheets))
    assert all_told(source) == ["u c None student active"]
    assert source.refs()[0].read_as.startswith("plain table")


MOODLE = [
    ["username", "idnumber", "email", "course1", "role1", "course2", "role2", "enrolstatus2"],
    ["ada", "7", "a@x.org", "ART", "student", "MATH", "editingteacher", ""],
    ["bob", "8", "b@x.org", "ART", "", "MATH", "student", "1"],
    ["cy", "9", "c@x.org", "", "", "", "", ""],
]


@pytest.mark.parametrize("name", ["upload.csv", "upload.xlsx"])
def test_an_upload_file_with_several_courses_on_a_line_is_a_row_for_each(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    source = opened(write_csv(path, MOODLE) if path.suffix == ".csv" else write_xlsx(path, {"users": MOODLE}))
    assert [line.partition(": ")[2] or line for line in all_told(source)] == [
        "7 ART None student active",
        "7 MATH None teacher active",
        "8 ART None student active",
        "8 MATH None student inactive",
        "E102 course1: is empty",
    ]
    assert source.refs()[0].read_as.startswith("Moodle upload, one seat for each numbered course")
    assert [row.place.row for row in source.rows()] == [2, 2, 3, 3, 4]
    again = opened(write_csv(tmp_path / "failed.csv", [source.columns, *(row.cells for row in source.rows())]))
    assert again.refs()[0].read_as == "plain table"
    assert all_told(again)[:4] == all_told(source)[:4]
    assert len(read(opened(path, limit=3))) == 3


def test_an_upload_file_can_be_read_as_a_plain_table_and_no_other_table_as_an_upload_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "upload.csv", MOODLE)
    with pytest.raises(RosterError, match="no column for course_id"):
        _ = opened(path, format="table").columns
    plainly = opened(path, format="table", map=["user_id=idnumber", "course_id=course2"])
    assert all_told(plainly)[:2] == ["7 MATH None student active", "8 MATH None student active"]
    table = write_csv(tmp_path / "term.csv", [("user_id", "course_id"), ("u", "c")])
    with pytest.raises(RosterError, match=r"term\.csv has no column course1"):
        opened(table, format="moodle")


@pytest.mark.parametrize("name", ["term.xlsx", "term.zip", "term.dat"])
def test_what_a_file_is_called_does_not_matter(name: str, tmp_path: Path) -> None:
    table = [("user_id", "course_id"), ("u", "c")]
    text = write_csv(tmp_path / f"a-{name}", table) if name != "term.zip" else write_csv(tmp_path / "a-term.xls", table)
    assert all_told(opened(text)) == ["u c None student active"]
    book = write_xlsx(tmp_path / "book.xlsx", {"Fall": table}).rename(tmp_path / f"b-{name}")
    assert all_told(opened(book)) == ["u c None student active"]
    (tmp_path / "c").mkdir()
    archive = write_bundle(tmp_path / "c" / "x.zip", {**DELTA}).rename(tmp_path / f"c-{name}")
    assert len(all_told(opened(archive))) == 4


def test_a_lone_file_of_an_export_asks_for_the_others(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="give the folder that holds them all"):
        opened(write_csv(tmp_path / "StudentEnrollment.csv", [("Section SIS ID", "SIS ID"), ("k", "u")]))


CALLED: Mapping[str, tuple[Parts, list[str], list[list[str]]]] = {
    "clever": (
        CLEVER,
        ["user=email", "course=title", "school=name"],
        [
            ["a@x.org", "Math", "North"],
            ['E107 Student_id: "s2" has no e-mail in students.csv to be found by'],
            ["E118"],
        ],
    ),
    "canvas": (CANVAS, ["user=username", "course=code"], [["ada", "M7"], ["ada", "S7"], ["bob", "M7"]]),
    "apple": (APPLE, ["user=identifier", "course=title", "school=name"], [["1", "Math", "North"]]),
    "sds-v1": (
        SDS_V1,
        ["user=username", "school=name"],
        [["ada", "North"], ['E107 school_id: "11" has no name in Sch']],
    ),
    "sds-v2": (SDS_V21, ["user=email", "school=name"], [["ada@x.org", "North"]]),
    "oneroster 1.0": (ONEROSTER_10, ["user=username"], [["ada"]]),
}


@pytest.mark.parametrize("name", CALLED)
def test_an_export_whose_ids_are_others_tells_what_they_are_found_by_when_asked(name: str, tmp_path: Path) -> None:
    parts, ways, expected = CALLED[name]
    path = write_bundle(tmp_path / "export", parts)
    source = opened(path, find=ways)
    fields = [field for field, way in WAYS.items() if f"{way.kind}={way.by}" in ways]
    assert set(fields) <= {field for _, field in source.describe()}
    assert not any("--find" in note for note in source.notes())
    rows = list(source.rows())
    for row, told in zip(rows, expected, strict=False):
        if row.problem is None:
            assert [row.fields[field] for field in fields] == told
        else:
            assert f"{row.problem.code} {row.problem}".startswith(told[0])
    fine = [row for row in rows if row.problem is None]
    again = opened(write_csv(tmp_path / "failed.csv", [source.columns, *(row.cells for row in fine)]))
    assert [[row.fields.get(field) for field in fields] for row in again.rows()] == [
        [row.fields.get(field) for field in fields] for row in fine
    ]
    plainly = opened(path)
    assert not {field for _, field in plainly.describe()} & {"user_email", "user_name", "user_identifier"}
    assert any("--find user=" in note for note in plainly.notes()) == (not name.startswith("oneroster"))


def test_a_person_with_two_emails_is_found_by_neither(tmp_path: Path) -> None:
    students = CLEVER["students.csv"] + "02M1,s1,other@x.org\n"
    source = opened(write_bundle(tmp_path / "export", {**CLEVER, "students.csv": students}), find=["user=email"])
    assert str(next(source.rows()).problem) == (
        'Student_id: "s1" has more than one e-mail in students.csv to be found by'
    )


def test_what_an_export_does_not_tell_is_looked_for_in_its_ids(tmp_path: Path) -> None:
    source = opened(write_bundle(tmp_path / "export", CANVAS), find=["user=email", "school=name"])
    assert not {field for _, field in source.describe()} & set(WAYS)
