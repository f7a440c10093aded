"""What a run tells people who did not watch it: counts and causes, never a name, an id or a value of the roster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import SETTLED_WELL, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.summary import RunSummary

_CAUSES: Final = 8


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A title, a few lines, and whether all is well."""

    title: str
    body: str
    well: bool


def of_run(summary: RunSummary) -> Bulletin:
    """The bulletin of a run that has a summary."""
    fine = sum(summary.outcomes.get(kind, 0) for kind in SETTLED_WELL)
    run, well = summary.run, summary.exit_status == 0
    word = "done" if well else f"needs attention (exit {summary.exit_status})"
    title = f"batch-enroll on {run.environment}: {word}, {fine:,} of {summary.rows:,} rows enrolled"
    return Bulletin(title, "\n".join(_lines(summary)), well)


def of_failure(environment: str, exit_status: int, meaning: str) -> Bulletin:
    """The bulletin of a command that ended without one; its own message may quote the roster, so it is not told."""
    title = f"batch-enroll on {environment}: failed (exit {exit_status})"
    return Bulletin(title, f"{meaning[:1].upper()}{meaning[1:]}. The machine's own log says more.", well=False)


def _lines(summary: RunSummary) -> Iterator[str]:
    yield f"Run {summary.run.run_id}"
    yield ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in summary.outcomes.items() if count)
    if summary.run.ending:
        yield "The run was stopped before its end."
    causes = [cause for cause in summary.causes if cause.outcome != OutcomeKind.SKIPPED]
    yield from (f"{cause.code} {cause.count:,} x {cause.title}" for cause in causes[:_CAUSES])
    if len(causes) > _CAUSES:
        yield f"and {len(causes) - _CAUSES} more causes"
    yield from (f"Unusual: {warning}" for warning in summary.warnings)
