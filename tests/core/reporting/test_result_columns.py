"""The table of results."""

from __future__ import annotations

from support.past_runs import ENROLLED, FAILED, START

from batch_enroll.core.model import ResultRow, RowLocation
from batch_enroll.core.reporting.result_columns import ResultsTable


def test_the_rosters_own_columns_come_first_and_formulas_are_defused() -> None:
    table = ResultsTable(["user_id", "=note"])
    line = table.line(ResultRow(1, RowLocation("term.csv", 2), ("007", "=1+1"), FAILED, START))
    assert table.header[:4] == ["user_id", "'=note", "enroll_row", "enroll_outcome"]
    assert line[:5] == ["007", "'=1+1", "2", "failed", "E301"]
    assert len(line) == len(table.header)


def test_a_short_row_is_filled_and_a_row_of_several_rosters_names_its_own() -> None:
    table = ResultsTable(["user_id", "note"], with_roster=True)
    line = table.line(ResultRow(1, RowLocation("term.csv", 2), ("007",), ENROLLED, None))
    assert line[:4] == ["007", "", "term.csv", "2"]
    assert (line[-1], len(line)) == ("", len(table.header))
