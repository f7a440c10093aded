"""The results as CSV: `results.csv` with a line for every row, `failed.csv` with the rows to fix.

The encoding is UTF-8 without a byte order mark, which scripts would read as part of the first header. Lines end in
CR LF (Source: RFC 4180); the csv module then also quotes a lone CR or LF inside a cell. Cells that a spreadsheet would
run as formulas are defused.
"""

from __future__ import annotations

import csv
import os
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final, Self

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import KINDS_TO_FIX
from batch_enroll.core.reporting.result_columns import ResultsTable
from batch_enroll.core.roster.cells import defuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

    from batch_enroll.core.model import ResultRow, SourceRow
    from batch_enroll.core.planning.verification import CheckedRow
    from batch_enroll.core.reporting.run_summary import RunSummary

RESULTS: Final = "results.csv"
FAILED: Final = "failed.csv"
VERIFY: Final = "verify.csv"
_END: Final = "\r\n"
_LINES_AT_ONCE: Final = 500
_IN_MEMORY: Final = 1 << 24  # bytes; a larger file goes to disk
_VERIFIED: Final = (
    "verify_row",
    "verify_found",
    "verify_detail",
    "verify_user_id",
    "verify_course_id",
    "verify_school_id",
    "verify_role",
    "verify_enrollment_id",
)


class CsvReport:
    """The ReportWriter of `results.csv` and `failed.csv` in `folder`, readable by their owner only.

    Both files appear whole when the context ends without an error, and not at all otherwise; `failed.csv` is written
    even if it has only its header.

    Args:
        folder: the folder of the run.
        columns: the roster's own columns; empty leaves its cells out.
        with_roster: adds a column that names the roster of each row.

    Raises:
        RunStoppedError: the folder cannot be written; the ledger has every outcome.
    """

    def __init__(
        self,
        folder: Path,
        columns: Sequence[str],
        *,
        with_roster: bool = False,
    ) -> None:
        self._folder = folder
        self._files = {"results": folder / RESULTS, "failed": folder / FAILED}
        self._table = ResultsTable(columns, with_roster=with_roster)
        self._all = _Draft(folder / RESULTS)
        self._to_fix = _Draft(folder / FAILED)

    @property
    def files(self) -> Mapping[str, Path]:
        """The paths of `results` and `failed`, which may not be written yet."""
        return self._files

    def __enter__(self) -> Self:
        with self._translate_errors():
            for draft in (self._all, self._to_fix):
                draft.start(self._table.header)
        return self

    def __exit__(self, *exc: object) -> None:
        if exc[0] is not None:
            self._give_up()
            return
        with self._translate_errors():
            for draft in (self._all, self._to_fix):
                draft.close()
            for draft in (self._all, self._to_fix):
                draft.publish()

    def write(self, row: ResultRow) -> None:
        """Adds one row."""
        line = self._table.line(row)
        try:
            self._all.write(line)
            if row.outcome.kind in KINDS_TO_FIX:
                self._to_fix.write(line)
        except OSError as error:
            raise self._give_up_with(error) from error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._give_up_with(error) from error

    def _give_up_with(self, error: OSError) -> RunStoppedError:
        self._give_up()
        return RunStoppedError(
            f"the results cannot be written to {self._folder} ({error.strerror}); the ledger has every outcome: "
            "make room or correct the folder's permissions, then run the roster again"
        )

    def _give_up(self) -> None:
        for draft in (self._all, self._to_fix):
            draft.drop()


class VerifyCsv:
    """Writes `verify.csv` in `folder`: the roster's columns, then the enrollment on the server.

    The file appears whole or not at all, readable by its owner only.
    An enrollment that no row asks for has its own line at the end, with empty cells for the roster's columns.

    Raises:
        RunStoppedError: the folder cannot be written.
    """

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        self._folder = folder
        self._width = len(columns)
        self._header = [*map(defuse, columns), *_VERIFIED]
        self._draft = _Draft(folder / VERIFY)

    def __enter__(self) -> Self:
        with self._translate_errors():
            self._draft.start(self._header)
        return self

    def __exit__(self, *exc: object) -> None:
        if exc[0] is not None:
            self._draft.drop()
            return
        with self._translate_errors():
            self._draft.close()
            self._draft.publish()

    def write(self, row: SourceRow | None, checked: CheckedRow) -> None:
        """Adds one row with its result, or an enrollment without a row."""
        cells = () if row is None else row.cells
        key, enrollment = None if checked.wanted is None else checked.wanted.key, checked.enrollment
        at = enrollment or key
        ours = (
            "" if row is None else str(row.location.row),
            checked.found.value,
            checked.detail,
            checked.user_id,
            "" if at is None else at.course_id,
            "" if at is None else at.school_id or "",
            "" if at is None else at.role or "",
            "" if enrollment is None else enrollment.enrollment_id,
        )
        with self._translate_errors():
            self._draft.write([defuse(cell) for cell in (*cells, *([""] * (self._width - len(cells))), *ours)])

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._draft.drop()
            raise RunStoppedError(
                f"{self._folder / VERIFY} cannot be written ({error.strerror}); make room or correct the "
                "folder's permissions, then verify again"
            ) from error


class _Lines:
    """Writes lines as the csv module does, but many at once if no cell needs quotes.

    The module compares each character with those of a line end, which is slow; counting them is fast.
    """

    def __init__(self, file: TextIO | SpooledTemporaryFile[str]) -> None:
        self._file = file
        self._waiting: list[Sequence[str]] = []

    def write(self, line: Sequence[str]) -> None:
        self._waiting.append(line)
        if len(self._waiting) >= _LINES_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        lines, self._waiting = self._waiting, []
        text = "".join([",".join(line) + _END for line in lines])
        commas = sum(map(len, lines)) - len(lines)
        plain = '"' not in text and text.count(",") == commas and text.count("\r") == text.count("\n") == len(lines)
        if plain and min(map(len, lines), default=0) > 1:  # a single empty cell must be quoted
            self._file.write(text)
        else:
            csv.writer(self._file, lineterminator=_END).writerows(lines)


class _Draft:
    """One CSV file under a temporary name until it is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.new")
        self._file: TextIO | None = None

    def start(self, header: Sequence[str]) -> None:
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # A workbook's escapes can hold a lone surrogate; it is written as an escape instead of failing the report.
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="")
        self._lines = _Lines(self._file)
        self.write(header)

    def write(self, line: Sequence[str]) -> None:
        self._lines.write(line)

    def close(self) -> None:
        if self._file is not None:
            self._lines.flush()
            self._file.close()

    def publish(self) -> None:
        self._draft.replace(self._path)

    def drop(self) -> None:
        # The error has been reported, and closing a file on a full disk fails again.
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            self._draft.unlink(missing_ok=True)


class CsvDocument:
    """The Document of all rows as CSV."""

    def __init__(self, columns: Sequence[str], *, with_roster: bool = False) -> None:
        self._table = ResultsTable(columns, with_roster=with_roster)
        self._file = SpooledTemporaryFile(  # noqa: SIM115 - closed by `pieces`
            _IN_MEMORY, "w+", encoding="utf-8", errors="backslashreplace", newline=""
        )
        self._lines = _Lines(self._file)
        self._lines.write(self._table.header)

    def write(self, row: ResultRow) -> None:
        """Adds one row."""
        self._lines.write(self._table.line(row))

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """The file."""
        del summary  # the rows have everything
        self._lines.flush()
        with self._file as file:
            file.seek(0)
            for line in file:
                yield line.encode()
