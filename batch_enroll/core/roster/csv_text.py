"""Delimited text in whatever dress it comes: its encoding, its delimiter, and its records one by one."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.roster.table_search import SEARCHED_ROWS, HeaderRequirements, NoTable, Table, find_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CHUNK_BYTES: Final = 1 << 20  # also the longest line: a longer one is no roster's
HEAD_CHARS: Final = 1 << 16  # where the header is looked for
_SNIFFED_BYTES: Final = 4096
_DELIMITERS: Final = (",", ";", "\t", "|")
_SEP_LINE: Final = re.compile(r'"?sep=([^"\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)
_END: Final = "\0"  # marks the end of the text; `survey` has made sure that no text holds it
_NOT_TEXT: Final = {
    b"PK\x03\x04": "is a zip archive or workbook, not delimited text; give it its own ending (.xlsx or .zip)",
    b"\xd0\xcf\x11\xe0": "is an old or protected Excel file, not delimited text; save it as .xlsx without a password",
    b"%PDF": "is a PDF, not delimited text; export the roster as CSV",
    b"\x1f\x8b": "is compressed, not delimited text; unpack it first",
}
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@frozen
class TextInfo:
    """What one look at all bytes tells: the encoding they can be read in, their SHA-256, and about how many lines."""

    encoding: str
    sha256: str
    lines: int


@frozen
class CsvDialect:
    """How a text is cut into a table: the delimiter, lines to leave out before the records, and the header."""

    delimiter: str
    skipped_lines: int
    table: Table


def detect_text(chunks: Callable[[], Iterable[bytes]], name: str) -> TextInfo:
    """The encoding, digest and size of the text; it can be decoded to its end.

    UTF-8 unless a mark or a pattern of NULs says otherwise; else cp1252, if the bytes mean something there.

    Args:
        chunks: opens the bytes anew, in pieces of `CHUNK_BYTES`.
        name: the file, for messages.

    Raises:
        RosterError: not a text, or in no encoding that can be told without guessing.
    """
    head = next(iter(chunks()), b"")
    for magic, what in _NOT_TEXT.items():
        if head.startswith(magic):
            raise RosterError(f"{name} {what}")
    encoding = _marked(head)
    try:
        return _decoded(encoding, chunks(), name)
    except _UndecodableError as why:
        if encoding != "utf-8":
            raise RosterError(f"{name} line {why.line}: {why}; save it as UTF-8") from None
        if why.was_utf8:
            raise RosterError(
                f"{name} line {why.line}: {why}, though the text before it is; save it as UTF-8"
            ) from None
    try:
        return _decoded("cp1252", chunks(), name)
    except _UndecodableError as why:
        raise RosterError(f"{name} line {why.line}: {why}, nor in UTF-8; save it as UTF-8") from None


def detect_dialect(head: str, want: HeaderRequirements, name: str) -> CsvDialect:
    """The delimiter under which the wanted header is found in the text's beginning, and that header.

    Raises:
        RosterError: under no delimiter; the text says what the likeliest one showed.
    """
    sep = _SEP_LINE.match(head)
    delimiters = _DELIMITERS if sep is None else (sep[1],)
    body = head if sep is None else head[sep.end() :]
    found = [(delimiter, *_attempt(body, delimiter, want)) for delimiter in delimiters]
    shapes = [
        CsvDialect(delimiter, int(sep is not None), table) for delimiter, _, table in found if isinstance(table, Table)
    ]
    if shapes:
        return max(shapes, key=lambda shape: len(shape.table.map.places))
    failures = [(none.known, width, none.reason) for _, width, none in found if isinstance(none, NoTable)]
    _, _, reason = max(failures, key=lambda failure: failure[:2])
    raise RosterError(f"{name}: {reason}")


def detect_delimiter(head: str) -> tuple[str, int]:
    """The delimiter that cuts the text's first record into most cells, and how many lines to leave out before it."""
    sep = _SEP_LINE.match(head)
    if sep is not None:
        return sep[1], 1
    return max(_DELIMITERS, key=lambda delimiter: _width(head, delimiter)), 0


def records(lines: Iterable[str], delimiter: str, name: str) -> Iterator[list[str]]:
    """The records, cut at delimiters outside quotes; an empty line is an empty record.

    Raises:
        RosterError: a quote that is never closed, a row beyond `CHUNK_BYTES`, or a field beyond the csv module's limit
            of 128 KiB.
    """
    ending = _EndMarker()
    chars = 0

    def counted() -> Iterator[str]:
        nonlocal chars
        for line in lines:
            chars += len(line)
            if chars > CHUNK_BYTES:
                raise RosterError(
                    f"{name} row {nth + 1}: a row longer than {CHUNK_BYTES >> 20} MiB; a quote may be missing"
                )
            yield line

    reader = csv.reader(chain(counted(), ending), delimiter=delimiter)
    nth = 0
    try:
        for nth, record in enumerate(reader, 1):
            chars = 0
            if not ending.reached:
                yield record
            elif record != [_END]:
                raise RosterError(f"{name} row {nth}: a quote opens here and is never closed")
    except csv.Error as why:
        raise RosterError(f"{name} row {nth + 1}: {why}; a quote may be missing") from why


class _EndMarker:
    """One last line that shows whether the reader stands inside a quote when the text is over."""

    def __init__(self) -> None:
        self.reached = False

    def __iter__(self) -> Iterator[str]:
        self.reached = True
        yield _END


class _UndecodableError(Exception):
    """Bytes that mean nothing in an encoding: the line, and whether the text before them was UTF-8 beyond ASCII."""

    def __init__(self, why: UnicodeDecodeError, line: int, *, was_utf8: bool) -> None:
        byte = why.object[why.start] if why.start < len(why.object) else 0
        super().__init__(f"byte 0x{byte:02x} is not a character in {_spoken(why.encoding)}")
        self.line = line
        self.was_utf8 = was_utf8


def _spoken(encoding: str) -> str:
    return {"utf-8": "UTF-8", "charmap": "Windows-1252"}.get(encoding, encoding.upper())


def _marked(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sniffed = head[:_SNIFFED_BYTES]
    even, odd = sniffed[::2].count(0), sniffed[1::2].count(0)
    # Every other byte of Latin text in UTF-16 is NUL; a stray NUL is damage and is told by `_decoded`.
    if odd > len(sniffed) // 4 and not even:
        return "utf-16-le"
    if even > len(sniffed) // 4 and not odd:
        return "utf-16-be"
    return "utf-8"


def _decoded(encoding: str, chunks: Iterable[bytes], name: str) -> TextInfo:
    decoder = codecs.getincrementaldecoder(encoding)()
    digest = hashlib.sha256()
    lines, beyond_ascii = 1, False
    for chunk in chain(chunks, (b"",)):
        digest.update(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as why:
            good = why.object[: why.start]
            raise _UndecodableError(
                why, lines + good.count(b"\n"), was_utf8=beyond_ascii or not good.isascii()
            ) from None
        _refuse_oddities(chunk, text, f"{name} line {lines}")
        lines += text.count("\n") or text.count("\r")
        beyond_ascii = beyond_ascii or not text.isascii()
    return TextInfo(encoding, digest.hexdigest(), lines)


def _refuse_oddities(chunk: bytes, text: str, where: str) -> None:
    if "\0" in text:
        raise RosterError(f"{where} or below: a NUL character; the file is damaged or not a text")
    if len(chunk) >= CHUNK_BYTES and "\n" not in text and "\r" not in text:
        raise RosterError(f"{where}: a line longer than {CHUNK_BYTES >> 20} MiB; this is no table")


def _width(head: str, delimiter: str) -> int:
    with suppress(csv.Error):
        return len(next(filter(None, csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)), []))
    return 0


def _attempt(body: str, delimiter: str, want: HeaderRequirements) -> tuple[int, Table | NoTable]:
    """How many columns the first records agree on, and the table found."""
    taken: list[list[str]] = []
    try:
        taken.extend(islice(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter), SEARCHED_ROWS))
    except csv.Error as why:
        return 0, NoTable(f"row {len(taken) + 1}: {why}; a quote may be missing")
    widths = [len(record) for record in taken if record]
    agreed = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
    return agreed, find_table(taken, want)
