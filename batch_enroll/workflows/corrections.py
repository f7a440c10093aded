"""Rows that a person mended in `failed.csv` or `results.csv`, laid over the rows of their run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import KINDS_TO_FIX
from batch_enroll.core.roster.column_alignment import numbered, places
from batch_enroll.core.roster.own_columns import ROSTER_MARK, ROW_MARK, SEAT_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.model import ResultRow, RunId, SourceRow
    from batch_enroll.core.run_record import RosterRef, RunRecord
    from batch_enroll.ports import Ledger, RosterSource

_NAMED: Final = 20


class Corrections:
    """The run's rows in input order, each as `source` has it, or None where `source` does not name it.

    Raises:
        UsageError: a row names no row of the run, or one that another names too; or a column of the roster lacks.
        RosterError: the file cannot be read to its end.
    """

    def __init__(self, source: RosterSource, record: RunRecord, ledger: Ledger) -> None:
        self._record = record
        self._ledger = ledger
        order = _order(source.columns, record.columns)
        self._seat_at = record.columns.index(SEAT_FROM) if SEAT_FROM in record.columns else None
        self._mended: dict[tuple[str, str, str], SourceRow] = {}
        self._kept: list[str] = []
        for row in source.rows():
            self._add(replace(row, cells=tuple([row.cells[at] for at in order])))
        self._match()

    @property
    def estimated_rows(self) -> int | None:
        """How many rows were mended."""
        return len(self._mended)

    @property
    def notes(self) -> tuple[str, ...]:
        """Rows that were changed although they were fine."""
        if not self._kept:
            return ()
        named = ", ".join(self._kept[:_NAMED]) + (", ..." if len(self._kept) > _NAMED else "")
        return (f"changed but enrolled or skipped before, so kept as recorded: {len(self._kept)} ({named})",)

    def rows(self) -> Iterator[SourceRow | None]:
        """One for each recorded row."""
        for line in self._ledger.results(self._record.run_id):
            row = self._found(line)
            yield None if row is None or line.outcome.kind not in KINDS_TO_FIX else replace(row, location=line.location)

    def refs(self) -> tuple[RosterRef, ...]:
        """What the run itself read."""
        return self._record.rosters

    def _add(self, row: SourceRow) -> None:
        number, file = row.fields.get(ROW_MARK, ""), row.fields.get(ROSTER_MARK, "")
        if not number:
            raise UsageError(f"{row.location} does not say which row it mends: {ROW_MARK} is missing or empty")
        other = self._mended.setdefault((file, number, self._seat(row)), row)
        if other is not row:
            raise UsageError(f"{other.location} and {row.location} mend the same row; keep one of them")

    def _match(self) -> None:
        """Finds the row that each of them mends."""
        open_rows = {id(row): row for row in self._mended.values()}
        seen: set[int] = set()
        for line in self._ledger.results(self._record.run_id):
            row = self._found(line)
            if row is None:
                continue
            if id(row) in seen:
                raise UsageError(
                    f"{row.location} could mend {line.location} or another row of that number; add {ROSTER_MARK}"
                )
            seen.add(id(row))
            del open_rows[id(row)]
            if line.outcome.kind not in KINDS_TO_FIX and row.cells != line.cells:
                self._kept.append(str(row.location))
        if open_rows:
            raise UsageError(_not_of(self._record.run_id, *open_rows.values()))

    def _seat(self, row: SourceRow | ResultRow) -> str:
        """Which of the seats of its line a row is; empty if a line of this roster holds one."""
        return "" if self._seat_at is None else row.cells[self._seat_at]

    def _found(self, line: ResultRow) -> SourceRow | None:
        place, number, seat = line.location, str(line.location.row), self._seat(line)
        return self._mended.get((place.file, number, seat)) or self._mended.get(("", number, seat))


def _not_of(run_id: RunId, first: SourceRow, *others: SourceRow) -> str:
    more = f" (and {len(others)} more rows)" if others else ""
    named = f"row {first.fields[ROW_MARK]} of {first.fields.get(ROSTER_MARK, 'the roster')}"
    return (
        f"{first.location}{more} mends {named}, but run {run_id} has no such row; "
        "use the failed.csv or results.csv of this run"
    )


def _order(columns: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the wanted columns stand; equal names in their order."""
    at = places(numbered(wanted), columns)
    missing = [name for name, place in zip(wanted, at, strict=True) if place < 0]
    if missing:
        named = ", ".join(f'"{name}"' for name in missing)
        raise UsageError(f"the corrections lack columns of the roster: {named}; use the failed.csv of this run")
    return at
