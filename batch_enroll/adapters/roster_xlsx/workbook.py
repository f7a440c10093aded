"""A workbook's sheets as rows of text, whatever state the file is in."""

from __future__ import annotations

import hashlib
import re
import warnings
import zlib
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias
from zipfile import BadZipFile, ZipFile

from batch_enroll.core.archives import refuse_unsafe
from batch_enroll.core.errors import RosterError
from batch_enroll.core.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openpyxl import Workbook

    from batch_enroll.core.shown import Value

_BATCH: Final = 500
MOST_ROWS: Final = 1_048_576
_MOST_PART_BYTES: Final = 256 << 20  # parts beside the sheets are held in memory
_CHUNK_BYTES: Final = 1 << 20
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=[\"'](\d{1,12})[\"']")
_OLE: Final = b"\xd0\xcf\x11\xe0"  # old .xls, and any workbook with a password
# What the library and the parsers below it raise on workbooks that are damaged, or made to do damage.
_DAMAGE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    zlib.error,
)


class _Cell(Protocol):
    """A cell as the library gives it in read-only mode; its type stubs know the other mode only."""

    value: Value
    number_format: str
    data_type: str


class _OpenSheet(Protocol):
    """A sheet as the library gives it in read-only mode."""

    title: str
    sheet_state: str
    max_row: int | None

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, _first: int, /) -> Iterator[Sequence[_Cell]]: ...


Cells: TypeAlias = "Sequence[_Cell]"


class Tab(NamedTuple):
    """A sheet as the workbook lists it; `last_row` is what it says of itself, which may be wrong."""

    title: str
    visible: bool
    last_row: int | None


class Texts(NamedTuple):
    """A row as text, and why some of its cells have no usable value."""

    cells: list[str]
    damage: dict[int, str]


class WorkbookFile:
    """A workbook that is opened anew for every reading, once its archive is known to unpack in bounded space.

    Every method raises RosterError, in one line, if the file is not a workbook that can be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def tabs(self) -> list[Tab]:
        """The sheets, charts left out, in their order."""
        with self._book(data_only=True) as book, self._translated():
            return [Tab(sheet.title, sheet.sheet_state == "visible", sheet.max_row) for sheet in _sheets(book)]

    def heads(self, titles: Sequence[str], rows: int) -> list[list[list[str]]]:
        """The first rows of some sheets."""
        with self._book(data_only=True) as book:
            return [[_text_row(cells).cells for cells in islice(self._cells(book, title), rows)] for title in titles]

    def texts(self, title: str) -> Iterator[Texts]:
        """Every row of the sheet, blank ones too, so that their count is their number."""
        with self._book(data_only=True) as values:
            rows = self._cells(values, title)
            if not self._has_formulas:
                yield from (_text_row(cells) for cells in rows)
                return
            # Only the second reading tells a formula without a saved value from an empty cell.
            with self._book(data_only=False) as formulas:
                for cells, written in zip_longest(rows, self._cells(formulas, title), fillvalue=()):
                    yield _with_formulas(_text_row(cells), cells, written)

    def _cells(self, book: Workbook, title: str) -> Iterator[Cells]:
        sheet = _worksheet(book, title)
        sheet.reset_dimensions()  # they may be wrong, and would cut or inflate the rows
        rows = sheet.iter_rows(1)
        read = 0
        while batch := self._batch(rows):
            read += len(batch)
            if read > MOST_ROWS:
                raise RosterError(f"{self._path.name} [{title}]: more rows than a workbook can have; it is damaged")
            yield from batch

    def _batch(self, rows: Iterator[Cells]) -> list[Cells]:
        with self._translated():
            return list(islice(rows, _BATCH))

    @contextmanager
    def _book(self, *, data_only: bool) -> Iterator[Workbook]:
        from openpyxl import load_workbook  # noqa: PLC0415 - a plain CSV run pays nothing for it

        _ = self._checked
        with self._translated():
            file = self._path.open("rb")
        with file:  # opened here, because the library leaves its own file open when it fails
            with self._translated():
                book = load_workbook(file, read_only=True, data_only=data_only)
            with closing(book):
                yield book

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the library skips (charts, validations) is nothing to the roster
            try:
                yield
            except (FileNotFoundError, IsADirectoryError, PermissionError) as why:
                raise RosterError(f"{self._path.name} cannot be read: {why.strerror}") from why
            except _DAMAGE as why:
                raise RosterError(
                    f"{self._path.name} is not a workbook that can be read; open it in Excel and save it as .xlsx"
                ) from why

    @cached_property
    def _checked(self) -> bool:
        """True once the archive is known to unpack in bounded space."""
        with self._translated(), self._path.open("rb") as file:
            if file.read(len(_OLE)) == _OLE:
                raise RosterError(
                    f"{self._path.name} is an old .xls or has a password; save it as .xlsx without a password"
                )
            with ZipFile(file) as archive:
                refuse_unsafe(archive.infolist(), self._path.name)
                beside = [entry for entry in archive.infolist() if not entry.filename.startswith("xl/worksheets/")]
        if any(entry.file_size > _MOST_PART_BYTES for entry in beside if entry.filename.endswith(".xml")):
            raise RosterError(f"{self._path.name}: more than {_MOST_PART_BYTES >> 20} MiB of text; save it as CSV")
        return True

    @cached_property
    def _has_formulas(self) -> bool:
        with self._translated(), ZipFile(self._path) as archive:
            sheets = [name for name in archive.namelist() if "worksheets/" in name and name.endswith(".xml")]
            return True in {_holds_formulas(archive, sheet, self._path.name) for sheet in sheets}

    @cached_property
    def sha256(self) -> str:
        """The digest of the file."""
        with self._translated(), self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _sheets(book: Workbook) -> list[_OpenSheet]:
    sheets: Any = book.worksheets
    return list(sheets)


def _worksheet(book: Workbook, title: str) -> _OpenSheet:
    return next(sheet for sheet in _sheets(book) if sheet.title == title)


def _holds_formulas(archive: ZipFile, sheet: str, name: str) -> bool:
    """Whether the sheet holds formulas; its rows stand in order, for the library drops one that does not."""
    formulas, last = False, 0
    for piece in _pieces(archive, sheet):
        formulas = formulas or _FORMULA.search(piece) is not None
        for row in _ROW.finditer(piece):
            if int(row[1]) <= last:
                raise RosterError(f"{name}: rows stand out of order; open it in Excel and save it as .xlsx")
            last = int(row[1])
    return formulas


def _pieces(archive: ZipFile, sheet: str) -> Iterator[bytes]:
    """The sheet's markup, cut in front of tags."""
    rest = b""
    with archive.open(sheet) as part:
        while chunk := part.read(_CHUNK_BYTES):
            rest += chunk
            cut = rest.rfind(b"<")
            cut = cut if cut > 0 else len(rest)
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _text_row(cells: Cells) -> Texts:
    damage = {at: f"holds {cell.value} instead of a value" for at, cell in enumerate(cells) if cell.data_type == "e"}
    return Texts([_text(cell) for cell in cells], damage)


def _text(cell: _Cell) -> str:
    value = cell.value
    return shown(value, _format(cell) if isinstance(value, int | float) else "")


def _format(cell: _Cell) -> str:
    try:
        return cell.number_format
    except LookupError:  # a style that the workbook does not hold; spreadsheets show such cells plainly
        return ""


def _with_formulas(texts: Texts, cells: Cells, written: Cells) -> Texts:
    for at, (cell, formula) in enumerate(zip(cells, written, strict=False)):
        # An empty text is a value too: its cell has the type "str".
        if formula.data_type == "f" and cell.value is None and cell.data_type != "str":
            texts.damage[at] = "holds a formula whose value was not saved with it"
    return texts


def recognises(path: Path) -> bool:
    """Whether the file is a workbook by its content, or one that only Excel can open and must be told so."""
    with path.open("rb") as file:
        head = file.read(len(_OLE))
    if head == _OLE:
        return True
    try:
        with ZipFile(path) as archive:
            return any(name.lower().lstrip("/").startswith("xl/") for name in archive.namelist())
    except (BadZipFile, ValueError):
        return False
