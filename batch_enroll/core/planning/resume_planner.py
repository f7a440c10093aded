"""Plans of rows that an earlier part of the run has recorded, and the changes of a roster since then."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import SUCCESS_KINDS, Action, OutcomeKind
from batch_enroll.core.planning import row_planner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from batch_enroll.core.model import EnrollmentKey, LedgerEntry, PlannedRow, ResultRow, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings

TO_RESUME: Final = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.NOT_ATTEMPTED})
TO_RETRY: Final = TO_RESUME | {OutcomeKind.FAILED}
TO_RETRY_ALL: Final = TO_RETRY | {OutcomeKind.REJECTED}
_NAMED: Final = 20


@frozen
class Changes:
    """The differences between a roster and the cells that a run recorded of it.

    Attributes:
        places: the locations of the first changed rows.
        changed: rows whose cells changed.
        enrolled: those of them that were enrolled before they changed.
        added: rows at the end that the run did not record.
        gone: recorded rows after the end of the roster.
    """

    places: tuple[str, ...] = ()
    changed: int = 0
    enrolled: int = 0
    added: int = 0
    gone: int = 0

    def __str__(self) -> str:
        more = ", ..." if self.changed > len(self.places) else ""
        parts = [
            f"{self.changed} changed ({', '.join(self.places)}{more})" if self.changed else "",
            f"{self.added} at its end not recorded before" if self.added else "",
            f"{self.gone} at its end gone" if self.gone else "",
        ]
        shown = "; ".join(part for part in parts if part)
        return f"rows: {shown}" if shown else "no recorded row has other cells, but the files differ"


def compare_rows(sources: Iterable[SourceRow], lines: Iterable[ResultRow]) -> Changes:
    """Returns the differences between a roster as it is now and the recorded cells, row by row."""
    places: list[str] = []
    changed = enrolled = added = gone = 0
    for source, line in zip_longest(sources, lines):
        if line is None:
            added += 1
        elif source is None:
            gone += 1
        elif source.cells != line.cells:
            changed += 1
            enrolled += line.outcome.kind in SUCCESS_KINDS
            if len(places) < _NAMED:
                places.append(str(source.location))
    return Changes(tuple(places), changed, enrolled, added, gone)


def replan_rows(
    readings: Sequence[ParsedRow],
    lines: Mapping[int, ResultRow],
    known: Mapping[EnrollmentKey, LedgerEntry],
    rules: PlanSettings,
) -> list[PlannedRow]:
    """Returns the plan of rows of which some were recorded before; `lines` are their results so far, by row number.

    A row that this run may have sent is looked up, and an enrollment that is found then is the work of this run.
    """
    return [_mark_as_ours(row, lines.get(row.row_no)) for row in row_planner.plan_rows(readings, known, rules)]


def may_have_sent(line: ResultRow) -> bool:
    """Returns True if the row was claimed and never settled, or sent at least once; look-ups alone do not count."""
    return line.finished_at is None or line.outcome.attempts > 0


def _mark_as_ours(row: PlannedRow, line: ResultRow | None) -> PlannedRow:
    request = row.request
    if request is None or request.action is not Action.LOOK_UP or line is None or not may_have_sent(line):
        return row
    if row.cells != line.cells:  # corrected: another enrollment was sent
        return row
    return replace(row, request=replace(request, sent_before=True))
