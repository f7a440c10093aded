"""One sheet of a workbook as a roster: which sheet, and its rows as rows of a table."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import MOST_ROWS
from batch_enroll.adapters.rosters.xlsx_roster.workbook import WorkbookFile
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation
from batch_enroll.core.roster.cells import clean_cell
from batch_enroll.core.roster.damaged_ids import first_problem
from batch_enroll.core.roster.formats import NUMBERED_TABLES
from batch_enroll.core.roster.header_hints import suggestions
from batch_enroll.core.roster.merged_cells import MergedCellFiller, describe_merges
from batch_enroll.core.roster.table_search import SEARCHED_ROWS, NoTable, Table, find_table, header_requirements
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import SheetInfo
    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.roster_format import TableFormat


class _Sheet(NamedTuple):
    tab: SheetInfo
    table: Table
    last_row: int | None


class _NoSheet(NamedTuple):
    why: NoTable
    where: tuple[str, ...] = ()


_NONE: Final = _NoSheet(NoTable("no sheet to be seen; name a hidden one with --sheet"))


class XlsxRoster:
    """A RosterSource over one sheet of a workbook: the one named, else the only visible one with the wanted header.

    Args:
        path: the workbook.
        sheet: the sheet's name, from `--sheet`.
        overrides: field to header, from `--map field=Header`.
        defaults_present: fields that have a default, so that their columns may lack.
        limit: at most so many data rows are read.
        numbered: formats whose numbered courses count where no other column names the course.
    """

    def __init__(
        self,
        path: Path,
        *,
        sheet: str | None = None,
        overrides: Mapping[str, str] | None = None,
        defaults_present: frozenset[str] = frozenset(),
        limit: int | None = None,
        numbered: Sequence[TableFormat] = NUMBERED_TABLES,
    ) -> None:
        self._path = path
        self._book = WorkbookFile(path)
        self._sheet_name = sheet
        self._want = header_requirements(defaults_present, overrides or {}, numbered=numbered)
        self._limit = limit
        self._rows_read = 0

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self._path.name

    @property
    def numbered(self) -> TableFormat | None:
        """The format of lines that may hold several enrollments; None if each is a row."""
        return self._sheet.table.map.numbered

    @property
    def columns(self) -> tuple[str, ...]:
        """The sheet's own columns."""
        return self._sheet.table.map.own_columns

    @property
    def estimated_rows(self) -> int | None:
        """What the workbook says of the sheet's size, which may be wrong."""
        last = self._sheet.last_row
        if last is None or last >= MOST_ROWS:
            return None
        below = max(last - self._sheet.table.header_row, 0)
        return below if self._limit is None else min(below, self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column and the field it is read as, for `check`."""
        return self._sheet.table.map.describe()

    def notes(self) -> tuple[str, ...]:
        """Columns that are not read and may have been meant to be, and cells merged over rows in those that are."""
        table = self._sheet.table
        read = [(at, table.map.header[at]) for _, at in table.map.places]
        return (
            *suggestions(self.describe()),
            *describe_merges(self._book.spans(self._sheet.tab), table.header_row, read),
        )

    def rows(self) -> Iterator[SourceRow]:
        """Every data row of the sheet. A later call reads the file again.

        Raises:
            RosterError: the workbook is damaged further down, or the sheet holds no data row.
        """
        self._rows_read = 0
        for row in islice(self._all_rows(), self._limit):
            self._rows_read += 1
            yield row
        if not self._rows_read:
            raise RosterError(f"{self._path.name} [{self._sheet.tab.title}]: a header, but no data rows")

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""
        return (RosterRef(str(self._path), self._book.sha256, self._rows_read, self._read_as),)

    @property
    def _read_as(self) -> str:
        return f'{self._sheet.table.map.read_as}, sheet "{self._sheet.tab.title}"'

    def _all_rows(self) -> Iterator[SourceRow]:
        tab, header_row, columns = self._sheet.tab, self._sheet.table.header_row, self._sheet.table.map
        width = len(columns.header)
        for number, cells, flaws in self._book.texts(tab, header_row):
            if number <= header_row:
                continue
            problem = first_problem(columns, cells, flaws) if flaws else None
            place = RowLocation(self._path.name, number, tab.title)
            # Notes beside a table are no ragged row: a workbook's cells cannot slip into the next column.
            if (row := columns.row(place, cells[:width], problem)) is not None:
                yield row

    @cached_property
    def _sheet(self) -> _Sheet:
        found = [self._look(tab) for tab in self._candidates(self._book.tabs)]
        sheets = [sheet for sheet in found if isinstance(sheet, _Sheet)]
        if len(sheets) == 1:
            return sheets[0]
        if sheets:
            titles = ", ".join(f'"{sheet.tab.title}"' for sheet in sheets)
            raise RosterError(f"{self._path.name}: several sheets look like rosters: {titles}; name one with --sheet")
        failures = [failure for failure in found if isinstance(failure, _NoSheet)]
        likeliest = max(failures, key=lambda failure: failure.why.known, default=_NONE)
        raise RosterError(f"{' '.join((self._path.name, *likeliest.where))}: {likeliest.why.reason}")

    def _candidates(self, tabs: list[SheetInfo]) -> list[SheetInfo]:
        if self._sheet_name is None:
            return [tab for tab in tabs if tab.visible]
        asked = clean_cell(self._sheet_name).casefold()
        named = [tab for tab in tabs if clean_cell(tab.title).casefold() == asked]
        if not named:
            there = ", ".join(f'"{tab.title}"' for tab in tabs)
            raise RosterError(f'{self._path.name}: no sheet is called "{self._sheet_name}"; sheets: {there}')
        return named[:1]

    def _look(self, tab: SheetInfo) -> _Sheet | _NoSheet:
        head = self._book.head(tab, SEARCHED_ROWS)
        if merged := self._book.spans(tab):  # a header may be merged over two rows, with others in the lower one
            spread = MergedCellFiller(merged, 0)
            for number, cells in enumerate(head.rows, 1):
                spread.fill(number, cells, {})
        table = find_table([_trimmed(cells) for cells in head.rows], self._want)
        if isinstance(table, Table):
            return _Sheet(tab, table, head.last_row)
        return _NoSheet(table, (f"[{tab.title}]",))


def _trimmed(cells: list[str]) -> list[str]:
    width = max((at for at, text in enumerate(cells, 1) if clean_cell(text)), default=0)
    return cells[:width]
