"""What to type after a run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind
from batch_enroll.core.planning.resume_planner import TO_RESUME

if TYPE_CHECKING:
    from batch_enroll.core.reporting.run_summary import RunSummary

_INTERRUPTED: Final = frozenset({130, 143})


class NextStep(NamedTuple):
    """A command, and why one would type it."""

    why: str
    words: list[str]

    @property
    def command(self) -> str:
        """The command as it can be pasted, blanks in paths or not."""
        return shlex.join(self.words)


def next_step(summary: RunSummary) -> NextStep | None:
    """What to type after this run; None when nothing is left to do."""
    run, failed = summary.run, summary.files.get("failed")
    to_fix = any(summary.outcomes.get(kind, 0) for kind in KINDS_TO_FIX)
    server = ["--env", run.environment] if run.environment != "custom" else ["--base-url", run.base_url]
    again = ["batch-enroll", "run", *(roster.path for roster in run.rosters)]
    if summary.undone:
        again = ["batch-enroll", "undo", summary.undone]
    if run.dry_run:
        return NextStep("Next: the same without --dry-run", [*again, *server])
    if run.lasting and any(summary.outcomes.get(kind, 0) for kind in TO_RESUME):
        return NextStep("Next: go on with what is left", ["batch-enroll", "resume", run.run_id, *server])
    if run.lasting and to_fix:
        return _next_try(summary, server)
    if failed is None and summary.exit_status in _INTERRUPTED and run.rosters:
        return NextStep("Next: run it again; what is enrolled is not sent twice", [*again, *server])
    if failed is None or not to_fix:
        return None
    why = "Next: go on with what is left" if summary.exit_status in _INTERRUPTED else "Next: mend the rows, then"
    return NextStep(why, ["batch-enroll", "run", failed, *server])


def _next_try(summary: RunSummary, server: list[str]) -> NextStep:
    """Rows that only failed can go as they are; the others are mended first."""
    retry, failed = ["batch-enroll", "retry", summary.run.run_id], summary.files.get("failed")
    if summary.outcomes.get(OutcomeKind.FAILED, 0) or failed is None:
        return NextStep("Next: send what failed again", [*retry, *server])
    return NextStep("Next: mend the rows, then", [*retry, "--from", failed, *server])
