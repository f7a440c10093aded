from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import RowLocation, RowProblem, SourceRow
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.roster_repair import Change, RepairSettings, RosterRepairer

HEADER = ("Student ID", "Course_ID", "Start Date", "Role", "Pupil")


def mended(*table: tuple[str, ...], header: tuple[str, ...] = HEADER) -> tuple[RosterRepairer, list[list[str] | None]]:
    columns = map_headers(header)
    mender = RosterRepairer(columns.describe(), marked=False)
    lines: list[list[str] | None] = [mender.header()]
    for nth, cells in enumerate(table, 2):
        row = columns.row(RowLocation("a.csv", nth), cells)
        assert row is not None
        lines.append(mender.row(row))
    return mender, lines


def test_names_blanks_dates_and_words_are_mended_and_each_change_is_told() -> None:
    mender, lines = mended((" 007\u00a0", "M", "27.08.2025", "STUDENT", " Ada "))
    assert lines == [
        ["user_id", "course_id", "begin_date", "role", "Pupil"],
        ["007", "M", "2025-08-27", "student", "Ada"],
    ]
    place = RowLocation("a.csv", 2)
    assert mender.changes[4:] == [
        Change(RepairSettings.BLANKS, place, "Student ID", " 007\u00a0", "007"),
        Change(RepairSettings.DATE, place, "Start Date", "27.08.2025", "2025-08-27"),
        Change(RepairSettings.WORD, place, "Role", "STUDENT", "student"),
        Change(RepairSettings.BLANKS, place, "Pupil", " Ada ", "Ada"),
    ]
    assert [(change.column, change.after) for change in mender.changes[:4]] == [
        ("Student ID", "user_id"),
        ("Course_ID", "course_id"),
        ("Start Date", "begin_date"),
        ("Role", "role"),
    ]
    assert mender.changes[4].as_json() == {
        "what": "blanks removed around it",
        "row": 2,
        "sheet": None,
        "column": "Student ID",
        "before": " 007\u00a0",
        "after": "007",
    }
    assert mender.changes[0].as_json()["row"] is None


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2025-09-01", "2025-09-01"),
        ("2025-09-01T00:00:00Z", "2025-09-01"),
        ("2025-09-01 08:30", "2025-09-01T08:30:00.000Z"),
        ("01/09/2025", "01/09/2025"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_written_so_and_no_other(text: str, after: str) -> None:
    _, lines = mended(("u", "c", text, "wizard", ""))
    assert lines[1] == ["u", "c", after, "wizard", ""]


def test_a_row_that_says_the_same_as_an_earlier_one_is_left_out_whatever_is_not_read() -> None:
    mender, lines = mended(("u", "c", "", "", "Ada"), (" u", "c", "", "", "again"), ("u", "C", "", "", "Ada"))
    assert lines[1:] == [["u", "c", "", "", "Ada"], None, ["u", "C", "", "", "Ada"]]
    assert mender.rows == 2
    assert [change for change in mender.changes if change.mending is RepairSettings.REPEAT] == [
        Change(RepairSettings.REPEAT, RowLocation("a.csv", 3), "", "a.csv row 2", "")
    ]


def test_a_row_that_was_not_read_whole_keeps_its_code_when_the_copy_is_read() -> None:
    columns = map_headers(("user_id", "course_id", "Note"))
    mender = RosterRepairer(columns.describe(), marked=True)
    broken = SourceRow(
        RowLocation("a", 2), ("u", "c", "=x"), {"user_id": "u", "course_id": "c"}, RowProblem("E108", "x")
    )
    sound = SourceRow(RowLocation("a", 3), ("u", "c", "=x"), {"user_id": "u", "course_id": "c"})
    copy = map_headers(mender.header())
    again = [
        copy.row(RowLocation("b", nth), mender.row(row) or ()) for nth, row in enumerate((broken, broken, sound), 2)
    ]
    assert [row and row.problem and row.problem.code for row in again] == ["E108", "E108", None]
    assert [row and row.cells for row in again] == [("u", "c", "=x")] * 3


def test_a_column_that_was_set_aside_is_not_taken_for_the_one_that_is_read() -> None:
    mender = RosterRepairer((("StudentNo", "user_id"), ("user_id", ""), ("course_id", "course_id")), marked=False)
    assert mender.header() == ["user_id", "user_id (not read)", "course_id"]
    assert map_headers(mender.header()).spelt["user_id"] == "user_id"


def test_a_field_that_several_columns_hold_is_written_once() -> None:
    mender = RosterRepairer((("user", "user_id"), ("course1", "course_id"), ("course2", "course_id")), marked=False)
    assert mender.header() == ["user_id", "course_id"]
    row = SourceRow(RowLocation("a", 2), ("u", "c1", "c2"), {"user_id": "u", "course_id": "c2"})
    assert mender.row(row) == ["u", "c2"]


TEXT = st.text(max_size=6)


@given(st.lists(st.tuples(*[TEXT] * len(HEADER)), max_size=5))
def test_a_mended_table_reads_to_the_same_fields_and_needs_no_second_mending(table: list[tuple[str, ...]]) -> None:
    columns = map_headers(HEADER)
    rows = [row for nth, cells in enumerate(table, 2) if (row := columns.row(RowLocation("a", nth), cells)) is not None]
    mender = RosterRepairer(columns.describe(), marked=False)
    copy = map_headers(mender.header())
    for row in rows:
        line = mender.row(row)
        if line is None or not any(cell.strip() for cell in line):
            continue
        again = copy.row(row.location, line)
        assert again is not None
        assert {field: again.fields.get(field) for field in FIELDS if field not in {"begin_date", "role"}} == {
            field: row.fields.get(field) for field in FIELDS if field not in {"begin_date", "role"}
        }
        second = RosterRepairer(copy.describe(), marked=False)
        assert second.row(again) == line
        assert second.changes == []
