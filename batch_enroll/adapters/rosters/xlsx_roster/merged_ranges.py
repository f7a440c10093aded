"""Which cells of a sheet are merged over several rows. It stands behind the rows, so that is looked for first."""

from __future__ import annotations

import codecs
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.xlsx_roster.sheet_reader import column_at
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
_WIDE: Final = {  # how markup in two bytes a letter begins, with its mark or without
    b"\xff\xfe": "utf-16-le",
    b"<\0": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\0<": "utf-16-be",
}


def spans(pieces: Iterable[bytes], name: str) -> list[MergedRange]:
    """The cells merged over rows, from a sheet's markup.

    It is unpacked for this and hardly looked at, which takes a fiftieth of the time of reading it.

    Raises:
        RosterError: there are more than fit into memory.
    """
    found: list[MergedRange] = []
    for text in _behind_the_rows(_narrow(pieces)):
        for column, first, last in _MERGED.findall(text):
            if int(first) < int(last):
                found.append(MergedRange(int(first), int(last), column_at(column.decode())))
        if len(found) > _MOST_SPANS:
            raise RosterError(f"{name}: more merged cells than a roster has; unmerge them, or save it as CSV")
    return found


def _narrow(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The markup with its tags in a byte a letter; what cannot be decoded is for whoever reads the rows to tell."""
    rest = iter(pieces)
    first = next(rest, b"")
    encoding = _WIDE.get(first[:2])
    if encoding is None:
        return chain((first,), rest)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return (decoder.decode(piece).encode(errors="replace") for piece in chain((first,), rest))


def _behind_the_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The markup behind the rows up to the end of the merged cells, in pieces of whole tags."""
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
