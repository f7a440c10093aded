"""A past run in one line, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.model import ENROLLED_KINDS
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from batch_enroll.core.model import Json
    from batch_enroll.core.run_record import RunRecord


def line_of(run: RunRecord) -> dict[str, Json]:
    """The shape of one run in `runs --json`; a run that has not ended has null for its end and exit status."""
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "environment": run.environment,
        "base_url": run.base_url,
        "started_at": iso_utc(run.started_at),
        "finished_at": None if run.finished_at is None else iso_utc(run.finished_at),
        "rosters": [ref.path for ref in run.rosters],
        "rows": sum(run.outcomes.values()),
        "outcomes": dict(run.outcomes),
        "exit_status": run.exit_status,
    }


def well(run: RunRecord) -> int:
    """Rows that are enrolled, by this run or before."""
    return sum(run.outcomes.get(kind, 0) for kind in ENROLLED_KINDS)
