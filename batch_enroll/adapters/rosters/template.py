"""A blank roster to fill in, as CSV or as a workbook that leaves ids alone and explains its columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import UsageError
from batch_enroll.core.roster.column_docs import NOTES, explained

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

COLUMNS: Final = tuple(NOTES)
_TEXT: Final = "@"
_HINTS: Final = (
    "Fill in the sheet Roster, a line for each person and course. Only user_id and course_id are needed.",
    "Its columns are formatted as text, so that ids keep their zeros; paste values only, so that they stay so.",
    "Then: batch-enroll check FILE",
)
_WIDTHS: Final = (24, 26, 90, 14)


def blank_csv() -> str:
    """The header, as the first line of a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(COLUMNS)
    return text.getvalue()


def write_blank(path: Path, *, workbook: bool) -> None:
    """Writes a new file; one that is there is never overwritten.

    Raises:
        UsageError: it is there, or cannot be written.
    """
    try:
        with path.open("xb") as file:
            file.write(_blank_xlsx() if workbook else blank_csv().encode())
    except FileExistsError:
        raise UsageError(f"{path} is there already; name another file") from None
    except OSError as why:
        raise UsageError(f"{path} cannot be written: {why.strerror}") from why


def _blank_xlsx() -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - half a second that a CSV template need not wait
    from openpyxl.styles import Font as Letters  # noqa: PLC0415 - as above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

    book = Workbook()
    roster = book.worksheets[0]
    roster.title = "Roster"
    roster.append(COLUMNS)
    roster.freeze_panes = "A2"
    for nth, column in enumerate(COLUMNS, 1):
        roster.cell(1, nth).font = Letters(bold=True)
        letter = roster.column_dimensions[get_column_letter(nth)]
        letter.number_format, letter.width = _TEXT, len(column) + 8
    _explain(book.create_sheet("Notes"), Letters(bold=True))
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _explain(notes: Worksheet, bold: Font) -> None:
    for hint in _HINTS:
        notes.append([hint])
    notes.append([])
    for line in explained():
        notes.append(line)
    for cell in notes[len(_HINTS) + 2]:
        cell.font = bold
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        notes.column_dimensions[letter].width = width
