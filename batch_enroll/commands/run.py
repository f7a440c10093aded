"""The command `run`: enrolls rosters."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.core.guards.rules import NOTHING_ALLOWED
from batch_enroll.core.planning.protected_enrollments import NOTHING_PROTECTED
from batch_enroll.wiring.guards import NOT_CONFIRMED, check_guards, find_protected, refuse_unconfirmed
from batch_enroll.wiring.id_lookup import prepare_roster
from batch_enroll.wiring.ledger import open_ledger
from batch_enroll.wiring.rosters import open_rosters, open_rows
from batch_enroll.wiring.run_options import freeze_dates
from batch_enroll.wiring.run_session import open_run_session
from batch_enroll.wiring.runtime import run_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm
    from batch_enroll.wiring.run_session import HostProgram


def run(
    settings: Settings,
    rosters: Sequence[str],
    confirm: Confirm = refuse_unconfirmed,
    allowed: Allowance = NOTHING_ALLOWED,
) -> RunSummary:
    """Enrolls the rosters; the summary shows if the run stopped early. `confirm` is called before it withdraws.

    Raises:
        BatchEnrollError: nothing could be started, or the ledger could not be written.
    """
    return run_async(partial(_run, settings, rosters, confirm, allowed))


async def run_within(
    settings: Settings, rosters: Sequence[str], host: HostProgram, allowed: Allowance = NOTHING_ALLOWED
) -> RunSummary:
    """Enrolls inside the event loop of a program; if its task is cancelled, `resume` finishes it. Raises as `run`."""
    return await _run(settings, rosters, refuse_unconfirmed, allowed, host)


async def _run(
    settings: Settings, rosters: Sequence[str], confirm: Confirm, allowed: Allowance, host: HostProgram | None = None
) -> RunSummary:
    settings = freeze_dates(settings)
    source = open_rosters(settings, rosters) if host is None or rosters else open_rows(settings, host.rows)
    roster = prepare_roster(settings, source, keeps_first_rows=True)
    rosters = rosters or [STDIN]  # neither can be read again later
    looks_up = bool(roster.search) and not settings.dry_run
    protected = NOTHING_PROTECTED
    with open_ledger(settings) as ledger:
        passed = check_guards(settings, rosters, roster, ledger, allowed, named=looks_up)
        if settings.withdraw and not looks_up:
            protected = find_protected(settings, rosters, roster, ledger, confirm)
        async with open_run_session(settings, ledger, "run", rosters[0], host=host) as session:
            looked_up = await session.look_up_ids(roster)
            facts = passed.facts | ({"looked_up": list(looked_up.notes)} if looked_up.notes else {})
            if settings.withdraw and looks_up and looked_up.stopped is None:
                protected = find_protected(settings, rosters, roster, ledger, confirm)
            elif settings.withdraw and looks_up:
                facts[NOT_CONFIRMED] = True
            record = session.make_record(roster, rosters, facts=facts, requests=looked_up.requests)
            rules = replace(session.make_plan_settings(), kept=protected)
            return await session.run(record, roster, rules, looked_up, roster.resolve, passed.capacity)
