"""A workbook's sheets as rows of text, whatever program wrote them and whatever state the file is in."""

from __future__ import annotations

import hashlib
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from batch_enroll.adapters.rosters.xlsx_roster.merged_ranges import spans
from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import package, translated
from batch_enroll.adapters.rosters.xlsx_roster.shared_strings import shared_texts
from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import SheetReader, WorkbookStyles
from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import read_index, read_styles
from batch_enroll.core.roster.merged_cells import MergedCellFiller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import Package
    from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import SheetRow
    from batch_enroll.adapters.rosters.xlsx_roster.workbook_index import SheetInfo, WorkbookIndex
    from batch_enroll.core.roster.merged_cells import MergedRange


class SheetPreview(NamedTuple):
    """A sheet's first rows, blank ones too; `last_row` is what it says of itself, which may be wrong."""

    rows: list[list[str]]
    last_row: int | None


class WorkbookFile:
    """A workbook that is opened anew for every reading.

    Every method raises RosterError, in one line, if the file is not a workbook that can be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spans: dict[str, list[MergedRange]] = {}

    @property
    def tabs(self) -> list[SheetInfo]:
        """The sheets, charts left out, in their order."""
        return self._index.sheets

    def head(self, tab: SheetInfo, rows: int) -> SheetPreview:
        """The first rows of a sheet."""
        head: list[list[str]] = []
        with package(self._path) as parts:
            reader = SheetReader(parts.name, self._dress)
            for row in islice(_rows(parts, tab, reader), rows):
                head.extend([[]] * (min(row.number, rows + 1) - 1 - len(head)))
                head.append(row.cells)
        return SheetPreview(head[:rows], reader.last_row)

    def texts(self, tab: SheetInfo, header_row: int | None = None) -> Iterator[SheetRow]:
        """Every row of the sheet that holds something; each knows its number.

        What is merged over several rows below the header row (None: the first one) is in each of them.
        """
        merged = self.spans(tab)
        spread = MergedCellFiller(merged, header_row)
        with package(self._path) as parts:
            for row in _rows(parts, tab, SheetReader(f"{parts.name} [{tab.title}]", self._dress)):
                if merged:
                    spread.fill(*row)
                yield row

    def spans(self, tab: SheetInfo) -> list[MergedRange]:
        """The sheet's cells that are merged over several rows."""
        if tab.path not in self._spans:
            with package(self._path) as parts:
                self._spans[tab.path] = spans(parts.pieces(tab.path), f"{parts.name} [{tab.title}]")
        return self._spans[tab.path]

    @cached_property
    def sha256(self) -> str:
        """The digest of the file."""
        with translated(self._path), self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _index(self) -> WorkbookIndex:
        with package(self._path) as parts:
            return read_index(parts)

    @cached_property
    def _dress(self) -> WorkbookStyles:
        _, since_1904, paths = self._index
        with package(self._path) as parts:
            texts = shared_texts(parts, paths["sharedStrings"]) if _there("sharedStrings", paths, parts) else []
            styles = read_styles(parts, paths["styles"]) if _there("styles", paths, parts) else []
        return WorkbookStyles(texts, styles, since_1904)


def _there(kind: str, paths: Mapping[str, str], parts: Package) -> bool:
    return kind in paths and parts.holds(paths[kind])


def _rows(parts: Package, tab: SheetInfo, reader: SheetReader) -> Iterator[SheetRow]:
    for piece in parts.pieces(tab.path):
        yield from reader.feed(piece)
        if reader.done:
            return
    yield from reader.feed(b"")
