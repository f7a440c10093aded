"""A workbook's sheets as rows of text, whatever program wrote the file and in whatever state it is."""

from __future__ import annotations

import hashlib
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from batch_enroll.adapters.rosters.xlsx_roster.merged_ranges import find_merged_ranges
from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import open_package, translate_errors
from batch_enroll.adapters.rosters.xlsx_roster.shared_strings import read_shared_strings
from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import SheetReader, WorkbookStyles
from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import read_index, read_number_formats
from batch_enroll.core.roster.merged_cells import MergedCellFiller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import Package
    from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import SheetRow
    from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import SheetInfo, WorkbookIndex
    from batch_enroll.core.roster.merged_cells import MergedRange


class SheetPreview(NamedTuple):
    """The first rows of a sheet, blank ones too; `last_row` is its size as the file states it, which may be wrong."""

    rows: list[list[str]]
    last_row: int | None


class WorkbookFile:
    """A workbook, opened again for each reading.

    Every method raises RosterError, with a message of one line, if the file is not a workbook that can be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._merged: dict[str, list[MergedRange]] = {}

    @property
    def sheets(self) -> list[SheetInfo]:
        """The sheets, charts left out, in their order."""
        return self._index.sheets

    def read_head(self, sheet: SheetInfo, rows: int) -> SheetPreview:
        """Returns the first rows of a sheet."""
        head: list[list[str]] = []
        with open_package(self._path) as parts:
            reader = SheetReader(parts.name, self._styles)
            for row in islice(_rows(parts, sheet, reader), rows):
                head.extend([[]] * (min(row.number, rows + 1) - 1 - len(head)))
                head.append(row.cells)
        return SheetPreview(head[:rows], reader.last_row)

    def rows(self, sheet: SheetInfo, header_row: int | None = None) -> Iterator[SheetRow]:
        """Yields every row of the sheet that is not empty, with its number.

        A cell that is merged over several rows below the header row (None: the first row) is in each of them.
        """
        merged = self.merged_ranges(sheet)
        filler = MergedCellFiller(merged, header_row)
        with open_package(self._path) as parts:
            for row in _rows(parts, sheet, SheetReader(f"{parts.name} [{sheet.title}]", self._styles)):
                if merged:
                    filler.fill(*row)
                yield row

    def merged_ranges(self, sheet: SheetInfo) -> list[MergedRange]:
        """Returns the sheet's cells that are merged over several rows."""
        if sheet.path not in self._merged:
            with open_package(self._path) as parts:
                self._merged[sheet.path] = find_merged_ranges(parts.pieces(sheet.path), f"{parts.name} [{sheet.title}]")
        return self._merged[sheet.path]

    @cached_property
    def sha256(self) -> str:
        """The digest of the file."""
        with translate_errors(self._path), self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _index(self) -> WorkbookIndex:
        with open_package(self._path) as parts:
            return read_index(parts)

    @cached_property
    def _styles(self) -> WorkbookStyles:
        _, since_1904, paths = self._index
        with open_package(self._path) as parts:
            texts = read_shared_strings(parts, paths["sharedStrings"]) if _has("sharedStrings", paths, parts) else []
            formats = read_number_formats(parts, paths["styles"]) if _has("styles", paths, parts) else []
        return WorkbookStyles(texts, formats, since_1904)


def _has(kind: str, paths: Mapping[str, str], parts: Package) -> bool:
    return kind in paths and parts.holds(paths[kind])


def _rows(parts: Package, sheet: SheetInfo, reader: SheetReader) -> Iterator[SheetRow]:
    for piece in parts.pieces(sheet.path):
        yield from reader.feed(piece)
        if reader.done:
            return
    yield from reader.feed(b"")
