"""Rows that a person corrected in `failed.csv` or `results.csv`, in the place of the rows of their run."""

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
    """The rows of a run in input order, each as `source` has it, or None where `source` does not name it.

    Raises:
        UsageError: a row names no row of the run, or one that another names too; or a column of the roster is missing.
        RosterError: the file cannot be read to its end.
    """

    def __init__(self, source: RosterSource, record: RunRecord, ledger: Ledger) -> None:
        self._record = record
        self._ledger = ledger
        order = _find_columns(source.columns, record.columns)
        self._enrollment_column = record.columns.index(SEAT_FROM) if SEAT_FROM in record.columns else None
        self._corrected: dict[tuple[str, str, str], SourceRow] = {}
        self._unchanged: list[str] = []
        for row in source.rows():
            self._add(replace(row, cells=tuple([row.cells[at] for at in order])))
        self._match()

    @property
    def estimated_rows(self) -> int | None:
        """The number of corrected rows."""
        return len(self._corrected)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on rows that were changed although they had succeeded."""
        if not self._unchanged:
            return ()
        named = ", ".join(self._unchanged[:_NAMED]) + (", ..." if len(self._unchanged) > _NAMED else "")
        return (f"changed but enrolled or skipped before, so kept as recorded: {len(self._unchanged)} ({named})",)

    def rows(self) -> Iterator[SourceRow | None]:
        """Yields one for each recorded row."""
        for line in self._ledger.results(self._record.run_id):
            row = self._find(line)
            yield None if row is None or line.outcome.kind not in KINDS_TO_FIX else replace(row, location=line.location)

    def refs(self) -> tuple[RosterRef, ...]:
        """Returns what the run itself read."""
        return self._record.rosters

    def _add(self, row: SourceRow) -> None:
        number, file = row.fields.get(ROW_MARK, ""), row.fields.get(ROSTER_MARK, "")
        if not number:
            raise UsageError(f"{row.location} does not say which row it corrects: {ROW_MARK} is missing or empty")
        other = self._corrected.setdefault((file, number, self._name_enrollment(row)), row)
        if other is not row:
            raise UsageError(f"{other.location} and {row.location} correct the same row; keep one of them")

    def _match(self) -> None:
        """Finds the row that each of them corrects."""
        unmatched = {id(row): row for row in self._corrected.values()}
        seen: set[int] = set()
        for line in self._ledger.results(self._record.run_id):
            row = self._find(line)
            if row is None:
                continue
            if id(row) in seen:
                raise UsageError(
                    f"{row.location} could correct {line.location} or another row of that number; add {ROSTER_MARK}"
                )
            seen.add(id(row))
            del unmatched[id(row)]
            if line.outcome.kind not in KINDS_TO_FIX and row.cells != line.cells:
                self._unchanged.append(str(row.location))
        if unmatched:
            raise UsageError(_describe_unmatched(self._record.run_id, *unmatched.values()))

    def _name_enrollment(self, row: SourceRow | ResultRow) -> str:
        """Returns the column of its line that holds the enrollment; empty if a line of this roster holds only one."""
        return "" if self._enrollment_column is None else row.cells[self._enrollment_column]

    def _find(self, line: ResultRow) -> SourceRow | None:
        number, enrollment = str(line.location.row), self._name_enrollment(line)
        for file in (line.location.file, ""):
            if (row := self._corrected.get((file, number, enrollment))) is not None:
                return row
        return None


def _describe_unmatched(run_id: RunId, first: SourceRow, *others: SourceRow) -> str:
    more = f" (and {len(others)} more rows)" if others else ""
    named = f"row {first.fields[ROW_MARK]} of {first.fields.get(ROSTER_MARK, 'the roster')}"
    return (
        f"{first.location}{more} corrects {named}, but run {run_id} has no such row; "
        "use the failed.csv or results.csv of this run"
    )


def _find_columns(columns: Sequence[str], required: Sequence[str]) -> list[int]:
    """Returns the positions of the required columns; those of equal names in their order."""
    at = places(numbered(required), columns)
    missing = [name for name, position in zip(required, at, strict=True) if position < 0]
    if missing:
        named = ", ".join(f'"{name}"' for name in missing)
        raise UsageError(
            f"columns of the roster are missing from the corrections: {named}; use the failed.csv of this run"
        )
    return at
