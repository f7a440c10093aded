"""A header in the middle of a roster: exports put one below the other, or a second table on one sheet.

Where it names the columns as the first one does, the table goes on below it. Where it does not, what stands below is in
other columns than those that are read, and none of it may be sent.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from batch_enroll.core import catalogue
from batch_enroll.core.cells import clean
from batch_enroll.core.headers import KNOWN, plain
from batch_enroll.core.model import RowProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import SourceRow

_TELLING: Final = ("course_id", "class_id", "course_title", "course_code", "user_id", "user_email")  # few values first
_FEWEST: Final = 2  # known headers in one row are no accident


class SecondHeader:
    """Judges the rows of one roster, in their order.

    Args:
        columns: its own headers.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = [plain(name) for name in columns]
        self._names = KNOWN.keys() | self._columns
        self._other: int | None = None

    def judged(self, row: SourceRow) -> SourceRow:
        """The row; a problem if it is a header, or stands below one with other columns."""
        if self._is_header(row):
            self._other = None if self._is_the_first(row.cells) else row.place.row
            return replace(row, problem=RowProblem(catalogue.SECOND_HEADER, "this row is a header"), doubts=())
        if self._other is None or row.problem is not None:
            return row
        below = f"stands below row {self._other}, a header that names other columns than the first one"
        return replace(row, problem=RowProblem(catalogue.SECOND_HEADER, below), doubts=())

    def _is_header(self, row: SourceRow) -> bool:
        for field in _TELLING:  # a loop, since it is run for every row
            if (text := row.fields.get(field)) is not None:
                if _plain(text) not in self._names:
                    return False
                break
        names = [plain(cell) for cell in row.cells if clean(cell)]
        named = sum(name in self._names for name in names)
        return named >= min(_FEWEST, len(self._columns)) and 2 * named > len(names)

    def _is_the_first(self, cells: Sequence[str]) -> bool:
        return all(plain(cell) in {"", name} for cell, name in zip(cells, self._columns, strict=False))


_plain: Final = lru_cache(maxsize=4096)(plain)  # courses come again and again
