"""What earlier runs found out about a server's limits, and how far that can be trusted today."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from batch_enroll.core.pace.base import LearnedLimits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from batch_enroll.core.model import Json
    from batch_enroll.core.run_record import RunRecord

FACT: Final = "pace"  # its place among a run's facts
_FRESH: Final = timedelta(days=1)
_STALE: Final = timedelta(days=14)
_SHARE_WHEN_FRESH: Final = 0.9  # of the limit: just below it, and the rest is felt for
_SHARE_WHEN_OLD: Final = 0.5


def remembered(runs: Iterable[RunRecord], scope: str, now: datetime) -> LearnedLimits | None:
    """Where to begin with the server of `scope`; None if nothing is known, or nothing recent. `runs`: latest first."""
    for run in runs:
        told = run.facts.get(FACT)
        if run.scope == scope and isinstance(told, dict) and run.finished_at is not None:
            age = now - run.finished_at
            if age > _STALE:
                return None
            return _part_of(told, _SHARE_WHEN_FRESH if age <= _FRESH else _SHARE_WHEN_OLD)
    return None


def _part_of(told: dict[str, Json], share: float) -> LearnedLimits | None:
    rate, in_flight = told.get("rate_per_s"), told.get("in_flight")
    found = LearnedLimits(
        share * rate if isinstance(rate, int | float) and rate > 0 else None,
        max(1, round(share * in_flight)) if isinstance(in_flight, int) else None,
    )
    return None if found == LearnedLimits() else found
