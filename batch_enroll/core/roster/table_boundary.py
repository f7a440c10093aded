"""Another table below the first, in one file or on one sheet: exports copied together, a list of leavers, a legend.

A header of known words is known wherever it stands. Where it names the columns as the first one does, the table goes on
below it; where it does not, what stands below is in other columns than those that are read, and none of it may be sent.

A header of words that nobody knows, or a title, is told by how unlike it is to the rows above it. Blank rows above it
are a sign, so little more is asked for below them: one that stands alone, is longer than the first header, or holds
words in each column of ids and dates. Without blank rows three such columns are asked for, since a table must not end
at a login without a digit; with fewer it goes on and people are told (W104), once, since the column then has had words.
Whatever else stands below blank rows may still be another table: it is sent as the columns say, and told too, once for
each gap and for some of them only. Rows that are always apart, as in a file that is spaced out, say nothing; nor do
rows that this program wrote, as steps of a plan or results of a run: they were judged when they were read first.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import BLANKS, clean_cell
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD
from batch_enroll.core.roster.header_map import KNOWN, plain
from batch_enroll.core.roster.own_columns import ROW, ROW_MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import SourceRow

_TELLING: Final = ("course_id", "class_id", "course_title", "course_code", "user_id", "user_email")  # few values first
_FEWEST: Final = 2  # known headers in one row are no accident
_SURE: Final = 3  # columns of ids and dates that hold words: a header, even without blank rows above it
_SPACED: Final = 3  # gaps, in half of the first rows, are how the file is written
_MOST_TOLD: Final = 20  # gaps; whoever has more knows them
_DIGIT_OR_AT: Final = re.compile(r"[\d@]")
_FEW_MARKED: Final = 3  # values of several columns, all with a digit or an @, are no accident
_FEW_MARKED_OF_ONE: Final = 10  # values of one column: three logins may well have digits, and the fourth none
_FEWEST_ROWS: Final = 2  # before a value that stands alone is a title
_OTHER_COLUMNS: Final = "a header that names other columns than the first one"
_BEGINS: Final = "where another table seems to begin"


class ColumnProfile:
    """Learns the rows of one table as they come, in bounded time and memory."""

    def __init__(self) -> None:
        self._rows = 0
        self._least = 0
        self._marked: dict[int, int] = {}
        self._words: set[int] = set()

    @property
    def learnt(self) -> bool:
        """Whether it has seen enough; only rows with words where none were are of interest then."""
        return self._rows >= LOOK_AHEAD

    def learn(self, cells: Sequence[str]) -> None:
        """Takes a row for one of the table."""
        filled = 0
        for at, cell in enumerate(cells):
            if text := cell.strip(BLANKS):
                filled += 1
                if at not in self._words:
                    self._learn_cell(at, text)
        self._least = min(self._least, filled) if self._rows else filled
        self._rows += 1

    def _learn_cell(self, at: int, text: str) -> None:
        if _DIGIT_OR_AT.search(text) is None:
            self._words.add(at)
            self._marked.pop(at, None)
        else:
            self._marked[at] = self._marked.get(at, 0) + 1

    def words(self, cells: Sequence[str]) -> int:
        """How many columns hold a word in which each value so far had a digit or an @.

        None is counted if another such column holds what is usual there, or if there is not enough to go by.
        """
        found, seen = 0, 0
        for at, values in self._marked.items():
            if text := cells[at].strip(BLANKS):
                if _DIGIT_OR_AT.search(text) is not None:
                    return 0
                found, seen = found + 1, seen + values
        return found if seen >= (_FEW_MARKED if found > 1 else _FEW_MARKED_OF_ONE) else 0

    def is_title(self, cells: Sequence[str]) -> bool:
        """Whether the row fills one cell where each so far has filled more."""
        enough = self._rows >= _FEWEST_ROWS and self._least > 1
        return enough and sum(1 for cell in cells if cell.strip(BLANKS)) == 1


class TableBoundaryDetector:
    """Judges the rows of one roster, in their order.

    Args:
        columns: its own headers.
        first: its first rows, which tell whether it is spaced out.
        gaps: whether a row number that is left out stands for a blank row.
    """

    def __init__(self, columns: Sequence[str], first: Sequence[SourceRow] = (), *, gaps: bool = True) -> None:
        self._columns = [plain(name) for name in columns]
        self._names = KNOWN.keys() | self._columns
        self._other: tuple[int, str] | None = None
        self._usual = ColumnProfile()
        self._gaps = gaps and not _spaced_out(first)
        self._is_plan = ROW in columns
        self._last: int | None = None
        self._untold = False
        self._told = 0

    def judged(self, row: SourceRow) -> SourceRow:
        """The row; a problem if it is a header, or stands in another table; a doubt if one may begin there."""
        number, last = row.location.row, self._last
        self._last = number
        gap = self._gaps and last is not None and number > last + 1
        if self._is_header(row):
            self._other = None if self._is_the_first(row.cells) else (number, _OTHER_COLUMNS)
            self._untold = False
            return _refused(replace(row, problem=None), "this row is a header")
        if self._other is not None:
            where, what = self._other
            return _refused(row, f"stands below row {where}, {what}")
        if self._is_plan or ROW_MARK in row.fields:
            return row
        words = self._usual.words(row.cells)
        if (gap or words) and (why := self._unlike(row, words, gap=gap)):
            self._other = number, _BEGINS
            return _refused(row, why)
        self._untold = self._untold or gap
        if row.problem is not None:
            return row
        if words or not self._usual.learnt:
            self._usual.learn(row.cells)
        return self._doubted(row, words) if words or self._untold else row

    def _unlike(self, row: SourceRow, words: int, *, gap: bool) -> str:
        """Why the row must be the header or the title of another table; empty if it need not."""
        if words >= _SURE or (gap and words):
            where = "stands below blank rows and " if gap else ""
            return f"{where}holds words where the rows above hold ids or dates, as a header does"
        if not gap:
            return ""
        if self._usual.is_title(row.cells):
            return "stands alone below blank rows, as the title of another table does"
        ragged = row.problem is not None and row.problem.code == catalogue.RAGGED_ROW
        return "stands below blank rows and is longer than the header" if ragged else ""

    def _doubted(self, row: SourceRow, words: int) -> SourceRow:
        if words:
            why = "holds words where the rows above hold ids or dates"
        elif self._told < _MOST_TOLD:
            self._told += 1
            why = "stands below blank rows" + ("; later ones are not told" if self._told == _MOST_TOLD else "")
        else:
            return row
        self._untold = False
        return replace(row, warnings=(*row.warnings, RowProblem(catalogue.ANOTHER_TABLE, why)))

    def _is_header(self, row: SourceRow) -> bool:
        for field in _TELLING:  # a loop, since it is run for every row
            if (text := row.fields.get(field)) is not None:
                if _plain(text) not in self._names:
                    return False
                break
        names = [plain(cell) for cell in row.cells if clean_cell(cell)]
        named = sum(name in self._names for name in names)
        return named >= min(_FEWEST, len(self._columns)) and 2 * named > len(names)

    def _is_the_first(self, cells: Sequence[str]) -> bool:
        return all(plain(cell) in {"", name} for cell, name in zip(cells, self._columns, strict=False))


def _refused(row: SourceRow, why: str) -> SourceRow:
    """The row as one that cannot be used; what was wrong with it before stands."""
    return replace(row, problem=row.problem or RowProblem(catalogue.SECOND_HEADER, why), warnings=())


def _spaced_out(first: Sequence[SourceRow]) -> bool:
    numbers = [row.location.row for row in first]
    gaps = sum(later > earlier + 1 for earlier, later in pairwise(numbers))
    return gaps >= _SPACED and 2 * gaps >= len(numbers)


_plain: Final = lru_cache(maxsize=4096)(plain)  # courses come again and again
