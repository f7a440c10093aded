"""The part of a run that can be undone: enrollments that it created and that nothing has changed since."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.guards.previous_runs import normalize_source_name, run_sources
from batch_enroll.core.guards.rules import LaterUse
from batch_enroll.core.model import EnrollmentState, OutcomeKind
from batch_enroll.core.planning.resume_planner import TO_RESUME
from batch_enroll.core.planning.row_planner import name_other_run
from batch_enroll.core.planning.sync_planner import WITHDRAWN_ALONG
from batch_enroll.core.roster.own_columns import WHY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import EnrollmentRequest, ResultRow, RunId
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger

UNDO: Final = "undo"  # the kind of such a run
UNDONE: Final = "undone"  # the fact that names the run it undoes
_BATCH: Final = 500


def find_created(run: RunRecord, ledger: Ledger) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
    """Yields the rows whose enrollments the run created and still owns, the last one first.

    An enrollment that a later run withdrew, created again or found at the server no longer belongs to this run, and
    one that a sync withdrew and created again never did.
    """
    rows = ledger.enrolled(run.run_id)
    while batch := list(islice(rows, _BATCH)):
        known = ledger.known([request.key for request, _ in batch])
        for request, row in batch:
            entry = known.get(request.key)
            ours = entry is not None and (entry.run_id, entry.state) == (run.run_id, EnrollmentState.ENROLLED)
            if ours and dict(zip(run.columns, row.cells, strict=False)).get(WHY) != WITHDRAWN_ALONG:
                yield request, row


def find_later_use(undone: RunRecord, ledger: Ledger) -> LaterUse | None:
    """Finds a later roster whose latest run found enrollments of the run, so that it sent nothing for them.

    A nightly roster relies on the enrollments of all nights before; an undo of one of those would withdraw them.
    """
    seen: set[tuple[str, ...]] = set()
    for run in ledger.runs():
        names = tuple(normalize_source_name(path) for path, _, _ in run_sources(run))
        if run.started_at <= undone.started_at or run.scope != undone.scope or run.dry_run or names in seen:
            continue
        seen.add(names)
        if run.outcomes.get(OutcomeKind.ALREADY_ENROLLED) and (rows := _count_relying_rows(run, undone, ledger)):
            return LaterUse(run.run_id, rows)
    return None


def _count_relying_rows(run: RunRecord, undone: RunRecord, ledger: Ledger) -> int:
    by_it = catalogue.SEEN_BY_LEDGER, name_other_run(undone.run_id)
    return sum((row.outcome.code, row.outcome.detail) == by_it for row in ledger.results(run.run_id))


def find_undo(run_id: RunId, ledger: Ledger) -> RunRecord | None:
    """Returns the latest run that undid, or began to undo, the run."""
    return next((run for run in ledger.runs() if run.kind == UNDO and run.facts.get(UNDONE) == run_id), None)


def is_unfinished(undo: RunRecord) -> bool:
    """Returns true if an undo has rows left to send, or never ended."""
    left = TO_RESUME | {OutcomeKind.FAILED}
    return undo.finished_at is None or any(undo.outcomes.get(kind, 0) for kind in left)
