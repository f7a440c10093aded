"""The command `show`: the summary of a past run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.files import run_folder
from batch_enroll.wiring.ledger import open_past_run

if TYPE_CHECKING:
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.settings import Settings


def show(settings: Settings, run_id: str | None) -> RunSummary:
    """Returns the summary of one run (by its id, or its folder), or of the latest.

    Raises:
        UsageError: there is no such run.
    """
    with open_past_run(settings, run_id) as (ledger, record):
        return workflows.summarize_past_run(record, ledger, run_folder.files_in(Path(record.folder)))
