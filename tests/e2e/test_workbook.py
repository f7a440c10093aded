"""The workbook of a run, corrected in a spreadsheet and handed back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def test_a_corrected_workbook_mends_the_run(tmp_path: Path) -> None:
    rows = [{**row, "role": "pet" if nth == 2 else "student"} for nth, row in enumerate(term(5))]
    async with desk(tmp_path) as it:
        first = await it.run(str(write_csv(tmp_path / "term.csv", rows)))
        assert (first.status, first.summary["outcomes"]["invalid"]) == (1, 1)
        told = await it.call("report", "--format", "xlsx", "-o", "mended.xlsx")
        assert (told.status, told.err) == (0, "The report is in mended.xlsx\n")
        assert (tmp_path / "mended.xlsx").stat().st_mode & 0o777 == 0o600
        book = load_workbook(tmp_path / "mended.xlsx")
        sheet = book["Results"]
        columns = [cell.value for cell in sheet[1]]
        mended = sheet.cell(4, columns.index("role") + 1)
        assert mended.value == "pet"
        mended.value = "teacher"
        book.save(tmp_path / "mended.xlsx")
        second = await it.call("retry", "--from", "mended.xlsx", "--json")
    assert second.status == 0, second.err
    assert second.summary["outcomes"]["enrolled"] == 5
    (teacher,) = (row for row in second.rows() if row["role"] == "teacher")
    assert (teacher["user_id"], teacher["enroll_row"], teacher["enroll_outcome"]) == ("000002", "4", "enrolled")
    assert (tmp_path / "mended.xlsx").exists()
