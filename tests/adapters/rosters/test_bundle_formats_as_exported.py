"""The export of each system is known by what is in it, and read as a person would."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from support.exports import APPLE, CANVAS, CLEVER, DELTA, EXPECTED, ONEROSTER_10, SDS_V1, SDS_V21, Parts
from support.roster_files import SHEET, opened, read, rewrite, write_bundle, write_csv, write_xlsx

from batch_enroll.core.errors import RosterError
from batch_enroll.core.lookup.records import WAYS
from batch_enroll.core.model import RosterRow, RowProblem
from batch_enroll.core.roster.row_parser import Defaults, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from batch_enroll.core.model import SourceRow
    from batch_enroll.ports import RosterSource


def told(row: SourceRow) -> str:
    """A seat on one line, or what is wrong with it."""
    seat = read_row(row, Defaults())
    if isinstance(seat, RowProblem):
        return f"{row.location.file.rpartition('/')[2]} {row.location.row}: {seat.code} {seat}"
    begin = "" if seat.begin_date is None else seat.begin_date.date().isoformat()
    return f"{seat.user_id} {seat.course_id} {seat.school_id} {seat.role} {seat.status} {begin}".rstrip()


def all_told(source: RosterSource) -> list[str]:
    return [told(row) for row in source.rows()]


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
    places = [row.location for row in book.rows()]
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
        "export.xlsx 4: E111 userSourcedId: is a number cell, which keeps only fifteen digits",
        "export.xlsx 5: E112 classSourcedId: is a date or time cell",
        'export.xlsx 6: E112 course_id: "2025-09-09" is a date',
        "export.xlsx 7: E109 course_id: contains #N/A instead of a value",
        "export.xlsx 8: E109 userSourcedId: contains #REF! instead of a value",
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
    assert source.refs()[0].read_as.startswith("Moodle upload, one enrollment for each numbered course")
    assert [row.location.row for row in source.rows()] == [2, 2, 3, 3, 4]
    again = opened(write_csv(tmp_path / "failed.csv", [source.columns, *(row.cells for row in source.rows())]))
    assert again.refs()[0].read_as == "plain table"
    assert all_told(again)[:4] == all_told(source)[:4]
    assert len(read(opened(path, limit=3))) == 3


def test_an_upload_file_of_ids_and_courses_alone_is_recognized(tmp_path: Path) -> None:
    source = opened(write_csv(tmp_path / "upload.csv", [("idnumber", "course1"), ("7", "ART")]))
    assert all_told(source) == ["7 ART None student active"]


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
