"""The text of notifications on a run: counts and causes, never a name, an id or a value of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import OutcomeKind
from batch_enroll.core.reporting.headline import format_headline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.reporting.run_summary import RunSummary

_CAUSES: Final = 8


@frozen
class Notification:
    """A title and a few lines; `well` is true if nothing needs attention."""

    title: str
    body: str
    well: bool


def notification_for(summary: RunSummary) -> Notification:
    """The notification on a run that has a summary."""
    well = summary.exit_status == 0
    urgent = "" if well else f"needs attention (exit {summary.exit_status}): "
    title = f"batch-enroll on {summary.run.environment}: {urgent}{format_headline(summary)}"
    return Notification(title, "\n".join(_lines(summary)), well)


def notification_without_run(environment: str, exit_status: int, meaning: str) -> Notification:
    """The notification on a command without a run; its own message may quote the roster and is left out."""
    if exit_status == 0:
        return Notification(f"batch-enroll on {environment}: nothing to do", "Nothing was sent.", well=True)
    title = f"batch-enroll on {environment}: failed (exit {exit_status})"
    return Notification(title, f"{meaning[:1].upper()}{meaning[1:]}. See the log on this machine.", well=False)


def _lines(summary: RunSummary) -> Iterator[str]:
    yield f"Run {summary.run.run_id}"
    yield ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in summary.outcomes.items() if count)
    if summary.run.ending:
        yield "The run was stopped before it was complete."
    causes = [cause for cause in summary.causes if cause.outcome != OutcomeKind.SKIPPED]
    yield from (f"{cause.code} {cause.count:,} x {cause.title}" for cause in causes[:_CAUSES])
    if len(causes) > _CAUSES:
        yield f"and {len(causes) - _CAUSES} more causes"
    yield from (f"Unusual: {warning}" for warning in summary.warnings)
