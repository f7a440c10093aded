"""A table mended as far as that can be done without guessing: names, blanks, dates and repeats, never an id."""

from __future__ import annotations

import hashlib
from datetime import UTC, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Role, RowStatus
from batch_enroll.core.roster.cells import clean_cell, defuse
from batch_enroll.core.roster.dates import iso_utc, read_moment
from batch_enroll.core.roster.own_columns import ROW_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.model import Json, RowLocation, SourceRow

_MARKS: Final = (ROW_MARK, "enroll_outcome", "enroll_code")  # which make a row keep its code; see `headers`
_MIDNIGHT: Final = time(0, tzinfo=UTC)


class RepairSettings(StrEnum):
    """What was mended, in words."""

    HEADER = "renamed"
    BLANKS = "blanks removed around it"
    DATE = "written as an ISO date"
    WORD = "written as the field has it"
    REPEAT = "left out: says the same as an earlier row"


@frozen
class Change:
    """One thing that was mended: where, in which column, what stood there and what stands there now."""

    mending: RepairSettings
    location: RowLocation | None
    column: str
    before: str
    after: str

    def as_json(self) -> dict[str, Json]:
        """The change for programs."""
        location = self.location
        return {
            "what": self.mending.value,
            "row": None if location is None else location.row,
            "sheet": None if location is None else location.sheet,
            "column": self.column,
            "before": self.before,
            "after": self.after,
        }


class RosterRepairer:
    """Mends a table's rows one by one and keeps a list of what it changed.

    A field that two columns are read as is written once. A row that could not be read whole keeps its code in columns
    of ours, so that it stays INVALID until a person has mended it.

    Args:
        columns: each column of the table and the field it is read as, if any.
        marked: whether some of its rows could not be read whole.
    """

    def __init__(self, columns: Sequence[tuple[str, str]], *, marked: bool) -> None:
        self.changes: list[Change] = []
        self.rows = 0
        self.marked = marked
        fields = [field for _, field in columns]
        self._columns = [
            (at, column, field) for at, (column, field) in enumerate(columns) if not field or fields.index(field) == at
        ]
        self._fields = frozenset(filter(None, fields))
        self._seen: dict[bytes, RowLocation] = {}

    def header(self) -> list[str]:
        """The columns, those that are read by our names for them."""
        for _, column, field in self._columns:
            if field and clean_cell(column) != field:
                self.changes.append(Change(RepairSettings.HEADER, None, clean_cell(column), clean_cell(column), field))
        own = [field or self._unread(clean_cell(column)) for _, column, field in self._columns]
        return [*map(defuse, own), *_MARKS] if self.marked else own

    def row(self, source: SourceRow) -> list[str] | None:
        """The mended row, or None if an earlier one says the same in all that is read."""
        own: list[str] = []
        read: list[str] = []
        changes: list[Change] = []
        for at, column, field in self._columns:
            before = source.cells[at]
            after, mending = _mended(field, source.fields.get(field, "") if field else clean_cell(before))
            if after != before:
                changes.append(Change(mending, source.location, clean_cell(column), before, after))
            own.append(after)
            if field:
                read.append(after)
        if source.problem is None and (repeated := self._repeats(source.location, tuple(read))) is not None:
            self.changes.append(Change(RepairSettings.REPEAT, source.location, "", str(repeated), ""))
            return None
        self.changes += changes
        self.rows += 1
        return [*map(defuse, own), *_marks(source)] if self.marked else own

    def _unread(self, column: str) -> str:
        """A column that `--map` set aside must not be taken for the one that is meant."""
        return f"{column} (not read)" if column in self._fields else column

    def _repeats(self, place: RowLocation, cells: tuple[str, ...]) -> RowLocation | None:
        digest = hashlib.blake2b(repr(cells).encode(errors="surrogatepass"), digest_size=16).digest()
        known = self._seen.setdefault(digest, place)
        return None if known is place else known


def _marks(source: SourceRow) -> tuple[str, ...]:
    return ("", "", "") if source.problem is None else ("", "invalid", source.problem.code)


def _mended(field: str, text: str) -> tuple[str, RepairSettings]:
    mend = _MENDERS.get(field)
    mended = text if mend is None else mend(text)
    if mended == text:
        return text, RepairSettings.BLANKS
    return mended, RepairSettings.DATE if mend is _date else RepairSettings.WORD


def _date(text: str) -> str:
    try:
        at = read_moment(text)
    except ValueError:
        return text
    return at.date().isoformat() if at.timetz() == _MIDNIGHT else iso_utc(at)


def _word(words: frozenset[str]) -> Callable[[str], str]:
    return lambda text: text.lower() if text.lower() in words else text


_MENDERS: Final[dict[str, Callable[[str], str]]] = {
    "begin_date": _date,
    "end_date": _date,
    "role": _word(frozenset(Role)),
    "status": _word(frozenset(RowStatus)),
}
