"""Rosters that a program holds in its hands: mappings, one a row, or a pandas DataFrame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from hashlib import sha256
from numbers import Integral, Real
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation, RowProblem
from batch_enroll.core.roster.formats import NUMBERED_TABLES
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.header_hints import question, suggestions
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.table_search import header_requirements
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.roster_format import TableFormat

NAME: Final = "rows"
Row: TypeAlias = Mapping[str, object]
_MISSING: Final = frozenset({"nan", "NaT", "<NA>"})  # as NumPy and pandas spell what is not there
_EXACT: Final = 2.0**53  # beyond, a float no longer tells one id from the next


class MappingRoster:
    """A RosterSource over rows whose keys are the columns. A row number counts from 1, as the rows were handed over.

    Args:
        rows: an iterator is read to its end at once; the first row names the columns, unless `columns` does.
        columns: the columns, where they are known.
        overrides: field to column, as `--map field=Header`.
        defaults_present: fields that have a default, so that their columns may lack.
        numbered: formats whose numbered courses count where no other column names the course.
    """

    name: Final = NAME

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        columns: Sequence[str] | None = None,
        overrides: Mapping[str, str] | None = None,
        defaults_present: frozenset[str] = frozenset(),
        numbered: Sequence[TableFormat] = NUMBERED_TABLES,
    ) -> None:
        self._rows = rows if isinstance(rows, Sequence) else list(rows)  # they are looked at more than once
        if not self._rows:
            raise RosterError(f"{NAME}: there are none")
        self._keys = tuple(self._rows[0] if columns is None else columns)
        self._digest, self._read = sha256(), 0
        if twice := [key for key, count in Counter(self._keys).items() if count > 1]:
            raise RosterError(f"{NAME}: several columns are called {twice[0]}; rename them")
        want = header_requirements(defaults_present, overrides or {})
        self._map = map_headers(self._keys, want.overrides, numbered=numbered)
        missing = [field for field in FIELDS if field in want.required and field not in self._map.spelt]
        if missing:
            raise RosterError(f"{NAME}: {question(missing, self._map.header)}")

    @property
    def numbered(self) -> TableFormat | None:
        """The format of lines that may hold several enrollments; None if each is a row."""
        return self._map.numbered

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, without those that results add."""
        return self._map.own_columns

    @property
    def estimated_rows(self) -> int | None:
        """How many rows there are."""
        return len(self._rows)

    def rows(self) -> Iterator[SourceRow]:
        """Every row that holds anything."""
        self._digest, self._read = sha256(), 0
        for row in self._rows:
            self._read += 1
            if (source := self._source(row)) is not None:
                yield source

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each column and the field it is read as."""
        return self._map.describe()

    def notes(self) -> tuple[str, ...]:
        """Columns that are not read and may have been meant to be."""
        return tuple(suggestions(self.describe()))

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read so far."""
        return (RosterRef(NAME, self._digest.hexdigest(), self._read, self._map.read_as),)

    def _source(self, row: Row) -> SourceRow | None:
        cells = [_text(row.get(key)) for key in self._keys]
        self._digest.update("\x1f".join(cells).encode(errors="surrogatepass") + b"\x1e")
        return self._map.row(RowLocation(NAME, self._read), cells, self._problem(row))

    def _problem(self, row: Row) -> RowProblem | None:
        if strange := [key for key in row if key not in self._keys]:
            message = f"has columns that the first row lacks: {', '.join(strange)}"
            return RowProblem(catalogue.RAGGED_ROW, message)
        for key, value in row.items():
            number = _inexact(value)
            if number is not None and _EXACT <= abs(number) < float("inf"):
                message = "a float has too few digits for such an id; hand it over as text"
                return RowProblem(catalogue.DAMAGED_CELL, message, key, _text(value))
        return None


def _text(value: object) -> str:
    """A value as a person would type it; None, NaN and NaT are blank, and a float that is whole has no tail."""
    if value is None or (not isinstance(value, str) and str(value) in _MISSING):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if (number := _inexact(value)) is not None and number.is_integer():
        return str(int(number))
    if isinstance(value, datetime) and value.time() == time.min and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _inexact(value: object) -> float | None:
    """A number that is no whole one by its type, NumPy's too."""
    return float(value) if isinstance(value, Real) and not isinstance(value, Integral) else None
