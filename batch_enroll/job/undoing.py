"""What is left of a run's own work: the seats that it created and that nothing has changed since."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import OutcomeKind, SeatState
from batch_enroll.core.replan import TO_RESUME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import EnrollmentRequest, ResultRow, RunId, RunRecord
    from batch_enroll.ports import Ledger

UNDO: Final = "undo"  # the kind of such a run
UNDONE: Final = "undone"  # the fact that names the run it undoes
_BATCH: Final = 500


def created_by(run_id: RunId, ledger: Ledger) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
    """The rows whose seats the run created, the last one first; only those of which it still has the last word.

    A seat that a later run withdrew, enrolled again or found at the server is no longer this run's to take away.
    """
    rows = ledger.enrolled(run_id)
    while batch := list(islice(rows, _BATCH)):
        known = ledger.known([request.key for request, _ in batch])
        for request, row in batch:
            entry = known.get(request.key)
            if entry is not None and (entry.run_id, entry.state) == (run_id, SeatState.ENROLLED):
                yield request, row


def undo_of(run_id: RunId, ledger: Ledger) -> RunRecord | None:
    """The latest run that undid, or began to undo, the run."""
    return next((run for run in ledger.runs() if run.kind == UNDO and run.facts.get(UNDONE) == run_id), None)


def unfinished(undo: RunRecord) -> bool:
    """Whether an undo has rows left to be sent, or never ended."""
    left = TO_RESUME | {OutcomeKind.FAILED}
    return undo.finished_at is None or any(undo.outcomes.get(kind, 0) for kind in left)
