"""The command `check`: reports what a run would refuse or skip, and sends nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.protected_enrollments import NOTHING_PROTECTED
from batch_enroll.core.run_record import RunRecord
from batch_enroll.wiring.guards import evaluate, find_protected
from batch_enroll.wiring.id_lookup import look_up_ids, prepare_roster
from batch_enroll.wiring.ledger import open_existing_ledger, open_scratch_ledger
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import make_estimate, make_plan_settings
from batch_enroll.wiring.run_outputs import open_progress
from batch_enroll.wiring.runtime import run_async, utc_now
from batch_enroll.wiring.server import open_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.reporting.check_summary import CheckSummary
    from batch_enroll.settings import Settings
    from batch_enroll.workflows import PreparedRoster

_RUN_ID = RunId("check")


def check(settings: Settings, rosters: Sequence[str], *, online: bool = False) -> CheckSummary:
    """Reports everything that a run would refuse or skip; enrolls no one and leaves nothing behind.

    `online` looks every id and name of the rosters up at the server.

    Raises:
        RosterError: a roster has no readable header.
        AuthRefusedError, RunStoppedError: the server does not answer.
    """
    roster = prepare_roster(settings, open_rosters(settings, rosters))
    notes = run_async(partial(_look_up, settings, roster)) if online else _describe_lookups(roster)
    with open_existing_ledger(settings) as known, open_scratch_ledger(known) as ledger:
        rules = make_plan_settings(settings, _RUN_ID, settings.base_url)
        protected = NOTHING_PROTECTED
        if settings.withdraw:
            protected = find_protected(settings, rosters, roster, ledger, None)
        checked = workflows.check(
            RunRecord(_RUN_ID, settings.env, settings.base_url, settings.base_url, roster.columns, utc_now(), ""),
            roster,
            replace(rules, kept=protected),
            ledger,
            make_estimate(settings),
            evaluate(settings, rosters, roster, known, whole=True),
        )
    return replace(checked, readings=(*checked.readings, *notes))


async def _look_up(settings: Settings, roster: PreparedRoster) -> tuple[str, ...]:
    with open_progress(settings) as sink:
        async with open_target(settings, _RUN_ID) as target:
            return (await look_up_ids(settings, target, roster, sink, online=True)).notes


def _describe_lookups(roster: PreparedRoster) -> tuple[str, ...]:
    """Describes what a run would look up at the server."""
    lookups = (f"{lookup}, when it runs; check --online asks now" for lookup in roster.search.told())
    return (*lookups, *roster.search.seen())
