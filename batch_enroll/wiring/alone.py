"""One run at a time for the same ledger and server."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from batch_enroll.core.run_record import Owner
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings


def acquire_run_lock(settings: Settings, ledger: Ledger, command: str) -> None:
    """Locks the ledger for the server of `settings` until the ledger is closed; an embedded rehearsal has its own.

    Raises:
        LedgerError: another run with the same ledger and server is going on.
    """
    ledger.lock(settings.base_url or f"rehearsal of process {os.getpid()} on {platform.node()}", owner(command))


def owner(command: str) -> Owner:
    """This process, as others are told of it."""
    return Owner(os.getpid(), platform.node(), command, utc_now())
