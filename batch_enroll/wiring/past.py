"""Past runs, found by their id or folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import RunId
from batch_enroll.wiring.ledger import ledger_exists, ledger_label, open_ledger

if TYPE_CHECKING:
    from contextlib import ExitStack

    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings


def find_run(settings: Settings, run_id: str | None, stack: ExitStack) -> tuple[Ledger, RunRecord]:
    """The ledger, closed with `stack`, and its record of a run: by id or folder, or the latest.

    Raises:
        UsageError: there is no such run.
    """
    if not ledger_exists(settings):
        raise UsageError(f"there are no runs in {ledger_label(settings)}; start one with: batch-enroll run ROSTER")
    ledger = open_ledger(settings, stack)
    record = ledger.run(None if run_id is None else RunId(Path(run_id).name))
    if record is None:
        latest = [past.run_id for past, _ in zip(ledger.runs(), range(3), strict=False)]
        known = f"; the latest are {', '.join(latest)}" if latest else ""
        which = "no run" if run_id is None else f"no run {run_id}"
        raise UsageError(f"there is {which} in {ledger_label(settings)}{known}")
    return ledger, record


def refuse_another_server(settings: Settings, record: RunRecord) -> None:
    """Nothing, if the settings lead to the server of the run: what is left of it is no other server's business.

    Raises:
        UsageError: they lead elsewhere, or the server is gone.
    """
    again = " ".join(["batch-enroll run", *(ref.path for ref in record.rosters)])
    if not record.lasting:
        raise UsageError(
            f"run {record.run_id} was a rehearsal inside its own process; that server is gone and its seats with it. "
            f"Rehearse it again: {again} --env {record.environment}"
        )
    if record.scope != settings.base_url:
        raise UsageError(
            f"run {record.run_id} enrolled at {record.base_url} ({record.environment}), but these settings lead to "
            f"{settings.base_url or 'a rehearsal of its own'}; choose the same server with --env or --base-url"
        )
