"""The results as a workbook: a Summary sheet, and a Results sheet to filter, correct and pass to `retry --from`.

Every cell of the roster is text in the format `@`, so that a spreadsheet neither runs it nor drops a leading zero, even
when it is edited. XlsxWriter writes row by row in constant memory and takes half the time of openpyxl.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from math import ceil
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import finalize

from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it comes without types
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]  # as above

from batch_enroll.core.durations import duration
from batch_enroll.core.errors import RunStoppedError, UsageError
from batch_enroll.core.model import OutcomeKind
from batch_enroll.core.reporting.headline import format_headline
from batch_enroll.core.reporting.result_columns import ResultsTable
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsxwriter.format import Format  # type: ignore[import-untyped]  # as above
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]  # as above

    from batch_enroll.core.model import ResultRow
    from batch_enroll.core.reporting.run_summary import RunSummary

    _Line: TypeAlias = tuple[str | int, ...]

_MOST_ROWS: Final = 1_048_575  # below a header. Source: Excel's limits
_LONGEST: Final = 32_767  # characters of a cell; the same source
_PIECE: Final = 1 << 16
_NUMBERS: Final = frozenset({"enroll_row", "enroll_http_status", "enroll_attempts"})
_WIDTHS: Final = {"enroll_detail": 40, "enroll_hint": 50, "enroll_enrollment_id": 38, "enroll_finished_at": 26}
_USUAL_WIDTH: Final = 17
_SUMMARY_WIDTHS: Final = (44, 40, 8, 16, 44, 60)
_NARROW: Final = 2  # the first columns of the Summary, which are not wrapped
_LINE_HEIGHT: Final = 15  # points
_SURROGATES: Final = re.compile("[\ud800-\udfff]")  # halves of a character, which cannot be encoded
_TEXT: Final = {"num_format": "@"}
_TOP: Final = {**_TEXT, "valign": "top"}
_COLOURS: Final = {  # fill and text, with enough contrast to be readable
    OutcomeKind.ENROLLED: ("#D9EFE2", "#1E5B3E"),
    OutcomeKind.ALREADY_ENROLLED: ("#EAF5EF", "#1E5B3E"),
    OutcomeKind.WITHDRAWN: ("#D9EFE2", "#1E5B3E"),
    OutcomeKind.ALREADY_WITHDRAWN: ("#EAF5EF", "#1E5B3E"),
    OutcomeKind.INVALID: ("#FBE3DF", "#8A2A20"),
    OutcomeKind.REJECTED: ("#F8D3CD", "#8A2A20"),
    OutcomeKind.FAILED: ("#F2BDB4", "#7D2018"),
    OutcomeKind.UNKNOWN: ("#FBE8C4", "#6B4400"),
    OutcomeKind.SKIPPED: ("#ECEDEE", "#4B5258"),
    OutcomeKind.NOT_ATTEMPTED: ("#DFE1E3", "#4B5258"),
}


class XlsxDocument:
    """The Document of the results as a workbook.

    Args:
        columns: the roster's own columns.
        with_roster: adds a column that names the roster of each row.
        most_rows: the number of rows that a sheet can hold.
    """

    def __init__(self, columns: Sequence[str], *, with_roster: bool = False, most_rows: int = _MOST_ROWS) -> None:
        self._table = ResultsTable(columns, with_roster=with_roster)
        self._most_rows = most_rows
        self._rows = 0
        beside = mkdtemp(prefix="batch-enroll-")  # readable by its owner only; removed with this object at the latest
        self._tidy = finalize(self, shutil.rmtree, beside, ignore_errors=True)
        self._path = Path(beside) / "results.xlsx"
        self._book = Workbook(self._path, {"constant_memory": True, "tmpdir": beside})
        self._book.use_zip64()  # a million wide rows exceed two gigabytes of XML
        self._summary = self._book.add_worksheet("Summary")
        self._results = self._book.add_worksheet("Results")
        self._text = self._book.add_format(_TEXT)
        self._are_numbers = [name in _NUMBERS for name in self._table.header]
        self._set_up_results()

    def write(self, row: ResultRow) -> None:
        """Adds one row.

        Raises:
            UsageError: a workbook cannot hold so many rows.
            RunStoppedError: there is no room for its parts.
        """
        self._rows += 1
        if self._rows > self._most_rows:
            self._book.close()
            raise UsageError(
                f"a workbook holds at most {self._most_rows:,} rows and this run has more; use --format csv"
            )
        try:
            self._write_cells(self._table.line(row))
        except (OSError, XlsxWriterException) as error:
            raise self._give_up(error) from error

    def _write_cells(self, line: Sequence[str]) -> None:
        sheet, number, text_format = self._results, self._rows, self._text
        for column, (text, is_number) in enumerate(zip(line, self._are_numbers, strict=True)):
            if not text:
                sheet.write_blank(number, column, None, text_format)
            elif is_number:
                sheet.write_number(number, column, int(text))
            else:
                sheet.write_string(number, column, _clean(text), text_format)

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """The workbook.

        Raises:
            RunStoppedError: there is no room for its parts.
        """
        last, outcomes = len(self._table.header) - 1, self._table.header.index("enroll_outcome")
        self._results.autofilter(0, 0, self._rows, last)
        self._colour(self._results, outcomes, 1, self._rows + 1)
        try:
            self._write_summary(summary)
            self._book.close()
        except (OSError, XlsxWriterException) as error:
            raise self._give_up(error) from error
        with self._path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        self._tidy()

    def _give_up(self, error: Exception) -> RunStoppedError:
        """Closes the parts of the workbook and returns the error to raise."""
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet._opt_close()  # noqa: SLF001 - as `close` does itself when all is well
        return RunStoppedError(
            f"{self._path.parent.parent} has no room for the parts of the workbook ({error}); choose another folder "
            "with TMPDIR. The ledger has every outcome"
        )

    def _set_up_results(self) -> None:
        """Writes the header of the Results and sets column formats, so that cells added below are text, too."""
        sheet, bold = self._results, self._book.add_format({**_TEXT, "bold": True})
        for column, name in enumerate(self._table.header):
            look = None if name in _NUMBERS else self._text
            sheet.set_column(column, column, _WIDTHS.get(name, _USUAL_WIDTH), look)
            sheet.write_string(0, column, _clean(name), bold)
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _write_summary(self, summary: RunSummary) -> None:
        """Writes the Summary sheet."""
        outcomes: list[_Line] = [(kind, count) for kind, count in summary.outcomes.items() if count]
        causes: list[_Line] = [
            (each.title, each.count, each.code, each.outcome, each.detail, each.hint) for each in summary.causes
        ]
        tables: list[tuple[_Line, list[_Line]]] = [
            ((format_headline(summary),), _facts(summary)),
            (("Outcome", "Rows"), outcomes),
            (("Cause", "Rows", "Code", "Outcome", "Detail", "What to do"), causes),
        ]
        sheet = self._summary
        for column, width in enumerate(_SUMMARY_WIDTHS):
            sheet.set_column(column, column, width)
        looks = {
            (bold, wrapped): self._book.add_format({**_TOP, "bold": bold, "text_wrap": wrapped})
            for bold in (True, False)
            for wrapped in (True, False)
        }
        at = 0
        for head, lines in tables:
            for line in (head, *lines) if lines else ():
                sheet.set_row(at, _LINE_HEIGHT * _lines(line))
                for column, value in enumerate(line):
                    _put(sheet, at, column, value, looks[line is head, column >= _NARROW])
                at += 1
            at += 1
        self._colour(sheet, 0, 0, at)

    def _colour(self, sheet: Worksheet, column: int, first: int, last: int) -> None:
        for kind, (fill, text) in _COLOURS.items():
            look = self._book.add_format({"bg_color": fill, "font_color": text})
            rule = {"type": "cell", "criteria": "==", "value": f'"{kind.value}"', "format": look}
            sheet.conditional_format(first, column, last, column, rule)


def _facts(summary: RunSummary) -> list[_Line]:
    run = summary.run
    facts = (
        ("Run", run.run_id),
        ("Environment", run.environment),
        ("Server", run.base_url),
        *(("Roster", f"{roster.path}: {roster.rows:,} rows") for roster in run.rosters),
        ("Started", iso_utc(run.started_at)),
        ("Finished", "" if run.finished_at is None else iso_utc(run.finished_at)),
        ("Time", duration(summary.duration_s)),
        ("Stopped", run.ending),
    )
    return [fact for fact in facts if fact[1]]


def _put(sheet: Worksheet, row: int, column: int, value: str | int, look: Format) -> None:
    """Writes `value` into a cell, never as a formula."""
    if isinstance(value, int):
        sheet.write_number(row, column, value, look)
    else:
        sheet.write_string(row, column, _clean(value), look)


def _lines(line: _Line) -> int:
    """The height of a row of the Summary, in lines of its wrapped cells."""
    wrapped = zip(line[_NARROW:], _SUMMARY_WIDTHS[_NARROW:], strict=False)
    return max((ceil(len(str(value)) / width) for value, width in wrapped), default=1)


def _clean(text: str) -> str:
    """`text` cut and cleaned for a cell."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)
