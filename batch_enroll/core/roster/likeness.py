"""What the rows of one table are like, learnt from its first ones, so that a row of another table is told apart.

Ids, e-mails and dates have a digit or an @ in nearly every roster, and the words of a header have neither; a title
stands in one cell where rows fill several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from batch_enroll.core.roster.cells import BLANKS
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARK: Final = re.compile(r"[\d@]")
_FEW: Final = 3  # values of several columns, all alike, are no accident
_FEW_OF_ONE: Final = 10  # values of one column: three logins may well have digits, and the fourth none
_FEWEST_ROWS: Final = 2  # before one that stands alone is a title


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
        if _MARK.search(text) is None:
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
                if _MARK.search(text) is not None:
                    return 0
                found, seen = found + 1, seen + values
        return found if seen >= (_FEW if found > 1 else _FEW_OF_ONE) else 0

    def is_title(self, cells: Sequence[str]) -> bool:
        """Whether the row fills one cell where each so far has filled more."""
        enough = self._rows >= _FEWEST_ROWS and self._least > 1
        return enough and sum(1 for cell in cells if cell.strip(BLANKS)) == 1
