"""The command `runs`: the past runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.wiring.ledger import open_existing_ledger

if TYPE_CHECKING:
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.settings import Settings


def list_runs(settings: Settings, limit: int) -> list[RunRecord]:
    """Returns the latest runs, latest first, each with the counts of its outcomes."""
    with open_existing_ledger(settings) as ledger:
        return [] if ledger is None else list(workflows.list_runs(ledger, limit))
