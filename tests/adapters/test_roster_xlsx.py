from __future__ import annotations

import re
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from rosters import HEADER, ROW, cells, read, write_csv, write_xlsx

from batch_enroll.adapters.roster_csv import CsvRoster
from batch_enroll.adapters.roster_xlsx import XlsxRoster, recognises
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDS = ("user_id", "course_id")
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=10).filter(
    lambda text: not text.startswith("=") and re.search("_x[0-9A-Fa-f]{4}_", text) is None
)


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The workbook with one part of it changed, as other programs would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


@profile(max_examples=25)
@given(st.lists(st.tuples(st.text("abc01", min_size=1), TEXT, TEXT), min_size=1, max_size=6))
def test_the_same_rows_as_csv_and_as_xlsx_give_the_same_cells(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("r")
    table = [("user_id", "course_id", "Note"), *rows]
    text = CsvRoster(write_csv(folder / "roster.csv", table))
    book = XlsxRoster(write_xlsx(folder / "roster.xlsx", {"Sheet": table}))
    assert cells(book) == cells(text) == rows
    assert [dict(row.fields) for row in book.rows()] == [dict(row.fields) for row in text.rows()]


def test_cells_are_read_as_a_person_sees_them(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["user_id", "course_id", "begin_date", "seen"])
    sheet.append([42, 7.0, date(2025, 9, 1), datetime(2025, 9, 1, 8, 30)])  # noqa: DTZ001 - as workbooks have it
    sheet.append([1.5, "007", "NA", True])
    sheet["A2"].number_format = "00000"
    book.save(tmp_path / "roster.xlsx")
    roster = XlsxRoster(tmp_path / "roster.xlsx")
    assert cells(roster) == [("00042", "7", "2025-09-01", "2025-09-01T08:30:00"), ("1.5", "007", "NA", "TRUE")]
    assert [row.place for row in roster.rows()] == [Place("roster.xlsx", 2, "Sheet"), Place("roster.xlsx", 3, "Sheet")]


def test_dates_of_the_1904_calendar_are_the_days_that_were_typed(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    sheet.append(["user_id", "course_id", "begin_date"])
    sheet.append(["u", "c", date(2025, 9, 1)])
    book.save(tmp_path / "mac.xlsx")
    assert cells(XlsxRoster(tmp_path / "mac.xlsx")) == [("u", "c", "2025-09-01")]


def test_a_roster_tells_its_columns_size_and_rows(tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "roster.xlsx", {"A": [["Title"], [], [*HEADER, None, " "], [*ROW], [], [*ROW, "note"]]}
    )
    roster = XlsxRoster(path)
    assert (roster.columns, roster.estimated_rows, roster.describe()[0]) == (HEADER, 3, ("user_id", "user_id"))
    assert cells(roster) == [ROW, ROW]
    assert [row.place.row for row in roster.rows()] == [4, 6]
    assert (roster.refs()[0].path, roster.refs()[0].rows, len(roster.refs()[0].sha256)) == (str(path), 2, 64)


def test_a_limit_ends_the_reading_early(tmp_path: Path) -> None:
    roster = XlsxRoster(write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, *[ROW] * 9]}), limit=2)
    assert (roster.estimated_rows, len(read(roster))) == (2, 2)


def test_the_only_visible_sheet_with_the_header_is_the_roster(tmp_path: Path) -> None:
    sheets: dict[str, list[tuple[str, ...]]] = {
        "Notes": [("hello",)],
        "Old": [IDS, ("x", "y")],
        "Now": [IDS, ("u", "c")],
    }
    roster = XlsxRoster(write_xlsx(tmp_path / "roster.xlsx", sheets, hidden=["Old"]))
    assert cells(roster) == [("u", "c")]


def test_two_sheets_with_the_header_are_asked_for_and_a_named_one_is_taken(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"Fall": [IDS, ("f", "c")], "Spring": [IDS, ("s", "c")]})
    with pytest.raises(RosterError, match='several sheets look like rosters: "Fall", "Spring"; name one with --sheet'):
        _ = XlsxRoster(path).columns
    assert cells(XlsxRoster(path, sheet=" spring")) == [("s", "c")]


def test_a_hidden_sheet_is_read_if_it_is_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"Notes": [["hi"]], "Old": [IDS, ("x", "y")]}, hidden=["Old"])
    assert cells(XlsxRoster(path, sheet="Old")) == [("x", "y")]


@pytest.mark.parametrize(
    ("sheets", "sheet", "why"),
    [
        ({"A": [IDS]}, None, r"roster\.xlsx \[A\]: a header, but no data rows"),
        ({"A": [["x"]]}, None, r"roster\.xlsx \[A\]: no column for user_id and course_id"),
        ({"A": [["x"]], "B": [["user_id"]]}, None, r"roster\.xlsx \[B\]: no column for course_id"),
        ({"A": []}, None, r"\[A\]: the table is empty"),
        ({"A": [IDS]}, "Z", 'no sheet is called "Z"; sheets: "A"'),
    ],
)
def test_a_workbook_without_a_roster_says_what_it_holds(
    tmp_path: Path, sheets: dict[str, list[list[str]]], sheet: str | None, why: str
) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", sheets)
    with pytest.raises(RosterError, match=why):
        read(XlsxRoster(path, sheet=sheet))


def test_error_cells_and_unsaved_formulas_are_problems_only_where_they_are_read(tmp_path: Path) -> None:
    table = [
        (*IDS, "Note"),
        ("#N/A", "c", "x"),
        ("u2", "c", "#REF!"),
        ("u3", '=CONCAT("c", 1)', "x"),
        ("u4", "c", "=1+1"),
    ]
    roster = XlsxRoster(write_xlsx(tmp_path / "roster.xlsx", {"A": table}))
    problems = [row.problem for row in roster.rows()]
    assert [problem and (problem.code, problem.column, problem.value) for problem in problems] == [
        ("E109", "user_id", "#N/A"),
        None,
        ("E109", "course_id", ""),
        None,
    ]


def test_a_formula_is_read_by_the_value_that_was_saved_with_it(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [(*IDS, "school_id"), ("u", "=1", "=2")]})
    path = rewrite(
        path,
        SHEET,
        lambda xml: re.sub(
            '<c r="C2"[^>]*>.*?</c>',
            '<c r="C2" t="str"><f>2</f><v></v></c>',
            re.sub('<c r="B2"[^>]*>.*?</c>', '<c r="B2" t="str"><f>1</f><v>c1</v></c>', xml),
        ),
    )
    (row,) = read(XlsxRoster(path))
    assert (row.cells, row.problem) == (("u", "c1", ""), None)


@pytest.mark.parametrize("dimension", ["A1:A1", "A1:XFD1048576", "A1", "B7:C9"])
def test_a_wrong_dimension_neither_cuts_nor_inflates(tmp_path: Path, dimension: str) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW, ROW]})
    path = rewrite(path, SHEET, lambda xml: re.sub('<dimension ref="[^"]*"', f'<dimension ref="{dimension}"', xml))
    roster = XlsxRoster(path)
    assert cells(roster) == [ROW, ROW]
    assert roster.estimated_rows is None or roster.estimated_rows < 9


def test_a_row_number_beyond_any_sheet_is_damage_and_no_endless_loop(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml.replace('<row r="2"', '<row r="99999999999"'))
    with pytest.raises(RosterError, match="more rows than a workbook can have"):
        read(XlsxRoster(path))


@pytest.mark.parametrize("number", ["1", "2"])
def test_rows_out_of_order_are_refused_because_one_would_be_lost(tmp_path: Path, number: str) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml.replace('<row r="3"', f'<row r="{number}"'))
    with pytest.raises(RosterError, match="rows stand out of order"):
        read(XlsxRoster(path))


def test_a_sheet_longer_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    notes = ["".join(f"{(row * 7919 + at) % 9973} " for at in range(400)) for row in range(700)]
    table = [(*IDS, "Note"), *((f"u{row}", "c", note) for row, note in enumerate(notes))]
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": table})
    inline = "".join(
        f'<row r="{nth}">' + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in row) + "</row>"
        for nth, row in enumerate(table, 1)
    )
    path = rewrite(
        path, SHEET, lambda xml: re.sub("<sheetData>.*</sheetData>", f"<sheetData>{inline}</sheetData>", xml)
    )
    assert cells(XlsxRoster(path)) == table[1:]


def test_a_style_that_is_not_there_is_shown_plainly(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, (7, 8)]})
    path = rewrite(path, SHEET, lambda xml: xml.replace('<c r="A2"', '<c r="A2" s="99"'))
    assert cells(XlsxRoster(path)) == [("7", "8")]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is not a workbook that can be read"),
        (b"user_id,course_id\n", "is not a workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old \.xls or has a password"),
    ],
)
def test_what_is_no_workbook_says_what_to_do(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(raw)
    with pytest.raises(RosterError, match=why):
        _ = XlsxRoster(path).columns


def test_a_workbook_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"gone\.xlsx cannot be read: No such file"):
        _ = XlsxRoster(tmp_path / "gone.xlsx").columns


def test_a_damaged_sheet_is_told_and_the_rows_before_it_are_not_made_up(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml.replace("</sheetData>", "<row"))
    with pytest.raises(RosterError, match="open it in Excel and save it"):
        read(XlsxRoster(path))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml + " " * 20_000_000)
    with pytest.raises(RosterError, match="200 times"):
        _ = XlsxRoster(path).columns


def test_a_workbook_is_recognised_by_its_content(tmp_path: Path) -> None:
    book = write_xlsx(tmp_path / "roster.bin", {"A": [IDS]})
    old, text, bundle = tmp_path / "old.xls", tmp_path / "roster.csv", tmp_path / "bundle.zip"
    old.write_bytes(b"\xd0\xcf\x11\xe0")
    text.write_bytes(b"user_id,course_id\n")
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("enrollments.csv", "a")
    assert [recognises(path) for path in (book, old, text, bundle)] == [True, True, False, False]
