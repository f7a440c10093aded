"""Compares a run with the last runs of the same roster on the same server: what changed, and what looks abnormal.

For unattended runs. A first run has nothing to be compared with; warnings need three earlier runs.
"""

from __future__ import annotations

from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from batch_enroll.core.run_record import RunRecord

_COMPARED: Final = 7  # a week of nights
_FEWEST: Final = 3
_FEW_ROWS: Final = 5  # fewer failing rows are chance, even if they are a large share of a small roster
_FEW_REQUESTS: Final = 100  # with fewer, a rate means little
_SETTLED_BEFORE: Final = frozenset(
    {OutcomeKind.ALREADY_ENROLLED.value, OutcomeKind.ALREADY_WITHDRAWN.value, OutcomeKind.SKIPPED.value}
)


def comparable(run: RunRecord, runs: Iterable[RunRecord]) -> list[RunRecord]:
    """The latest seven finished runs with the same command, server and rosters, without `run` itself; latest first."""

    def alike(past: RunRecord) -> bool:
        same = (past.kind, past.scope, past.dry_run, _paths(past)) == (run.kind, run.scope, run.dry_run, _paths(run))
        return same and past.finished_at is not None and past.run_id != run.run_id

    return list(islice(filter(alike, runs), _COMPARED))


def changed(run: RunRecord, past: Sequence[RunRecord]) -> bool:
    """True if the run did anything, if its failures differ from those of the last run, or if there is no last run."""
    if not past or any(count and kind not in _SETTLED_BEFORE | KINDS_TO_FIX for kind, count in run.outcomes.items()):
        return True
    return (run.exit_status, _failing(run)) != (past[0].exit_status, _failing(past[0]))


def warnings(run: RunRecord, past: Sequence[RunRecord]) -> tuple[str, ...]:
    """A sentence for each strong deviation from the last runs; free of ids and names."""
    if len(past) < _FEWEST:
        return ()
    return tuple(_warnings(run, past))


def _warnings(run: RunRecord, past: Sequence[RunRecord]) -> Iterator[str]:
    rows, usual = _rows(run), _usual(_rows, past)
    if not usual / 2 <= rows <= usual * 2:
        yield f"the roster has {rows:,} rows; the last runs had about {usual:,.0f}"
    share, worst = _bad_share(run), max(map(_bad_share, past))
    if share > worst + 0.05 and sum(_failing(run).values()) >= _FEW_ROWS:
        yield f"{share:.0%} of the rows were not enrolled; in the last runs at most {worst:.0%}"
    repeated, usual = _repeats(run), _usual(_repeats, past)
    if repeated > usual + 0.2 and run.requests.sent >= _FEW_REQUESTS:
        yield f"{repeated:.0%} of the requests were repeats; in the last runs about {usual:.0%}"
    quick = [past_run for past_run in past if past_run.requests.sent >= _FEW_REQUESTS]
    if len(quick) >= _FEWEST and run.requests.sent >= _FEW_REQUESTS:
        speed, usual = _speed(run), _usual(_speed, quick)
        if speed < usual / 3:
            yield f"the run made {speed:,.1f} requests per second; the last runs made about {usual:,.1f}"


def _usual(measure: Callable[[RunRecord], float], past: Sequence[RunRecord]) -> float:
    return median(map(measure, past))


def _paths(run: RunRecord) -> tuple[str, ...]:
    return tuple(ref.path for ref in run.rosters)


def _rows(run: RunRecord) -> int:
    return sum(run.outcomes.values())


def _failing(run: RunRecord) -> dict[str, int]:
    return {kind: count for kind, count in run.outcomes.items() if count and kind in KINDS_TO_FIX}


def _bad_share(run: RunRecord) -> float:
    return sum(_failing(run).values()) / max(_rows(run), 1)


def _repeats(run: RunRecord) -> float:
    return run.requests.retried / max(run.requests.sent, 1)


def _speed(run: RunRecord) -> float:
    return run.requests.sent / max(run.duration_s, 1e-3)
