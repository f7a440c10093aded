"""Cells of a sheet that are merged over several rows. They are listed behind the rows, so they are read first."""

from __future__ import annotations

import codecs
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import parse_column
from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.merged_cells import MergedRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROWS: Final = b"sheetData"
_ENDS: Final = re.compile(rb"(?:</(?:[\w.-]+:)?sheetData\s*|<(?:[\w.-]+:)?sheetData[^<>]*/)>")
_MERGED: Final = re.compile(
    rb"<(?:[\w.-]+:)?mergeCell\s[^<>]*?\bref\s*=\s*[\"']"
    rb"\$?([A-Za-z]{1,3})\$?(\d{1,7}):\$?[A-Za-z]{1,3}\$?(\d{1,7})[\"']"
)
_LAST: Final = re.compile(rb"</(?:[\w.-]+:)?mergeCells\s*>")
_TAG_BYTES: Final = 1_000  # more than any of these tags has
_MOST_SPANS: Final = 200_000
_TWO_BYTE_STARTS: Final = {  # of markup with two bytes for each character, with a byte order mark or without
    b"\xff\xfe": "utf-16-le",
    b"<\0": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\0<": "utf-16-be",
}


def find_merged_ranges(pieces: Iterable[bytes], name: str) -> list[MergedRange]:
    """Returns the cells that are merged over rows, from a sheet's markup.

    The markup is unpacked for this and searched, not parsed, which takes a fiftieth of the time of reading it.

    Raises:
        RosterError: there are more than fit into memory.
    """
    found: list[MergedRange] = []
    for text in _behind_the_rows(_narrow(pieces)):
        for column, first, last in _MERGED.findall(text):
            if int(first) < int(last):
                found.append(MergedRange(int(first), int(last), parse_column(column.decode())))
        if len(found) > _MOST_SPANS:
            raise RosterError(f"{name}: more merged cells than can be read; unmerge them, or save the sheet as CSV")
    return found


def _narrow(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the markup with one byte for each character of a tag; the reader of the rows reports damaged text."""
    rest = iter(pieces)
    first = next(rest, b"")
    encoding = _TWO_BYTE_STARTS.get(first[:2])
    if encoding is None:
        return chain((first,), rest)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return (decoder.decode(piece).encode(errors="replace") for piece in chain((first,), rest))


def _behind_the_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the markup behind the rows up to the end of the merged cells, in pieces of whole tags."""
    kept, behind = b"", False
    for piece in pieces:
        text = kept + piece
        if not behind:
            end = _ENDS.search(text, max(0, text.find(_ROWS) - _TAG_BYTES)) if _ROWS in text else None
            behind = end is not None
            text = text[-_TAG_BYTES:] if end is None else text[end.end() :]
        if behind:
            cut = text.rfind(b">") + 1
            yield text[:cut]
            if _LAST.search(text):
                return
            text = text[cut:][-_TAG_BYTES:]
        kept = text
