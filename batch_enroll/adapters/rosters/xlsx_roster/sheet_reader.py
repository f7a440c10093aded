"""A sheet's markup, read piece by piece into rows of text, in the order of the file."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import SPACE, make_parser
from batch_enroll.adapters.rosters.xlsx_roster.shared_strings import MOST_ONE_BYTES
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cell_text import (
    GENERAL,
    NumberFormat,
    NumberFormatKind,
    format_iso_cell,
    format_number_cell,
    format_value,
    lost_digits,
    parse_number_format,
)
from batch_enroll.core.roster.cells import shorten
from batch_enroll.core.roster.damaged_ids import CellProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_DIGITS: Final = "0123456789"
_COLUMN: Final = re.compile("[A-Za-z]{1,3}")
_LAST_CELL: Final = re.compile(r"(?:.*:)?\$?[A-Za-z]{1,3}\$?(\d{1,7})", re.ASCII)
_PLAIN: Final = parse_number_format(GENERAL)


class SheetRow(NamedTuple):
    """A row as a person sees it: its number, the text of its cells, and what is wrong with some of them."""

    number: int
    cells: list[str]
    problems: dict[int, CellProblem]


class WorkbookStyles(NamedTuple):
    """The texts and number formats that the sheets of a workbook share, and whether days are counted from 1904."""

    texts: Sequence[str]
    number_formats: Sequence[NumberFormat]
    since_1904: bool


class SheetReader:
    """Reads a sheet's markup. `done` is true once all its rows have been read.

    No library gives in one pass all that decides how an id looks: python-calamine drops number formats, error values
    and formulas without a value; openpyxl needs a second pass for the formulas, and takes two to three times as long
    for one. See docs/decisions/reading-workbooks.md.
    """

    def __init__(self, name: str, styles: WorkbookStyles) -> None:
        self.last_row: int | None = None
        self.done = False
        self._name = name
        self._texts, self._formats, self._since_1904 = styles
        self._parser = make_parser(name)
        self._parser.StartElementHandler = self._root
        self._rows: list[SheetRow] = []
        self._row = SheetRow(0, [], {})
        self._pieces: list[str] = []
        self._at = 0
        self._type = "n"
        self._style: str | None = None
        self._formula = False
        self._aids = 0
        self._waiting = 0

    def feed(self, piece: bytes) -> list[SheetRow]:
        """Returns the rows that end in the piece; an empty piece ends the sheet.

        Raises:
            RosterError: rows or cells that no sheet can have.
        """
        self._rows = []
        self._parser.Parse(piece, not piece)
        self._waiting = 0 if self._rows else self._waiting + len(piece)
        if self._waiting > MOST_ONE_BYTES:
            raise RosterError(f"{self._name}: row {self._row.number + 1} is too long; the workbook is damaged")
        return self._rows

    def _root(self, name: str, _: Mapping[str, str]) -> None:
        """Takes the namespace from the first element; there are a transitional and a strict one, with any prefix."""
        space = name.rpartition(SPACE)[0]
        names = [f"{space}{SPACE}{tag}" if space else tag for tag in _TAGS]
        self._c, self._v, self._t, self._f, self._row_tag, self._aid, self._rows_tag, self._size = names
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == self._c:
            self._open_cell(attributes)
        elif (name == self._v and self._type != "inlineStr") or (name == self._t and not self._aids):
            self._parser.CharacterDataHandler = self._pieces.append
        elif name == self._row_tag:
            self._open_row(attributes)
        elif name == self._f:
            self._formula = True
        elif name == self._aid:
            self._aids += 1
        elif name == self._size:
            found = _LAST_CELL.fullmatch(attributes.get("ref", ""))
            self.last_row = int(found[1]) if found else None

    def _end(self, name: str) -> None:
        if name == self._c:
            self._close_cell()
        elif name in {self._v, self._t}:
            self._parser.CharacterDataHandler = None
        elif name == self._row_tag:
            if not self.done:
                self._rows.append(self._row)
        elif name == self._aid:
            self._aids -= 1
        elif name == self._rows_tag:
            self.done = True

    def _open_row(self, attributes: Mapping[str, str]) -> None:
        text = attributes.get("r")
        number = self._row.number + 1 if text is None else int(text)
        if number > MOST_ROWS:
            raise RosterError(f"{self._name}: more rows than a sheet can have; the workbook is damaged")
        if number <= self._row.number:
            raise RosterError(f"{self._name}: rows are out of order; open the workbook in Excel and save it as .xlsx")
        self._row = SheetRow(number, [], {})

    def _open_cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r")
        at = len(self._row.cells) if reference is None else parse_column(reference.rstrip(_DIGITS))
        self._type, self._style = attributes.get("t", "n"), attributes.get("s")
        cells = self._row.cells
        if at >= _MOST_COLUMNS:
            raise RosterError(f"{self._name}: more columns than a sheet can have; the workbook is damaged")
        if at < len(cells):
            raise RosterError(f"{self._name}: cells are out of order; open the workbook in Excel and save it as .xlsx")
        if at > len(cells):
            cells.extend([""] * (at - len(cells)))
        self._at, self._formula = at, False
        self._pieces.clear()

    def _close_cell(self) -> None:
        text = "".join(self._pieces)
        kind = self._type
        if kind == "s":
            text = self._shared(text)
        elif kind in {"inlineStr", "str"}:
            text = format_value(text)
        elif self._formula and not text:
            self._add_problem(catalogue.DAMAGED_CELL, "contains a formula that was saved without its value")
        elif text:
            text = self._number(text) if kind == "n" else self._other(kind, text)
        self._row.cells.append(text)

    def _shared(self, number: str) -> str:
        try:
            return self._texts[int(number)]
        except (IndexError, ValueError):
            self._add_problem(catalogue.DAMAGED_CELL, "refers to a text that is missing from the workbook")
            return ""

    def _number(self, text: str) -> str:
        number_format = self._number_format()
        try:
            shown = format_number_cell(text, number_format, since_1904=self._since_1904)
        except (ValueError, OverflowError):
            self._add_problem(
                catalogue.DAMAGED_CELL, f"contains {shorten(text)}, which a sheet cannot show as a number or date"
            )
            return text
        if number_format.kind is not NumberFormatKind.NUMBER:
            self._add_problem(catalogue.DATE_FOR_ID, "is a date or time cell")
        elif lost_digits(shown):
            self._add_problem(catalogue.LOST_DIGITS, "is a number cell, which keeps only fifteen digits")
        return shown

    def _number_format(self) -> NumberFormat:
        try:
            return self._formats[int(self._style or 0)]
        except (IndexError, ValueError):
            return _PLAIN

    def _other(self, kind: str, text: str) -> str:
        if kind == "e":
            self._add_problem(catalogue.DAMAGED_CELL, f"contains {shorten(text)} instead of a value")
        elif kind == "d":
            self._add_problem(catalogue.DATE_FOR_ID, "is a date or time cell")
            return format_iso_cell(text)
        elif kind == "b":
            return format_value(text.strip() in {"1", "true"})
        return text

    def _add_problem(self, code: str, message: str) -> None:
        self._row.problems[self._at] = CellProblem(code, message)


_TAGS: Final = ("c", "v", "t", "f", "row", "rPh", "sheetData", "dimension")


@lru_cache(maxsize=1024)
def parse_column(letters: str) -> int:
    """Returns the column's index, from 0. Raises ValueError if the letters do not name a column."""
    if not _COLUMN.fullmatch(letters):
        raise ValueError(letters)
    at = 0
    for letter in letters.upper():
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1
