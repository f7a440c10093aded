"""What is left of a run's own work: the seats that it created and that nothing has changed since."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.guards.previous_runs import run_sources, source_name
from batch_enroll.core.guards.rules import LaterUse
from batch_enroll.core.model import EnrollmentState, OutcomeKind
from batch_enroll.core.planning.resume_planner import TO_RESUME
from batch_enroll.core.planning.row_planner import by_run
from batch_enroll.core.planning.sync_planner import GOES_ALONG
from batch_enroll.core.roster.own_columns import WHY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import EnrollmentRequest, ResultRow, RunId
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger

UNDO: Final = "undo"  # the kind of such a run
UNDONE: Final = "undone"  # the fact that names the run it undoes
_BATCH: Final = 500


def created_by(run: RunRecord, ledger: Ledger) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
    """The rows whose seats the run created, the last one first; only those of which it still has the last word.

    A seat that a later run withdrew, enrolled again or found at the server is no longer this run's to take away, and
    one that a sync took and gave back never was.
    """
    rows = ledger.enrolled(run.run_id)
    while batch := list(islice(rows, _BATCH)):
        known = ledger.known([request.key for request, _ in batch])
        for request, row in batch:
            entry = known.get(request.key)
            ours = entry is not None and (entry.run_id, entry.state) == (run.run_id, EnrollmentState.ENROLLED)
            if ours and dict(zip(run.columns, row.cells, strict=False)).get(WHY) != GOES_ALONG:
                yield request, row


def wanted_since(undone: RunRecord, ledger: Ledger) -> LaterUse | None:
    """The latest run of each later roster that found seats of the run and had nothing to send for them, if any does.

    A nightly roster wants the seats of all the nights before; an undo of one of those would take them.
    """
    seen: set[tuple[str, ...]] = set()
    for run in ledger.runs():
        names = tuple(source_name(path) for path, _, _ in run_sources(run))
        if run.started_at <= undone.started_at or run.scope != undone.scope or run.dry_run or names in seen:
            continue
        seen.add(names)
        if run.outcomes.get(OutcomeKind.ALREADY_ENROLLED) and (rows := _relying(run, undone, ledger)):
            return LaterUse(run.run_id, rows)
    return None


def _relying(run: RunRecord, undone: RunRecord, ledger: Ledger) -> int:
    by_it = catalogue.SEEN_BY_LEDGER, by_run(undone.run_id)
    return sum((row.outcome.code, row.outcome.detail) == by_it for row in ledger.results(run.run_id))


def undo_of(run_id: RunId, ledger: Ledger) -> RunRecord | None:
    """The latest run that undid, or began to undo, the run."""
    return next((run for run in ledger.runs() if run.kind == UNDO and run.facts.get(UNDONE) == run_id), None)


def unfinished(undo: RunRecord) -> bool:
    """Whether an undo has rows left to be sent, or never ended."""
    left = TO_RESUME | {OutcomeKind.FAILED}
    return undo.finished_at is None or any(undo.outcomes.get(kind, 0) for kind in left)
