from __future__ import annotations

import pytest

from batch_enroll.core.model import RosterRow, RowLocation, SourceRow
from batch_enroll.core.roster.formats.moodle import FORMAT
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.multi_course_rows import ADDED, course_columns, describe_columns, split_line
from batch_enroll.core.roster.row_parser import Defaults, read_row

HEADER = (
    "username", "idnumber", "course1", "role1", "enrolstatus1", "enroltimestart1", "enrolperiod1", "group1",
    "course2", "type2", "course10", "role11",
)  # fmt: skip


assert FORMAT.numbered is not None
NUMBERED = FORMAT.numbered


def rows(*cells: str) -> list[SourceRow]:
    padded = (*cells, *[""] * (len(HEADER) - len(cells)))
    line = map_headers(HEADER).row(RowLocation("upload.csv", 2), padded)
    assert line is not None
    return list(split_line(line, course_columns(HEADER, NUMBERED), NUMBERED))


def added(row: SourceRow) -> dict[str, str]:
    return {name: text for name, text in zip(ADDED, row.cells[len(HEADER) :], strict=True) if text}


def test_each_course_of_a_line_is_a_row_of_its_own_that_says_where_it_stands() -> None:
    first, second, third = rows(
        "ada", "7", "ART", "editingteacher", "1", "2025-09-01", "30", "", "MATH", "1", "BIO"
    )  # fmt: skip
    assert (first.location, second.location) == (RowLocation("upload.csv", 2), RowLocation("upload.csv", 2))
    assert added(first) == {
        "seat_from": "course1",
        "course_id": "ART",
        "role": "editingteacher",
        "begin_date": "2025-09-01",
        "end_date": "2025-10-01",
        "status": "suspended",
    }
    assert added(second) == {"seat_from": "course2", "course_id": "MATH", "role": "student"}
    assert added(third) == {"seat_from": "course10", "course_id": "BIO"}
    own = {"user_name": "ada", "user_id": "7"}
    assert own | added(first) == {**first.fields, "seat_from": "course1"}
    typed = [read_row(row, Defaults()) for row in (first, second, third)]
    told = [(row.user_id, row.course_id, row.role, row.status) for row in typed if isinstance(row, RosterRow)]
    assert told == [
        ("7", "ART", "teacher", "inactive"),
        ("7", "MATH", "student", "active"),
        ("7", "BIO", "student", "active"),
    ]


def test_a_line_without_a_course_is_one_row_that_lacks_it() -> None:
    (row,) = rows("ada", "7")
    assert str(read_row(row, Defaults())) == "course1: is empty"
    (row,) = rows("ada", "7", "", "", "", "", "", "", "MATH")
    assert added(row)["seat_from"] == "course2"


@pytest.mark.parametrize(("start", "period"), [("2025-09-01", "ever"), ("01/02/2025", "3"), ("2025-09-01", "9" * 20)])
def test_a_period_that_cannot_be_reckoned_is_a_problem_of_its_seat(start: str, period: str) -> None:
    first, second = rows("ada", "7", "ART", "", "", start, period, "", "MATH")
    assert first.problem is not None
    assert (first.problem.code, first.problem.column, second.problem) == ("E105", "enrolperiod1", None)


def test_a_period_without_a_first_day_sets_no_end() -> None:
    (row,) = rows("ada", "7", "ART", "", "", "", "30")
    assert "end_date" not in row.fields


def test_the_results_read_back_as_a_plain_table() -> None:
    header = (*HEADER, *ADDED)
    for row in rows("ada", "7", "ART", "teacher", "1", "2025-09-01", "30", "", "MATH", "1"):
        columns = map_headers(header)
        again = columns.row(row.location, row.cells)
        assert again is not None
        assert columns.numbered is None
        assert read_row(again, Defaults()) == read_row(row, Defaults())


def test_every_numbered_column_is_described() -> None:
    read = dict(describe_columns(map_headers(HEADER).describe(), NUMBERED))
    assert (read["course10"], read["type2"], read["enrolstatus1"], read["group1"]) == (
        "course_id",
        "role",
        "status",
        "",
    )
    assert read["role11"] == ""
