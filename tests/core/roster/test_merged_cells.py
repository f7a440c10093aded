from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.roster.damaged_ids import CellProblem
from batch_enroll.core.roster.merged_cells import MergedCellFiller, MergedRange, describe_merges

DAY = CellProblem("E112", "is a date or time cell")
SHEET = [["user", "course"], ["u1", "C1"], ["u2"], ["u3", ""], ["u4", "C2"], ["", ""], ["u5", ""]]


def filled(table: list[list[str]], *spans: MergedRange, header_row: int | None = 1) -> list[list[str]]:
    spread = MergedCellFiller(spans, header_row)
    rows = [list(cells) for cells in table]
    for number, cells in enumerate(rows, 1):
        spread.fill(number, cells, {})
    return rows


def test_a_merged_cell_holds_for_each_of_its_rows_and_no_further() -> None:
    assert filled(SHEET, MergedRange(2, 4, 1)) == [*SHEET[:2], ["u2", "C1"], ["u3", "C1"], *SHEET[4:]]


def test_a_row_that_is_blank_but_for_merged_cells_stays_blank() -> None:
    assert filled(SHEET, MergedRange(5, 7, 1))[5:] == [["", ""], ["u5", "C2"]]


def test_cells_merged_with_the_header_or_titles_above_it_are_no_data() -> None:
    assert filled(SHEET, MergedRange(1, 4, 1)) == SHEET
    assert filled(SHEET, MergedRange(1, 4, 1), header_row=None) == SHEET
    assert filled([[], *SHEET], MergedRange(2, 4, 1), header_row=None) == [[], *SHEET]
    assert filled(SHEET, MergedRange(1, 3, 1), header_row=0)[2] == ["u2", "course"]


def test_a_merged_cell_that_is_blank_or_not_there_fills_nothing() -> None:
    assert filled(SHEET, MergedRange(3, 4, 1), MergedRange(4, 5, 7)) == SHEET


def test_what_is_wrong_with_a_merged_cell_is_wrong_in_each_of_its_rows() -> None:
    spread, first, second = MergedCellFiller([MergedRange(2, 3, 1)], 1), {1: DAY}, dict[int, CellProblem]()
    spread.fill(2, ["u1", "2-Mar"], first)
    spread.fill(3, ["u2"], second)
    assert second == {1: DAY}


def test_a_cell_that_hides_another_value_under_a_merged_one_is_damaged() -> None:
    spread, flaws = MergedCellFiller([MergedRange(2, 4, 1)], 1), dict[int, CellProblem]()
    spread.fill(2, ["u1", "C1"], {})
    spread.fill(3, ["u2", " C1"], flaws)
    assert not flaws
    spread.fill(4, cells := ["u3", "C9"], flaws)
    assert flaws[1].code == "E109"
    assert cells == ["u3", "C9"]


def test_people_are_told_of_merged_cells_in_columns_that_are_read() -> None:
    spans = [MergedRange(5, 6, 1), MergedRange(2, 4, 1), MergedRange(2, 3, 7), MergedRange(1, 2, 0)]
    assert describe_merges(spans, 1, [(0, "user"), (1, "course")]) == [
        'column "course" has cells merged over several rows (2, the first in row 2); each counts for all of its rows'
    ]


@given(
    st.lists(st.lists(st.sampled_from(["", "a", "b"]), max_size=4), max_size=12),
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 5))),
)
def test_whatever_is_merged_nothing_that_was_there_is_lost_or_changed(
    table: list[list[str]], spans: list[tuple[int, int, int]]
) -> None:
    after = filled(table, *(MergedRange(*span) for span in spans), header_row=None)
    for before, row in zip(table, after, strict=True):
        assert [new for old, new in zip(before, row, strict=False) if old] == [old for old in before if old]
        assert any(row) == any(before)
