"""Cells that are merged over several rows of a sheet: what the merged cell shows holds for each of its rows.

A person reads a course that stands merged beside twenty students as the course of all twenty; the file has it in the
first row only. A row in which only merged cells tell something is blank all the same.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.codes import catalogue
from batch_enroll.core.roster.cells import all_blank, clean_cell
from batch_enroll.core.roster.damaged_ids import CellProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

_COVERED: Final = CellProblem(
    catalogue.DAMAGED_CELL, "lies under a merged cell that shows something else; unmerge them"
)


class MergedRange(NamedTuple):
    """A cell merged over rows: the first and the last of them, and its column, from 0."""

    first: int
    last: int
    at: int


class MergedCellFiller:
    """The rows of a sheet, one after the other, with what merged cells show in each.

    Args:
        spans: the sheet's merged cells.
        header_row: only those count that begin below it, 0 for all; None: below the first row that is not blank.
    """

    def __init__(self, spans: Iterable[MergedRange], header_row: int | None) -> None:
        self._ahead = deque(sorted(spans))
        self._header_row = header_row
        self._open: dict[int, tuple[int, str, CellProblem | None]] = {}

    def fill(self, number: int, cells: list[str], flaws: dict[int, CellProblem]) -> None:
        """Fills in one row, whose number is higher than that of the last one."""
        blank = all_blank(cells) and not flaws
        if self._header_row is None and not blank:
            self._header_row = number
            return
        self._open = {at: shown for at, shown in self._open.items() if shown[0] >= number}
        if not blank:
            self._show(cells, flaws)
        while self._ahead and self._ahead[0].first <= number:
            first, last, at = self._ahead.popleft()
            if first == number > (self._header_row or 0) and at < len(cells) and clean_cell(cells[at]):
                self._open[at] = (last, cells[at], flaws.get(at))

    def _show(self, cells: list[str], flaws: dict[int, CellProblem]) -> None:
        for at, (_, text, flaw) in self._open.items():
            cells.extend([""] * (at + 1 - len(cells)))
            if clean_cell(cells[at]) not in {"", clean_cell(text)}:
                flaws[at] = _COVERED
                continue
            cells[at] = text
            if flaw is not None:
                flaws[at] = flaw


def describe_merges(spans: Iterable[MergedRange], header_row: int, columns: Iterable[tuple[int, str]]) -> list[str]:
    """What people should know of merged cells in the columns (place and header) that are read."""
    firsts: dict[int, list[int]] = {}
    for first, _, at in spans:
        if first > header_row:
            firsts.setdefault(at, []).append(first)
    return [
        f'column "{header}" has cells merged over several rows ({len(rows):,}, the first in row {min(rows)}); '
        "each counts for all of its rows"
        for at, header in columns
        if (rows := firsts.get(at))
    ]
