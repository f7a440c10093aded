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
    """The titles of a workbook's sheets; none if it cannot be read, which its reader will tell."""
    try:
        return tuple(tab.title for tab in WorkbookFile(path).tabs)
    except RosterError:
        return ()


def table_name(title: str) -> str:
    """What a sheet's table goes by: that of the file it stands for."""
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
        return {name: tab.title for name, tab in self._tabs.items()}

    @property
    def sha256(self) -> str:
        """The workbook's digest."""
        return self._book.sha256

    def locate(self, name: str, row: int) -> RowLocation:
        """The sheet and row, as a person finds them."""
        return RowLocation(self._path.name, row, self.names.get(name, name))

    def lines(self, name: str) -> int | None:
        """What the workbook says of the sheet's size, which may be wrong."""
        last = self._book.head(self._tabs[name], 1).last_row
        return None if last is None or last >= MOST_ROWS else last

    def records(self, name: str) -> Iterator[list[str]]:
        """The texts of every row, also those that destroyed cells show: whoever reads them as ids finds that out."""
        return (cells for cells, _ in self.flawed(name))

    def flawed(self, name: str) -> Iterator[tuple[list[str], Mapping[int, CellProblem]]]:
        """As `records`, with what is wrong with some cells of a row."""
        last = 0
        for number, cells, flaws in self._book.texts(self._tabs[name]):
            yield from (([], {}) for _ in range(last + 1, number))
            last = number
            yield cells, flaws

    def spans(self, name: str) -> Sequence[MergedRange]:
        """The sheet's cells that are merged over several rows."""
        return self._book.spans(self._tabs[name])

    @cached_property
    def _tabs(self) -> dict[str, SheetInfo]:
        return {table_name(tab.title): tab for tab in reversed(self._book.tabs)}
