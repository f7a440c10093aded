"""The command `purge`: removes what old runs hold of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.adapters.stores.lookup_cache import forget
from batch_enroll.core.errors import UsageError
from batch_enroll.wiring.id_lookup import CACHE_FILE
from batch_enroll.wiring.ledger import describe_process, open_existing_ledger
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from datetime import timedelta

    from batch_enroll.settings import Settings


def purge(settings: Settings, older_than: timedelta) -> int:
    """Removes what runs that ended so long ago hold of persons from the ledger; returns how many runs that were.

    Ids found for e-mails and titles are removed whatever their age: they can be looked up again.

    Raises:
        LedgerError: a run uses the ledger, or it cannot be written.
        UsageError: no run can be that old.
    """
    forget(settings.state / CACHE_FILE)
    with open_existing_ledger(settings) as ledger:
        if ledger is None:
            return 0
        try:
            before = utc_now() - older_than
        except OverflowError:
            raise UsageError(f"--older-than: {older_than.days} days ago there was no calendar") from None
        ledger.lock(None, describe_process("purge"))
        return ledger.purge(before)
