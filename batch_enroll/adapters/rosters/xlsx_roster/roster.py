"""One sheet of a workbook as a roster: the choice of the sheet, and its rows as rows of a table."""

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


class _FoundSheet(NamedTuple):
    sheet: SheetInfo
    table: Table
    last_row: int | None


class _NoSheet(NamedTuple):
    why: NoTable
    where: tuple[str, ...] = ()


_NONE: Final = _NoSheet(NoTable("all sheets are hidden; name the one to read with --sheet"))


class XlsxRoster:
    """A RosterSource over one sheet of a workbook: the one named, else the only visible one with a usable header.

    Args:
        path: the workbook.
        sheet: the sheet's name, from `--sheet`.
        overrides: field to header, from `--map field=Header`.
        defaults_present: fields that have a default, so that their columns may be missing.
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
        return self._found.table.map.numbered

    @property
    def columns(self) -> tuple[str, ...]:
        """The sheet's own columns."""
        return self._found.table.map.own_columns

    @property
    def estimated_rows(self) -> int | None:
        """The size that the workbook states for the sheet, which may be wrong."""
        last = self._found.last_row
        if last is None or last >= MOST_ROWS:
            return None
        below = max(last - self._found.table.header_row, 0)
        return below if self._limit is None else min(below, self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Returns each own column and the field it is read as, for `check`."""
        return self._found.table.map.describe()

    def notes(self) -> tuple[str, ...]:
        """Returns notes on columns that may be meant and are not read, and on merged cells in the others."""
        table = self._found.table
        read = [(at, table.map.header[at]) for _, at in table.map.places]
        return (
            *suggestions(self.describe()),
            *describe_merges(self._book.merged_ranges(self._found.sheet), table.header_row, read),
        )

    def rows(self) -> Iterator[SourceRow]:
        """Yields every data row of the sheet. A later call reads the file again.

        Raises:
            RosterError: the workbook is damaged further down, or the sheet has no data row.
        """
        self._rows_read = 0
        for row in islice(self._all_rows(), self._limit):
            self._rows_read += 1
            yield row
        if not self._rows_read:
            raise RosterError(f"{self._path.name} [{self._found.sheet.title}]: there are no rows below the header")

    def refs(self) -> tuple[RosterRef, ...]:
        """The sheet that was read."""
        return (RosterRef(str(self._path), self._book.sha256, self._rows_read, self._read_as),)

    @property
    def _read_as(self) -> str:
        return f'{self._found.table.map.read_as}, sheet "{self._found.sheet.title}"'

    def _all_rows(self) -> Iterator[SourceRow]:
        sheet, header_row, columns = self._found.sheet, self._found.table.header_row, self._found.table.map
        width = len(columns.header)
        for number, cells, problems in self._book.rows(sheet, header_row):
            if number <= header_row:
                continue
            problem = first_problem(columns, cells, problems) if problems else None
            location = RowLocation(self._path.name, number, sheet.title)
            # Notes beside a table do not make a row ragged: cells of a workbook cannot slip into the next column.
            if (row := columns.row(location, cells[:width], problem)) is not None:
                yield row

    @cached_property
    def _found(self) -> _FoundSheet:
        looked_at = [self._look(sheet) for sheet in self._candidates(self._book.sheets)]
        found = [each for each in looked_at if isinstance(each, _FoundSheet)]
        if len(found) == 1:
            return found[0]
        if found:
            titles = ", ".join(f'"{each.sheet.title}"' for each in found)
            raise RosterError(f"{self._path.name}: several sheets look like rosters: {titles}; name one with --sheet")
        failures = [failure for failure in looked_at if isinstance(failure, _NoSheet)]
        likeliest = max(failures, key=lambda failure: failure.why.known, default=_NONE)
        raise RosterError(f"{' '.join((self._path.name, *likeliest.where))}: {likeliest.why.reason}")

    def _candidates(self, sheets: list[SheetInfo]) -> list[SheetInfo]:
        if self._sheet_name is None:
            return [sheet for sheet in sheets if sheet.visible]
        wanted = clean_cell(self._sheet_name).casefold()
        named = [sheet for sheet in sheets if clean_cell(sheet.title).casefold() == wanted]
        if not named:
            titles = ", ".join(f'"{sheet.title}"' for sheet in sheets)
            raise RosterError(f'{self._path.name}: no sheet is called "{self._sheet_name}"; its sheets are {titles}')
        return named[:1]

    def _look(self, sheet: SheetInfo) -> _FoundSheet | _NoSheet:
        head = self._book.read_head(sheet, SEARCHED_ROWS)
        if merged := self._book.merged_ranges(sheet):  # a header may span two rows, with others in the lower one
            filler = MergedCellFiller(merged, 0)
            for number, cells in enumerate(head.rows, 1):
                filler.fill(number, cells, {})
        table = find_table([_trim(cells) for cells in head.rows], self._want)
        if isinstance(table, Table):
            return _FoundSheet(sheet, table, head.last_row)
        return _NoSheet(table, (f"[{sheet.title}]",))


def _trim(cells: list[str]) -> list[str]:
    width = max((at for at, text in enumerate(cells, 1) if clean_cell(text)), default=0)
    return cells[:width]
