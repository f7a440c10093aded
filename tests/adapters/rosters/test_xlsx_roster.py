from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from python_calamine import CalamineWorkbook
from support.roster_files import (
    HEADER,
    ROW,
    SHEET,
    TEXTS,
    Value,
    cells,
    opened,
    read,
    rewrite,
    share_texts,
    write_csv,
    write_xlsx,
)

from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.adapters.rosters.xlsx_roster.workbook import WorkbookFile
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation

if TYPE_CHECKING:
    from pathlib import Path

IDS = ("user_id", "course_id")
STYLES = "xl/styles.xml"
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=10).filter(
    lambda text: not text.startswith("=") and re.search("_x[0-9A-Fa-f]{4}_", text) is None
)


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


SHOWN: st.SearchStrategy[tuple[Value, str, str]] = st.one_of(
    TEXT.map(lambda text: (text, "General", text)),
    st.integers(0, 10**15 - 1).map(lambda number: (number, "General", str(number))),
    st.integers(0, 99_999).map(lambda number: (number, "00000", f"{number:05}")),
    st.dates(date(1900, 3, 1), date(9999, 12, 31)).map(lambda day: (day, "yyyy-mm-dd", day.isoformat())),
    st.booleans().map(lambda truth: (truth, "General", str(truth).upper())),
    st.decimals(-1000, 1000, places=3).map(lambda number: (float(number), "General", f"{float(number):.15g}")),
)


@profile(max_examples=25)
@given(st.lists(st.lists(SHOWN, min_size=1, max_size=4), min_size=1, max_size=5), st.booleans())
def test_any_cells_read_back_as_a_person_sees_them_and_as_another_reader_has_them(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[tuple[Value, str, str]]],
    shared: bool,  # noqa: FBT001
) -> None:
    book, path = Workbook(), tmp_path_factory.mktemp("r") / "book.xlsx"
    for row, cells_of_row in enumerate(table, 1):
        for column, (value, number_format, _) in enumerate(cells_of_row, 1):
            cell = book.worksheets[0].cell(row, column, value)
            cell.number_format = number_format
    book.save(path)
    workbook = WorkbookFile(share_texts(path) if shared else path)
    rows = {texts.number: texts for texts in workbook.rows(workbook.sheets[0])}
    other = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    for nth, cells_of_row in enumerate(table, 1):
        for at, (value, _, text) in enumerate(cells_of_row):
            read_here = rows[nth].cells[at] if nth in rows and at < len(rows[nth].cells) else ""
            assert read_here == text.replace("\r\n", "\n").replace("\r", "\n")
            if isinstance(value, str) and text and "\r" not in text:
                assert other[nth - 1][at] == read_here


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
    assert [row.location for row in roster.rows()] == [
        RowLocation("roster.xlsx", 2, "Sheet"),
        RowLocation("roster.xlsx", 3, "Sheet"),
    ]


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
    assert [row.location.row for row in roster.rows()] == [4, 6]
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
        ({"A": [IDS]}, None, r"roster\.xlsx \[A\]: there are no rows below the header"),
        ({"A": [["x"]]}, None, r"roster\.xlsx \[A\]: no column for user_id and course_id"),
        ({"A": [["x"]], "B": [["user_id"]]}, None, r"roster\.xlsx \[B\]: no column for course_id"),
        ({"A": []}, None, r"\[A\]: the table is empty"),
        ({"A": [IDS]}, "Z", 'no sheet is called "Z"; its sheets are "A"'),
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


def test_a_cell_whose_number_format_is_missing_does_not_get_that_of_another(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, (7, 8)]})
    path = rewrite(
        path, SHEET, lambda xml: xml.replace('<c r="A2"', '<c r="A2" s="1"').replace('<c r="B2"', '<c r="B2" s="2"')
    )
    formats = '<numFmts><numFmt numFmtId="170" formatCode="0000-0"/></numFmts>'
    used = '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="170"/></cellXfs>'
    path = rewrite(
        path,
        STYLES,
        lambda xml: re.sub("<cellXfs.*</cellXfs>", used, re.sub("<numFmts[^>]*/>", formats, xml)),
    )
    assert cells(XlsxRoster(path)) == [("7", "0000-8")]


@pytest.mark.parametrize(
    ("part", "pattern", "odd"),
    [
        (STYLES, '<family val="2" />', '<family val="99" />'),
        (STYLES, '<color theme="1" />', '<color rgb="red" />'),
        ("xl/workbook.xml", "<calcPr ", '<calcPr calcMode="sometimes" '),
    ],
)
def test_what_excel_shows_without_complaint_is_read_though_openpyxl_rejects_the_file(
    tmp_path: Path, part: str, pattern: str, odd: str
) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, part, lambda xml: xml.replace(pattern, odd))
    with pytest.raises(ValueError, match="Unable to read workbook"):
        load_workbook(path)
    assert cells(XlsxRoster(path)) == [ROW]


def test_a_sheet_that_excel_does_not_even_list_as_hidden_is_read_only_if_it_is_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"Now": [HEADER, ROW], "Old": [HEADER, ROW, ROW]}, hidden=["Old"])
    path = rewrite(path, "xl/workbook.xml", lambda xml: xml.replace('"hidden"', '"veryHidden"'))
    assert cells(XlsxRoster(path)) == [ROW]
    assert cells(XlsxRoster(path, sheet="Old")) == [ROW, ROW]


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        ("xl/workbook.xml", ' sheetId="1"'),
        ("xl/workbook.xml", ' name="A"'),
        ("xl/_rels/workbook.xml.rels", ' Target="/xl/worksheets/sheet1.xml"'),
        (
            "xl/_rels/workbook.xml.rels",
            ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"',
        ),
    ],
)
def test_an_index_without_what_it_must_say_is_damage(tmp_path: Path, part: str, lost: str) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, part, lambda xml: xml.replace(lost, ""))
    with pytest.raises(RosterError, match="damaged or not a workbook"):
        _ = XlsxRoster(path).columns


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "damaged or not a workbook"),
        (b"user_id,course_id\n", "damaged or not a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"old \.xls workbook or has a password"),
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


def test_a_strict_workbook_with_prefixed_names_reads_as_any_other(tmp_path: Path) -> None:
    path = share_texts(write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]}))
    plain, strict = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    relations = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    for part in (SHEET, "xl/workbook.xml", TEXTS):
        path = rewrite(
            path,
            part,
            lambda xml: (
                re.sub(r"<(/?)(?=[a-z])", r"<\1x:", xml.replace(plain, strict))
                .replace("xmlns=", "xmlns:x=")
                .replace("http://schemas.openxmlformats.org/officeDocument/2006/relationships", relations)
            ),
        )
    assert cells(XlsxRoster(path)) == [ROW]


def test_an_extension_that_names_its_parts_alike_changes_nothing(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.worksheets[0].append(["user_id", "course_id", "begin_date"])
    book.worksheets[0].append(["u", "c", date(2025, 9, 1)])
    book.save(tmp_path / "mac.xlsx")
    extension = '<extLst><ext xmlns:z="urn:z"><z:workbookPr/><z:sheet name="Z"/></ext></extLst></workbook>'
    path = rewrite(tmp_path / "mac.xlsx", "xl/workbook.xml", lambda xml: xml.replace("</workbook>", extension))
    assert cells(XlsxRoster(path)) == [("u", "c", "2025-09-01")]


def test_cells_and_rows_without_coordinates_stand_one_after_the_other(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW, ROW]})
    path = rewrite(path, SHEET, lambda xml: re.sub(r'(<(?:c|row)[^>]*?) r="[A-Z]*\d+"', r"\1", xml))
    roster = XlsxRoster(path)
    assert cells(roster) == [ROW, ROW]
    assert [row.location.row for row in roster.rows()] == [2, 3]


def test_a_text_is_read_without_its_reading_aids_and_its_formatting(tmp_path: Path) -> None:
    path = share_texts(write_xlsx(tmp_path / "roster.xlsx", {"A": [(*IDS, "Note"), ("u", "c", "NOTE")]}))
    rich = "<r><t>al</t></r> <r><t>pha</t></r><rPh sb='0' eb='1'><t>beta</t></rPh>"
    path = rewrite(path, TEXTS, lambda xml: xml.replace("<t>NOTE</t>", rich))
    path = rewrite(
        path,
        SHEET,
        lambda xml: re.sub('<c r="B2".*?</c>', f'<c r="B2" t="inlineStr"><v>1.0</v><is>{rich}</is></c>', xml),
    )
    assert cells(XlsxRoster(path)) == [("u", "alpha", "alpha")]


def test_a_date_or_a_number_too_long_is_no_id(tmp_path: Path) -> None:
    table: list[tuple[Value, ...]] = [
        (*IDS, "begin_date", "Note"),
        ("u1", date(2026, 3, 2), date(2026, 3, 2), 1e20),
        (1234567890123450, "c", date(2026, 3, 2), date(2026, 3, 2)),
        (123456789012345, 1234567890123456789, None, None),
    ]
    rows = read(XlsxRoster(write_xlsx(tmp_path / "roster.xlsx", {"A": table})))
    assert [row.problem and (row.problem.code, row.problem.column, row.problem.value) for row in rows] == [
        ("E112", "course_id", "2026-03-02"),
        ("E111", "user_id", "1234567890123450"),
        ("E111", "course_id", "1.23456789012346E+18"),
    ]
    assert rows[2].cells[0] == "123456789012345"


@pytest.mark.parametrize(
    ("cell", "code", "text"),
    [
        ('<c r="B2" t="s"><v>99999</v></c>', "E109", ""),
        ('<c r="B2" t="s"><v>x</v></c>', "E109", ""),
        ('<c r="B2"><v>NaN</v></c>', "E109", "NaN"),
        ('<c r="B2" t="d"><v>2026-03-02T00:00:00Z</v></c>', "E112", "2026-03-02"),
        ('<c r="B2" t="b"><v>1</v></c>', "", "TRUE"),
        ('<c r="B2" t="unheard"><v>c9</v></c>', "", "c9"),
        ('<c r="B2" t="str"><f>"c"</f><v>c_x0031_</v></c>', "", "c1"),
        ('<c r="B2" s="99"><v>7</v></c>', "", "7"),
    ],
)
def test_cells_of_every_type_are_text_or_told(tmp_path: Path, cell: str, code: str, text: str) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]})
    path = rewrite(path, SHEET, lambda xml: re.sub('<c r="B2".*?</c>', cell, xml))
    (row,) = read(XlsxRoster(path))
    assert ((row.problem.code if row.problem else ""), row.cells[1]) == (code, text)


def merged(path: Path, *refs: str) -> Path:
    """The workbook with cells merged, whatever stands in them."""
    cells = "".join(f'<mergeCell ref="{ref}"/>' for ref in refs)
    return rewrite(
        path, SHEET, lambda xml: xml.replace("</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>")
    )


def test_a_course_merged_over_its_students_is_the_course_of_each(tmp_path: Path) -> None:
    table = [
        ("Course ID", "Student ID", "Note"),
        ("MATH-7", "u1", "x"), ("", "u2", ""), (None, "u3", ""), ("", "", ""),
        ("SCI-7", "u1", ""), ("", "u4", ""), ("", "u5", ""),
    ]  # fmt: skip
    source = opened(merged(write_xlsx(tmp_path / "r.xlsx", {"A": table}), "A2:A5", "$A$6:A7", "C2:C4", "A1:C1"))
    assert [(row.fields.get("course_id"), row.fields["user_id"], row.location.row) for row in source.rows()] == [
        ("MATH-7", "u1", 2), ("MATH-7", "u2", 3), ("MATH-7", "u3", 4),
        ("SCI-7", "u1", 6), ("SCI-7", "u4", 7), (None, "u5", 8),
    ]  # fmt: skip
    (note,) = source.notes()
    assert note.startswith('column "Course ID" has cells merged over several rows (2, the first in row 2)')


def test_a_header_may_be_merged_over_two_rows(tmp_path: Path) -> None:
    table = [("Student ID", "Course", ""), ("", "Course ID", "School ID"), ("u1", "c1", "s1")]
    source = opened(merged(write_xlsx(tmp_path / "r.xlsx", {"A": table}), "A1:A2", "B1:C1"))
    assert [dict(row.fields) for row in source.rows()] == [{"user_id": "u1", "course_id": "c1", "school_id": "s1"}]


@pytest.mark.parametrize("length", [500, 128_000, 131_000, 131_060, 131_072, 262_100])
def test_merged_cells_are_found_wherever_the_pieces_of_the_markup_end(length: int, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", {"A": [("Student ID", "Course ID"), ("u1", "c1"), ("u2", "")]})
    merged(path, *(f"C{row}:C{row + 1}" for row in range(10, 4_000, 2)), "B2:B3")
    rewrite(path, SHEET, lambda xml: xml.replace("<sheetData>", f"<!--{'x' * length}--><sheetData>"))
    assert [row.fields["course_id"] for row in opened(path).rows()] == ["c1", "c1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_cells_are_merged_in_markup_of_two_bytes_a_letter_too(encoding: str, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", {"A": [("Student ID", "Course ID"), ("u1", "c1"), ("u2", "")]})
    merged(path, "B2:B3")
    long = f'<?xml version="1.0" encoding="utf-16"?><!--{"x" * 131_061}-->'
    rewrite(path, SHEET, lambda xml: long + re.sub(r"^<\?xml[^>]*\?>", "", xml), encoding)
    assert [row.fields["course_id"] for row in opened(path).rows()] == ["c1", "c1"]


def test_more_merged_cells_than_a_roster_has_are_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "r.xlsx", {"A": [("Student ID", "Course ID"), ("u1", "c1")]})
    merged(path, *(f"A{row}:A{row + 1}" for row in range(2, 400_004, 2)))
    with pytest.raises(RosterError, match="more merged cells than can be read"):
        _ = opened(path).columns
