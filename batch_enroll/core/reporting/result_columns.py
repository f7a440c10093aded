"""The table of results, the same in every format: the roster's own columns, then those of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes.catalogue import get_remedy
from batch_enroll.core.roster.cells import defuse, defused
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import ResultRow

ROSTER: Final = "enroll_roster"
OWN_COLUMNS: Final = (
    "enroll_row",
    "enroll_outcome",
    "enroll_code",
    "enroll_detail",
    "enroll_hint",
    "enroll_http_status",
    "enroll_attempts",
    "enroll_enrollment_id",
    "enroll_finished_at",
)


class ResultsTable:
    """Lines of the results below one header. Cells that a spreadsheet would run as formulas are defused.

    Args:
        columns: the roster's own columns; empty leaves its cells out.
        with_roster: adds a column that names the roster of each row.
    """

    def __init__(self, columns: Sequence[str], *, with_roster: bool = False) -> None:
        self._width = len(columns)
        self._with_roster = with_roster
        self.header = [*defused(columns), *((ROSTER,) if with_roster else ()), *OWN_COLUMNS]

    def line(self, row: ResultRow) -> list[str]:
        """The line of one row."""
        outcome, cells = row.outcome, row.cells
        if len(cells) != self._width:
            cells = (*cells[: self._width], *[""] * (self._width - len(cells)))
        line = defused(cells)
        if self._with_roster:
            line.append(defuse(row.location.file))
        code, detail, status, enrollment_id = outcome.code, outcome.detail, outcome.status, outcome.enrollment_id
        line += (
            str(row.location.row),
            outcome.kind,
            code,
            detail and defuse(detail),
            code and get_remedy(code),
            "" if status is None else str(status),
            str(outcome.attempts),
            defuse(enrollment_id) if enrollment_id else "",
            "" if row.finished_at is None else iso_utc(row.finished_at),
        )
        return line
