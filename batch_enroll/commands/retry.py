"""The command `retry`: resumes a run, and sends what failed in it again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.commands.resume import ResumeRequest, resume_past_run
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.model import KINDS_TO_FIX
from batch_enroll.core.planning.resume_planner import TO_RETRY, TO_RETRY_ALL
from batch_enroll.wiring.guards import refuse_unconfirmed
from batch_enroll.wiring.runtime import run_async

if TYPE_CHECKING:
    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm
    from batch_enroll.workflows import ResumeResult


def retry(
    settings: Settings,
    run_id: str | None,
    *,
    rejected: bool,
    accept_changes: bool,
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> ResumeResult:
    """Resumes, and sends what failed again; with `rejected` also what the server refused. Raises as `resume`."""
    again = TO_RETRY_ALL if rejected else TO_RETRY
    request = ResumeRequest("retry", again, accept_changes, confirm=confirm, allowed=allowed)
    return run_async(partial(resume_past_run, settings, run_id, request))


def retry_from(
    settings: Settings, run_id: str | None, corrections: str, confirm: Confirm = refuse_unconfirmed
) -> ResumeResult:
    """Sends the rows that were corrected in a file of the run's results, and no others. Raises as `resume`."""
    request = ResumeRequest("retry", KINDS_TO_FIX, corrections=corrections, confirm=confirm)
    return run_async(partial(resume_past_run, settings, run_id, request))
