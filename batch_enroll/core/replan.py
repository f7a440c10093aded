"""A run gone on with: which of its rows are planned again, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from batch_enroll.core import plan
from batch_enroll.core.model import Action, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batch_enroll.core.model import EnrollmentKey, LedgerEntry, PlannedRow, ResultRow
    from batch_enroll.core.plan import Reading, Rules

TO_RESUME: Final = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.NOT_ATTEMPTED})
TO_RETRY: Final = TO_RESUME | {OutcomeKind.FAILED}
TO_RETRY_ALL: Final = TO_RETRY | {OutcomeKind.REJECTED}


def replan(
    readings: Sequence[Reading],
    lines: Mapping[int, ResultRow],
    known: Mapping[EnrollmentKey, LedgerEntry],
    rules: Rules,
) -> list[PlannedRow]:
    """The plan of rows of which some were recorded before; `lines` are their results so far, by row number.

    A row that this run may have sent is looked up, and a seat that is found then is this run's work.
    """
    return [_owned(row, lines.get(row.row_no)) for row in plan.plan(readings, known, rules)]


def may_have_sent(line: ResultRow) -> bool:
    """Whether the row was claimed and never settled, or sent at least once; look-ups alone do not count."""
    return line.finished_at is None or line.outcome.attempts > 0


def _owned(row: PlannedRow, line: ResultRow | None) -> PlannedRow:
    request = row.request
    if request is None or request.action is not Action.LOOK_UP or line is None or not may_have_sent(line):
        return row
    return replace(row, request=replace(request, sent_before=True))
