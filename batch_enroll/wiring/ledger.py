"""The ledger of a command: opened and closed, locked for one run at a time, searched for past runs."""

from __future__ import annotations

import os
import platform
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.adapters.ledger.dry_run_ledger import DryRunLedger
from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import Owner
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings

LEDGER_FILE: Final = "ledger.sqlite3"
_LATEST: Final = 3  # runs that are named where one is not found


def has_ledger(settings: Settings) -> bool:
    """Returns true if there is a ledger to read; asking creates no file. One with a URL reports that itself."""
    return bool(settings.ledger_url.get_secret_value()) or (settings.state / LEDGER_FILE).exists()


def describe_ledger(settings: Settings) -> str:
    """Names the ledger in messages; a URL is not repeated, since it may hold a password."""
    return "that ledger" if settings.ledger_url.get_secret_value() else str(settings.state)


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """Opens the ledger in the state folder, or the one that the settings name by its URL.

    Raises:
        LedgerError: it cannot be opened; no data was touched.
    """
    with closing(SqlLedger(settings.ledger_url.get_secret_value() or settings.state / LEDGER_FILE, utc_now)) as ledger:
        yield ledger


@contextmanager
def open_existing_ledger(settings: Settings) -> Iterator[Ledger | None]:
    """Opens the ledger if there is one; otherwise yields None and creates no file. Raises as `open_ledger`."""
    if not has_ledger(settings):
        yield None
        return
    with open_ledger(settings) as ledger:
        yield ledger


@contextmanager
def open_scratch_ledger(real: Ledger | None) -> Iterator[Ledger]:
    """Opens a ledger that reads the real one and forgets what is written to it."""
    with (
        TemporaryDirectory(prefix="batch-enroll-") as folder,
        closing(SqlLedger(Path(folder) / LEDGER_FILE, utc_now)) as scratch,
    ):
        yield DryRunLedger(real, scratch)


@contextmanager
def open_past_run(settings: Settings, run_id: str | None) -> Iterator[tuple[Ledger, RunRecord]]:
    """Opens the ledger and finds a run in it: by its id or folder, or the latest.

    Raises:
        UsageError: there is no such run.
    """
    if not has_ledger(settings):
        raise UsageError(f"there are no runs in {describe_ledger(settings)}; start one with: batch-enroll run ROSTER")
    with open_ledger(settings) as ledger:
        record = ledger.run(None if run_id is None else RunId(Path(run_id).name))
        if record is None:
            latest = [past.run_id for past, _ in zip(ledger.runs(), range(_LATEST), strict=False)]
            known = f"; the latest are {', '.join(latest)}" if latest else ""
            which = "no run" if run_id is None else f"no run {run_id}"
            raise UsageError(f"there is {which} in {describe_ledger(settings)}{known}")
        yield ledger, record


def refuse_another_server(settings: Settings, record: RunRecord) -> None:
    """Accepts only settings that lead to the server of the run: what is left of it concerns no other server.

    Raises:
        UsageError: they lead elsewhere, or the server is gone.
    """
    again = " ".join(["batch-enroll run", *(ref.path for ref in record.rosters)])
    if not record.lasting:
        raise UsageError(
            f"run {record.run_id} was a rehearsal inside its own process; that server is gone, and its enrollments "
            f"with it. Rehearse it again: {again} --env {record.environment}"
        )
    if record.scope != settings.base_url:
        raise UsageError(
            f"run {record.run_id} enrolled at {record.base_url} ({record.environment}), but these settings lead to "
            f"{settings.base_url or 'a rehearsal of its own'}; choose the same server with --env or --base-url"
        )


def acquire_run_lock(settings: Settings, ledger: Ledger, command: str) -> None:
    """Locks the ledger for the server of `settings` until the ledger is closed; an embedded rehearsal has its own.

    Raises:
        LedgerError: another run uses the same ledger and server.
    """
    scope = settings.base_url or f"rehearsal of process {os.getpid()} on {platform.node()}"
    ledger.lock(scope, describe_process(command))


def describe_process(command: str) -> Owner:
    """Describes this process to others that wait for its lock."""
    return Owner(os.getpid(), platform.node(), command, utc_now())
