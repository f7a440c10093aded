"""The results as a workbook: a Summary sheet, and a Results sheet to filter, correct and hand to `retry --from`.

openpyxl makes the workbook: styles, filters, colours, the Summary. The rows of the results are written into its sheet
here, because openpyxl takes twenty times as long. Every cell of the roster is text with the format `@`, so that a
spreadsheet neither runs it nor drops a leading zero, now or when it is edited.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter

from batch_enroll.core.dates import iso_utc
from batch_enroll.core.errors import UsageError
from batch_enroll.core.headline import headline
from batch_enroll.core.model import OutcomeKind
from batch_enroll.core.results import ResultsTable
from batch_enroll.core.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openpyxl.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from batch_enroll.core.model import ResultRow
    from batch_enroll.core.summary import RunSummary

    _Line: TypeAlias = tuple[str | int, ...]

_MOST_ROWS: Final = 1_048_575  # below a header. Source: Excel's limits
_LONGEST: Final = 32_767  # characters of a cell; the same source
_IN_MEMORY: Final = 1 << 24  # bytes; what is more goes to disk
_PIECE: Final = 1 << 16
_RESULTS: Final = "xl/worksheets/sheet2.xml"
_NUMBERS: Final = frozenset({"enroll_row", "enroll_http_status", "enroll_attempts"})
_WIDTHS: Final = {"enroll_detail": 40, "enroll_hint": 50, "enroll_enrollment_id": 38, "enroll_finished_at": 26}
_USUAL_WIDTH: Final = 17
_NARROW: Final = 2  # columns of the Summary that are not wrapped
# What XML cannot hold, and what would read as such an escape. Source: ECMA-376 part 1, 22.4.2.4 (ST_Xstring).
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_PLAIN: Final = re.compile(r"[ -%'-;=?-^`-~]*")  # nothing to be escaped, as in nearly every cell
_BOLD: Final = Font(bold=True)
_USUAL: Final = Font()
_COLOURS: Final = {  # fill and text: dark enough to be read on each other
    OutcomeKind.ENROLLED: ("D9EFE2", "1E5B3E"),
    OutcomeKind.ALREADY_ENROLLED: ("EAF5EF", "1E5B3E"),
    OutcomeKind.WITHDRAWN: ("D9EFE2", "1E5B3E"),
    OutcomeKind.ALREADY_WITHDRAWN: ("EAF5EF", "1E5B3E"),
    OutcomeKind.INVALID: ("FBE3DF", "8A2A20"),
    OutcomeKind.REJECTED: ("F8D3CD", "8A2A20"),
    OutcomeKind.FAILED: ("F2BDB4", "7D2018"),
    OutcomeKind.UNKNOWN: ("FBE8C4", "6B4400"),
    OutcomeKind.SKIPPED: ("ECEDEE", "4B5258"),
    OutcomeKind.NOT_ATTEMPTED: ("DFE1E3", "4B5258"),
}


class _Frame(NamedTuple):
    """A workbook whose Results have a header and no rows yet."""

    parts: ZipFile
    before: bytes
    after: bytes
    text_style: int


class XlsxDocument:
    """The Document of the results as a workbook.

    Args:
        columns: the roster's own columns.
        with_roster: whether a column names the roster of each row.
        most_rows: how many rows a sheet can hold.
    """

    def __init__(self, columns: Sequence[str], *, with_roster: bool = False, most_rows: int = _MOST_ROWS) -> None:
        self._table = ResultsTable(columns, with_roster=with_roster)
        self._most_rows = most_rows
        self._rows = 0
        self._cells = [(get_column_letter(at), name in _NUMBERS) for at, name in enumerate(self._table.header, 1)]
        self._style = _frame(self._table.header, 0, None).text_style
        self._packer = zlib.compressobj(level=1)
        self._packed: list[bytes] = []

    def write(self, row: ResultRow) -> None:
        """Adds one row.

        Raises:
            UsageError: a workbook cannot hold so many.
        """
        self._rows += 1
        if self._rows > self._most_rows:
            raise UsageError(
                f"a workbook holds at most {self._most_rows:,} rows and this run has more; use --format csv"
            )
        line = _row(self._rows + 1, self._cells, self._style, self._table.line(row))
        self._packed.append(self._packer.compress(line))

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """The workbook."""
        frame = _frame(self._table.header, self._rows, summary)
        with SpooledTemporaryFile(_IN_MEMORY) as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as whole:
                for part in frame.parts.infolist():
                    if part.filename != _RESULTS:
                        whole.writestr(part, frame.parts.read(part))
                with whole.open(_RESULTS, "w", force_zip64=True) as sheet:
                    sheet.write(frame.before)
                    unpacker = zlib.decompressobj()
                    for packed in (*self._packed, self._packer.flush()):
                        sheet.write(unpacker.decompress(packed))
                    sheet.write(frame.after)
            file.seek(0)
            while piece := file.read(_PIECE):
                yield piece


def _row(number: int, cells: Sequence[tuple[str, bool]], style: int, line: Sequence[str]) -> bytes:
    written = [f'<row r="{number}">']
    for (column, is_number), text in zip(cells, line, strict=True):
        if not text:
            written.append(f'<c r="{column}{number}" s="{style}"/>')
        elif is_number:
            written.append(f'<c r="{column}{number}"><v>{text}</v></c>')
        else:
            shown = text if _PLAIN.fullmatch(text) and len(text) <= _LONGEST else _written(text)
            written.append(
                f'<c r="{column}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'
            )
    written.append("</row>")
    return "".join(written).encode()


def _written(text: str) -> str:
    """`text` as XML of a workbook can hold it."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return escape(_UNWRITABLE.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


# -- the workbook around the rows -------------------------------------------------------------------------------------


def _frame(header: Sequence[str], rows: int, summary: RunSummary | None) -> _Frame:
    book = Workbook()
    book.remove(book.worksheets[0])
    told = book.create_sheet("Summary")
    # The style of text gets its number here, before anything that differs between the two frames of a workbook.
    text_style = _head(book.create_sheet("Results"), header, rows)
    if summary is not None:
        _tell(told, summary)
    saved = BytesIO()
    book.save(saved)
    parts = ZipFile(saved)
    before, end, after = parts.read(_RESULTS).partition(b"</sheetData>")
    everywhere = f"A1:{get_column_letter(len(header))}{rows + 1}"
    quiet = f'<ignoredErrors><ignoredError sqref="{everywhere}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    return _Frame(parts, before, end + after.replace(b"</worksheet>", quiet.encode()), text_style)


def _head(sheet: Worksheet, header: Sequence[str], rows: int) -> int:
    """Lays out the Results and returns the number of the style that its text has."""
    text_style = _put(sheet, 1, 1, header[0]).style_id
    for at, name in enumerate(header, 1):
        letter = get_column_letter(at)
        _put(sheet, 1, at, name).font = _BOLD
        sheet.column_dimensions[letter].width = _WIDTHS.get(name, _USUAL_WIDTH)
        if name not in _NUMBERS:
            sheet.column_dimensions[letter].number_format = "@"  # for cells that are added below
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{rows + 1}"
    outcomes = get_column_letter(header.index("enroll_outcome") + 1)
    _colour(sheet, f"{outcomes}2:{outcomes}{rows + 2}")
    return int(text_style)


def _tell(sheet: Worksheet, summary: RunSummary) -> None:
    """What came of the run, for people."""
    outcomes: list[_Line] = [(kind, count) for kind, count in summary.outcomes.items() if count]
    causes: list[_Line] = [
        (each.title, each.count, each.code, each.outcome, each.detail, each.hint) for each in summary.causes
    ]
    tables: list[tuple[_Line, list[_Line]]] = [
        ((headline(summary),), _facts(summary)),
        (("Outcome", "Rows"), outcomes),
        (("Why", "Rows", "Code", "Outcome", "Detail", "What to do"), causes),
    ]
    at = 1
    for head, lines in tables:
        for line in (head, *lines) if lines else ():
            for column, value in enumerate(line, 1):
                cell = _put(sheet, at, column, value)
                cell.font = _BOLD if line is head else _USUAL
                cell.alignment = Alignment(vertical="top", wrap_text=column > _NARROW)
            at += 1
        at += 1
    for letter, width in zip("ABCDEF", (44, 40, 8, 16, 44, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    _colour(sheet, f"A1:A{at}")


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


def _put(sheet: Worksheet, row: int, column: int, value: str | int) -> Cell | MergedCell:
    """A cell that holds `value` and never runs it: openpyxl would take a leading `=` for a formula."""
    cell = sheet.cell(row, column)
    if isinstance(value, int):
        cell.value = value
    else:
        cell.value = _UNWRITABLE.sub(_escaped, value)[:_LONGEST]
        cell.data_type = "s"
        cell.number_format = "@"
    return cell


def _colour(sheet: Worksheet, cells: str) -> None:
    for kind, (fill, text) in _COLOURS.items():
        look = DifferentialStyle(fill=PatternFill(bgColor=fill), font=Font(color=text))
        rule = Rule("cellIs", operator="equal", formula=[f'"{kind.value}"'], dxf=look)
        sheet.conditional_formatting.add(cells, rule)
