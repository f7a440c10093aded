from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.roster_files import HEADER, ROW, cells, read, write_csv, write_xlsx

from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD
from batch_enroll.workflows import ScreenedRoster

if TYPE_CHECKING:
    from pathlib import Path

FILLED = [("user_id", "course_id"), *((f"{number:05}", "MATH-7") for number in range(2, LOOK_AHEAD + 40))]


def watched(path: Path, *table: tuple[str, ...]) -> ScreenedRoster:
    return ScreenedRoster(CsvRoster(write_csv(path, table)))


def test_a_sound_roster_is_the_same_as_unwatched(tmp_path: Path) -> None:
    roster = watched(tmp_path / "r.csv", HEADER, ROW, ROW)
    bare = CsvRoster(tmp_path / "r.csv")
    assert (roster.columns, roster.estimated_rows, roster.describe()) == (
        bare.columns,
        bare.estimated_rows,
        bare.describe(),
    )
    assert read(roster) == read(bare)
    assert roster.refs() == bare.refs()


def test_rows_far_below_are_judged_by_the_first_ones(tmp_path: Path) -> None:
    roster = watched(tmp_path / "r.csv", *FILLED, ("417", "MATH-7"), ("1.23E+11", "MATH-7"))
    *sound, short, rounded = read(roster)
    assert all(row.problem is None and not row.warnings for row in sound)
    assert [doubt.code for doubt in short.warnings] == ["W101"]
    assert rounded.problem is not None
    assert rounded.problem.code == "E111"


def test_a_second_table_below_the_first_is_never_read_by_the_columns_of_the_first(tmp_path: Path) -> None:
    roster = watched(tmp_path / "r.csv", HEADER, ROW, HEADER, ROW, ("course_id", "user_id"), ("c1", "u1"))
    codes = [row.problem.code if row.problem else "" for row in roster.rows()]
    assert codes == ["", "E127", "", "E127", "E127"]


SECOND_TABLE = [("Wer", "Wo", "Wann", "", ""), ("u-0009", "left", "x", "", "")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_second_table_whose_headers_nobody_knows_is_never_sent(kind: str, tmp_path: Path) -> None:
    """The user ids have digits, the courses too: words in both below a blank row are a header."""
    table = [HEADER, ROW, ROW, (), *SECOND_TABLE, (), SECOND_TABLE[1]]
    if kind == "csv":
        roster = watched(tmp_path / "r.csv", *table)
    else:
        roster = ScreenedRoster(XlsxRoster(write_xlsx(tmp_path / "r.xlsx", {"Fall": table})))
    codes = [(row.location.row, row.problem.code if row.problem else "") for row in roster.rows()]
    assert codes == [(2, ""), (3, ""), (5, "E127"), (6, "E127"), (8, "E127")]


@pytest.mark.parametrize("gaps", [True, False])
def test_rows_below_blank_ones_are_sent_with_a_doubt_where_a_number_left_out_is_a_blank_row(
    *, gaps: bool, tmp_path: Path
) -> None:
    roster = ScreenedRoster(CsvRoster(write_csv(tmp_path / "r.csv", [HEADER, ROW, ROW, (), ROW, ROW])), gaps=gaps)
    doubts = [(row.location.row, doubt.code) for row in roster.rows() for doubt in row.warnings]
    assert doubts == ([(5, "W104")] if gaps else [])


def test_rows_that_were_only_looked_at_are_not_counted_as_read(tmp_path: Path) -> None:
    roster = watched(tmp_path / "r.csv", *FILLED)
    rows = roster.rows()
    next(rows)
    assert roster.refs()[0].rows == 1
    assert len(cells(roster)) == roster.refs()[0].rows == len(FILLED) - 1


def test_a_roster_that_breaks_off_gives_its_rows_first(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", [HEADER, ROW])
    path.write_text(path.read_text() + '"open')
    rows = ScreenedRoster(CsvRoster(path)).rows()
    assert next(rows).cells == ROW
    with pytest.raises(RosterError, match="never closed"):
        next(rows)
