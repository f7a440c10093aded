"""The results as a workbook that people filter, correct and hand back."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from support.past_runs import ENROLLED, FAILED, INVALID, RUN, START, tally_of

from batch_enroll.adapters.reports.xlsx_report import XlsxDocument
from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.errors import RunStoppedError, UsageError
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation
from batch_enroll.core.reporting.run_summary import summarize
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

COLUMNS = ("user_id", "course_id", "note")
HOSTILE = (
    "=1+1",
    "@SUM(A1)",
    "a\r\nb\x07c",
    "_x0041_",
    "<b>&amp;</b>",
    "ünï\u2028",
    " blank ",
    "'=quoted",
    "-5",
    "\x1f",
)


def workbook_bytes(*rows: tuple[tuple[str, ...], Outcome], with_roster: bool = False) -> bytes:
    run = replace(RUN, columns=COLUMNS, rosters=(RosterRef("=roster.csv", "", len(rows)),))
    document = XlsxDocument(COLUMNS, with_roster=with_roster)
    for number, (cells, outcome) in enumerate(rows, 1):
        document.write(ResultRow(number, RowLocation("term.csv", number + 1), cells, outcome, START))
    return b"".join(document.pieces(summarize(run, tally_of(*(outcome for _, outcome in rows)), {})))


def workbook(*rows: tuple[tuple[str, ...], Outcome], with_roster: bool = False) -> Workbook:
    return load_workbook(io.BytesIO(workbook_bytes(*rows, with_roster=with_roster)))


def test_results_are_frozen_filtered_coloured_text() -> None:
    sheet = workbook((("007", "maths", "x"), ENROLLED), (("008", "=1+1", ""), FAILED))["Results"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:L3")
    assert [cell.value for cell in sheet[1]][:5] == ["user_id", "course_id", "note", "enroll_row", "enroll_outcome"]
    user, formula = sheet["A2"], sheet["B3"]
    assert (user.value, user.data_type, user.number_format) == ("007", "s", "@")
    assert (formula.value, formula.data_type, formula.number_format) == ("'=1+1", "s", "@")
    assert sheet["C3"].number_format == "@"
    assert [cell.font.bold for cell in (sheet["A1"], user, formula)] == [True, False, False]
    assert (sheet["D3"].value, sheet["E3"].value, sheet["H3"].value[:8]) == (3, "failed", "Send the")
    (coloured,) = sheet.conditional_formatting
    assert str(coloured.sqref) == "E2:E4"
    assert {rule.formula[0] for rule in coloured.rules} >= {'"enrolled"', '"failed"', '"unknown"'}


def test_the_summary_has_the_run_and_its_causes_and_no_formula() -> None:
    sheet = workbook((("007", "m", ""), ENROLLED), (("", "m", ""), INVALID))["Summary"]
    rows = [[value for value in row if value is not None] for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["1 of 2 rows are enrolled, 1 is not."]
    for wanted in (["Roster", "=roster.csv: 2 rows"], ["enrolled", 1], ["invalid", 1]):
        assert wanted in rows
    assert rows[-1][:4] == ["Missing user id", 1, "E101", "invalid"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_every_cell_reads_back_as_the_roster_had_it(tmp_path: Path) -> None:
    file = tmp_path / "results.xlsx"
    file.write_bytes(workbook_bytes(*(((f"{at:03}", "maths", text), FAILED) for at, text in enumerate(HOSTILE))))
    roster = XlsxRoster(file)
    assert roster.columns == COLUMNS
    assert [row.cells for row in roster.rows()] == [(f"{at:03}", "maths", text) for at, text in enumerate(HOSTILE)]


def test_a_line_of_the_summary_is_as_high_as_its_wrapped_cells() -> None:
    failed = Outcome(OutcomeKind.FAILED, "E301", "word " * 40)
    sheet = workbook((("007", "maths", ""), failed))["Summary"]
    (row,) = (number for number, cells in enumerate(sheet.iter_rows(), 1) if str(cells[4].value).startswith("word"))
    assert sheet.row_dimensions[row].height == 15 * 5


def test_half_a_character_is_replaced() -> None:
    assert workbook((("007", "maths", "a\ud800b"), FAILED))["Results"]["C2"].value == "a\ufffdb"


def test_nothing_of_a_roster_stays_beside_the_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    workbook_bytes((("007", "maths", ""), ENROLLED))
    unfinished = XlsxDocument(COLUMNS, most_rows=0)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o700]
    with pytest.raises(UsageError):
        unfinished.write(ResultRow(1, RowLocation("term.csv", 2), ("007", "maths", ""), ENROLLED, START))
    del unfinished
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_has_no_room_for_its_parts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    document = XlsxDocument(COLUMNS)
    for folder in tmp_path.iterdir():
        (folder / "results.xlsx").mkdir()
    with pytest.raises(RunStoppedError, match="TMPDIR"):
        list(document.pieces(summarize(replace(RUN, columns=COLUMNS), tally_of(), {})))


def test_a_cell_that_is_too_long_is_cut_and_each_row_names_its_roster_if_there_are_several() -> None:
    sheet = workbook((("007", "maths", "x" * 40_000), FAILED), with_roster=True)["Results"]
    assert (len(sheet["C2"].value), sheet["D2"].value) == (32_767, "term.csv")


def test_more_rows_than_a_workbook_holds_are_refused() -> None:
    document = XlsxDocument(COLUMNS, most_rows=1)
    row = ResultRow(1, RowLocation("term.csv", 2), ("007", "maths", ""), ENROLLED, START)
    document.write(row)
    with pytest.raises(UsageError, match="use --format csv"):
        document.write(row)


def test_a_run_without_rows_is_a_workbook_too() -> None:
    book = workbook()
    assert book["Results"].max_row == 1
    assert book["Summary"]["A1"].value == "There was nothing to do: 0 rows, 0 skipped."
