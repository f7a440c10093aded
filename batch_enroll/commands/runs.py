"""Commands over all past runs: they read the ledger, or clear it, and send nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.stores.lookup_cache import forget
from batch_enroll.core.errors import UsageError
from batch_enroll.wiring.alone import owner
from batch_enroll.wiring.id_lookup import ANSWERS_FILE
from batch_enroll.wiring.ledger import ledger_exists, open_ledger
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from datetime import timedelta

    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.settings import Settings


def runs(settings: Settings, limit: int) -> list[RunRecord]:
    """The latest runs, latest first, with their outcomes."""
    if not ledger_exists(settings):
        return []
    with ExitStack() as stack:
        return list(workflows.history(open_ledger(settings, stack), limit))


def purge(settings: Settings, older_than: timedelta) -> int:
    """Removes from the ledger what runs that ended so long ago hold of persons; how many runs that were.

    What was found of e-mails and titles is forgotten whatever its age: it can be asked for again.

    Raises:
        LedgerError: a run is going on, or the ledger cannot be written.
        UsageError: nothing can be that old.
    """
    forget(settings.state / ANSWERS_FILE)
    if not ledger_exists(settings):
        return 0
    try:
        before = utc_now() - older_than
    except OverflowError:
        raise UsageError(f"--older-than: {older_than.days} days ago there was no calendar") from None
    with ExitStack() as stack:
        ledger = open_ledger(settings, stack)
        ledger.lock(None, owner("purge"))
        return ledger.purge(before)
