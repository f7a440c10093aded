"""Writes rosters in any dress, and reads them back as plain lists."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from openpyxl import Workbook

from batch_enroll.settings import load_sealed
from batch_enroll.wiring import rosters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.core.model import SourceRow
    from batch_enroll.ports import RosterSource

HEADER: Final = ("user_id", "course_id", "school_id", "role", "begin_date")
ROW: Final = ("u-0007", "MATH-7", "north", "student", "2025-09-01")
# Real and hostile files that are read where they lie, beside the working copy or further up; absent elsewhere.
SHEET: Final = "xl/worksheets/sheet1.xml"
TEXTS: Final = "xl/sharedStrings.xml"
Value = str | int | float | bool | date | None


def csv_text(
    table: Iterable[Sequence[str]], *, delimiter: str = ",", line_end: str = "\r\n", quote_all: bool = False
) -> str:
    """The table as delimited text."""
    text = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)
    return text.getvalue()


def write_csv(path: Path, table: Iterable[Sequence[str]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """A file with the table in it."""
    path.write_bytes(csv_text(table, delimiter=delimiter).encode(encoding))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Value]]], *, hidden: Iterable[str] = ()) -> Path:
    """A workbook with a sheet for each table; hidden ones are there and not shown."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    book.close()
    return path


def in_a_table(rows: Sequence[Mapping[str, str]]) -> Sequence[Sequence[Value]]:
    """Rows below their header; all have the columns of the first."""
    return [list(rows[0]), *(list(row.values()) for row in rows)]


def rewrite(path: Path, part: str, change: Callable[[str], str], encoding: str = "utf-8") -> Path:
    """The workbook with one part of it changed, as other programs would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part]
    parts[part] = change(before.decode()).encode(encoding)
    assert parts[part] != before, "the change changes nothing"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def share_texts(path: Path) -> Path:
    """The workbook with its texts in a part of their own, as Excel writes them."""
    with zipfile.ZipFile(path) as archive:
        texts = re.findall("<is>(.*?)</is>", archive.read(SHEET).decode())
    with zipfile.ZipFile(path, "a") as archive:
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        archive.writestr(TEXTS, f'<sst xmlns="{space}">' + "".join(f"<si>{text}</si>" for text in texts) + "</sst>")
    numbers = count()
    if texts:
        rewrite(
            path,
            SHEET,
            lambda xml: re.sub("<is>.*?</is>", lambda _: f"<v>{next(numbers)}</v>", xml).replace("inlineStr", "s"),
        )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relation = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rId99"/></Relationships>'
    return rewrite(path, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace("</Relationships>", relation))


def write_bundle(path: Path, parts: Mapping[str, str], *, inside: str = "") -> Path:
    """A OneRoster bundle: a zip archive if the path ends so, else a folder. `inside` is an enclosing folder."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(inside + name, text)
        return path
    (path / inside).mkdir(parents=True)
    for name, text in parts.items():
        (path / inside / name).write_bytes(text.encode())
    return path


def read(source: RosterSource) -> list[SourceRow]:
    """All rows."""
    return list(source.rows())


def cells(source: RosterSource) -> list[tuple[str, ...]]:
    """All rows' cells."""
    return [row.cells for row in source.rows()]


def opened(path: Path | str, **flags: object) -> RosterSource:
    """The roster as a run opens it, with these flags and no other settings."""
    return rosters.open_rosters(load_sealed({"env": "sandbox", **flags}), [str(path)])
