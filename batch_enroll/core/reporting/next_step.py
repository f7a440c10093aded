"""The command to type after a run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind
from batch_enroll.core.planning.resume_planner import TO_RESUME

if TYPE_CHECKING:
    from batch_enroll.core.reporting.run_summary import RunSummary

_INTERRUPTED: Final = frozenset({130, 143})


class NextStep(NamedTuple):
    """A command, and the purpose of typing it."""

    why: str
    words: list[str]

    @property
    def command(self) -> str:
        """The command quoted for a shell."""
        return shlex.join(self.words)


def suggest_next_step(summary: RunSummary) -> NextStep | None:
    """The command to type after this run; None when nothing is left to do."""
    run, failed = summary.run, summary.files.get("failed")
    to_fix = any(summary.outcomes.get(kind, 0) for kind in KINDS_TO_FIX)
    server = ["--env", run.environment] if run.environment != "custom" else ["--base-url", run.base_url]
    again = ["batch-enroll", "run", *(roster.path for roster in run.rosters)]
    if summary.undone:
        again = ["batch-enroll", "undo", summary.undone]
    if run.dry_run:
        return NextStep("Next: the same without --dry-run", [*again, *server])
    if run.lasting and any(summary.outcomes.get(kind, 0) for kind in TO_RESUME):
        return NextStep("Next: continue with the remaining rows", ["batch-enroll", "resume", run.run_id, *server])
    if run.lasting and to_fix:
        return _suggest_retry(summary, server)
    if failed is None and summary.exit_status in _INTERRUPTED and run.rosters:
        return NextStep("Next: run it again; enrolled rows are not sent twice", [*again, *server])
    if failed is None or not to_fix:
        return None
    why = (
        "Next: continue with the remaining rows" if summary.exit_status in _INTERRUPTED else "Next: fix the rows, then"
    )
    return NextStep(why, ["batch-enroll", "run", failed, *server])


def _suggest_retry(summary: RunSummary, server: list[str]) -> NextStep:
    """Sends failed rows again as they are; if no row failed, rows are fixed first."""
    retry, failed = ["batch-enroll", "retry", summary.run.run_id], summary.files.get("failed")
    if summary.outcomes.get(OutcomeKind.FAILED, 0) or failed is None:
        return NextStep("Next: send the failed rows again", [*retry, *server])
    return NextStep("Next: fix the rows, then", [*retry, "--from", failed, *server])
