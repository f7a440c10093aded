"""Rosters as delimited text: `.csv`, `.tsv`, `.txt`, or standard input."""

from __future__ import annotations

import io
import shutil
import sys
import weakref
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation
from batch_enroll.core.roster import csv_text
from batch_enroll.core.roster.formats import NUMBERED_TABLES
from batch_enroll.core.roster.header_hints import suggestions
from batch_enroll.core.roster.table_search import header_requirements
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.csv_text import CsvDialect, TextInfo
    from batch_enroll.core.roster.roster_format import TableFormat

STDIN: Final = "-"


class CsvRoster:
    """A RosterSource over delimited text. Rows are streamed; the file is looked at once before the first one.

    Args:
        path: the file, or None for standard input.
        overrides: field to header, from `--map field=Header`.
        defaults_present: fields that have a default, so that their columns may lack.
        limit: at most so many data rows are read.
        numbered: formats whose numbered courses count where no other column names the course.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        overrides: Mapping[str, str] | None = None,
        defaults_present: frozenset[str] = frozenset(),
        limit: int | None = None,
        numbered: Sequence[TableFormat] = NUMBERED_TABLES,
    ) -> None:
        self._path = path
        self._name = "standard input" if path is None else path.name
        self._want = header_requirements(defaults_present, overrides or {}, numbered=numbered)
        self._limit = limit
        self._rows_read = 0

    @property
    def name(self) -> str:
        """The file, for messages."""
        return self._name

    @property
    def numbered(self) -> TableFormat | None:
        """The format of lines that may hold several enrollments; None if each is a row."""
        return self._shape.table.map.numbered

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns."""
        return self._shape.table.map.own_columns

    @property
    def estimated_rows(self) -> int | None:
        """The lines below the header; quoted line ends count too, so it may be a little high."""
        below = max(self._survey.lines - 1 - self._shape.skipped_lines - self._shape.table.header_row, 0)
        return below if self._limit is None else min(below, self._limit)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column and the field it is read as, for `check`."""
        return self._shape.table.map.describe()

    def notes(self) -> tuple[str, ...]:
        """Columns that are not read and may have been meant to be."""
        return tuple(suggestions(self.describe()))

    def rows(self) -> Iterator[SourceRow]:
        """Every data row. A later call reads the file again.

        Raises:
            RosterError: the file cannot be read to its end, or holds no data row.
        """
        shape, name = self._shape, self._name
        header_row, read = shape.table.header_row, shape.table.map.row
        rows_read = self._rows_read = 0  # a reading that stopped halfway must not count for another
        with self._text() as text:
            lines = islice(text, shape.skipped_lines, None)
            for nth, record in enumerate(csv_text.records(lines, shape.delimiter, name), 1):
                if nth > header_row and (row := read(RowLocation(name, nth), record)) is not None:
                    rows_read += 1
                    self._rows_read = rows_read
                    yield row
                    if rows_read == self._limit:
                        return
        if not rows_read:
            raise RosterError(f"{name}: there are no rows below the header")

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""
        path = STDIN if self._path is None else str(self._path)
        return (RosterRef(path, self._survey.sha256, self._rows_read, self._shape.table.map.read_as),)

    @cached_property
    def _survey(self) -> TextInfo:
        return csv_text.detect_text(self._chunks, self._name)

    @cached_property
    def _shape(self) -> CsvDialect:
        with self._text() as text:
            head = text.read(csv_text.HEAD_CHARS)
        return csv_text.detect_dialect(head, self._want, self._name)

    @cached_property
    def _spool(self) -> IO[bytes]:
        # Standard input can be read once, and the survey needs all of it; the copy has no name and is the user's only.
        spool = TemporaryFile("w+b")  # noqa: SIM115 - lives as long as the roster
        weakref.finalize(self, spool.close)
        shutil.copyfileobj(sys.stdin.buffer, spool)
        return spool

    def _chunks(self) -> Iterator[bytes]:
        with self._bytes() as source:
            while chunk := source.read(csv_text.CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        encoding = self._survey.encoding
        with self._bytes() as source:
            text = io.TextIOWrapper(source, encoding, newline="")
            try:
                yield text
            except UnicodeError as why:
                raise RosterError(f"{self._name} changed while it was read; start again") from why
            finally:
                text.detach()

    @contextmanager
    def _bytes(self) -> Iterator[IO[bytes]]:
        if self._path is None:
            self._spool.seek(0)
            yield self._spool
            return
        try:
            with self._path.open("rb") as source:
                yield source
        except OSError as why:
            raise RosterError(f"{self._name} cannot be read: {why.strerror}") from why
