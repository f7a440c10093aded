"""A workbook whose sheets are the files of a bundle: `enrollments`, `classes`, `users` ..."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import MOST_ROWS
from batch_enroll.adapters.rosters.xlsx_roster.workbook import WorkbookFile
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import SheetInfo
    from batch_enroll.core.roster.damaged_ids import CellProblem
    from batch_enroll.core.roster.merged_cells import MergedRange


def sheet_titles(path: Path) -> tuple[str, ...]:
    """Returns the titles of a workbook's sheets; none if it cannot be read, which its reader will report."""
    try:
        return tuple(sheet.title for sheet in WorkbookFile(path).sheets)
    except RosterError:
        return ()


def table_name(title: str) -> str:
    """Returns the name of a sheet's table: that of the file in whose place it is."""
    return f"{title.strip().lower().removesuffix('.csv')}.csv"


class SheetBundle:
    """The RosterParts of a workbook: its sheets, hidden ones too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book = WorkbookFile(path)

    @property
    def path(self) -> Path:
        """The workbook."""
        return self._path

    @cached_property
    def names(self) -> dict[str, str]:
        """Each sheet's table and its title."""
        return {name: sheet.title for name, sheet in self._sheets.items()}

    @property
    def sha256(self) -> str:
        """The workbook's digest."""
        return self._book.sha256

    def locate(self, name: str, row: int) -> RowLocation:
        """Returns the sheet and row, as a person finds them."""
        return RowLocation(self._path.name, row, self.names.get(name, name))

    def lines(self, name: str) -> int | None:
        """Returns the size that the workbook states for the sheet, which may be wrong."""
        last = self._book.read_head(self._sheets[name], 1).last_row
        return None if last is None or last >= MOST_ROWS else last

    def records(self, name: str) -> Iterator[list[str]]:
        """Yields the texts of every row, also of damaged cells; the check of ids finds those."""
        return (cells for cells, _ in self.rows_with_problems(name))

    def rows_with_problems(self, name: str) -> Iterator[tuple[list[str], Mapping[int, CellProblem]]]:
        """Yields the rows as `records` does, with the problems of their cells by position."""
        last = 0
        for number, cells, problems in self._book.rows(self._sheets[name]):
            yield from (([], {}) for _ in range(last + 1, number))
            last = number
            yield cells, problems

    def merged_ranges(self, name: str) -> Sequence[MergedRange]:
        """Returns the sheet's cells that are merged over several rows."""
        return self._book.merged_ranges(self._sheets[name])

    @cached_property
    def _sheets(self) -> dict[str, SheetInfo]:
        return {table_name(sheet.title): sheet for sheet in reversed(self._book.sheets)}
