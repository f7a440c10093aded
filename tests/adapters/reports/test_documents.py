"""A past run in one piece: as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from support.past_runs import ENROLLED, INVALID, RUN, START, tally_of

from batch_enroll.adapters.reports.csv_report import CsvDocument
from batch_enroll.adapters.reports.json_report import JsonDocument
from batch_enroll.core.model import ResultRow, RowLocation
from batch_enroll.core.reporting.run_summary import summarize

if TYPE_CHECKING:
    from batch_enroll.ports import Document

COLUMNS = ("user_id", "course_id")
ROWS = (
    ResultRow(1, RowLocation("term.csv", 2), ("007", "=maths"), ENROLLED, START),
    ResultRow(2, RowLocation("term.csv", 3), ("", "\ud800 ü"), INVALID, None),
)
RECORD = replace(RUN, columns=COLUMNS, facts={"timeline": {"width_s": 1}})


def text_of(document: Document, rows: tuple[ResultRow, ...] = ROWS) -> str:
    for row in rows:
        document.write(row)
    return b"".join(document.pieces(summarize(RECORD, tally_of(*(row.outcome for row in rows)), {}))).decode()


def test_the_csv_is_the_table_of_results() -> None:
    text = text_of(CsvDocument(COLUMNS))
    header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert header[:4] == ["user_id", "course_id", "enroll_row", "enroll_outcome"]
    assert first[:4] == ["007", "'=maths", "2", "enrolled"]
    assert second[:2] == ["", "\\ud800 ü"]
    assert "\r\n" in text


def test_the_json_holds_rows_counts_timeline_and_summary() -> None:
    whole = json.loads(text_of(JsonDocument(RECORD, COLUMNS)))
    assert whole["columns"] == list(COLUMNS)
    assert [row["cells"] for row in whole["rows"]] == [list(row.cells) for row in ROWS]
    assert (whole["rows"][0]["finished_at"], whole["rows"][1]["code"]) == ("2026-09-01T06:15:00.000Z", "E101")
    assert {share["name"] for share in whole["by_course"]} == {"=maths", "\ud800 ü"}
    assert whole["by_school"] == []
    assert whole["timeline"] == {"width_s": 1}
    assert whole["summary"]["outcomes"]["enrolled"] == 1


def test_a_run_without_rows_is_json_too() -> None:
    assert json.loads(text_of(JsonDocument(RECORD, ()), rows=()))["rows"] == []
