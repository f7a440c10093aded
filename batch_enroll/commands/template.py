"""The command `template`: a blank roster to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.adapters.rosters.template import blank_csv, write_blank

if TYPE_CHECKING:
    from pathlib import Path


def make_template() -> str:
    """Returns a blank roster as the text of a CSV file."""
    return blank_csv()


def write_template(path: Path, *, workbook: bool) -> None:
    """Writes a blank roster to a new file, as a workbook or as CSV; an existing file is never overwritten.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    write_blank(path, workbook=workbook)
