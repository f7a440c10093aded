"""The command `plan`: writes down what a run would send, and sends nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.files import plan_file
from batch_enroll.core.model import RunId
from batch_enroll.core.planning.plan_document import Plan, count_requests
from batch_enroll.core.roster.dates import iso_utc
from batch_enroll.core.run_record import RunRecord
from batch_enroll.wiring.guards import evaluate, find_protected
from batch_enroll.wiring.id_lookup import look_up_ids, prepare_roster
from batch_enroll.wiring.ledger import open_existing_ledger, open_scratch_ledger
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import freeze_dates, make_estimate, make_plan_settings, recorded_options
from batch_enroll.wiring.run_outputs import open_progress
from batch_enroll.wiring.runtime import run_async, utc_now
from batch_enroll.wiring.server import open_target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from batch_enroll.core.planning.plan_document import PlanStep
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.settings import Settings
    from batch_enroll.workflows import PreparedRoster

_RUN_ID = RunId("plan")


def plan(settings: Settings, rosters: Sequence[str], path: Path | None) -> Plan:
    """Returns what a run of the rosters would send now, and writes it to `path`; sends nothing.

    Raises:
        BatchEnrollError: a roster cannot be read, or the plan cannot be written.
    """
    settings = freeze_dates(settings)
    roster = prepare_roster(settings, open_rosters(settings, rosters))
    if roster.search:
        run_async(partial(_look_up, settings, roster))
    with open_existing_ledger(settings) as known, open_scratch_ledger(known) as ledger:
        guards = evaluate(settings, rosters, roster, known, whole=True)
        rules = make_plan_settings(settings, _RUN_ID, settings.base_url)
        if settings.withdraw:
            rules = replace(rules, kept=find_protected(settings, rosters, roster, ledger, None))
        record = RunRecord(_RUN_ID, settings.env, settings.base_url, settings.base_url, roster.columns, utc_now(), "")
        found = workflows.plan_steps(record, roster, rules, ledger)
    made = replace(
        make_plan(settings, "run", rosters, roster.refs(), found.steps),
        counts=dict(found.others),
        guards=tuple(verdict.as_json() for verdict in guards),
        warnings=(*roster.search.seen(), *found.warnings.sentences()),
    )
    if path is not None:
        plan_file.write(path, made)
    return made


async def _look_up(settings: Settings, roster: PreparedRoster) -> None:
    with open_progress(settings) as sink:
        async with open_target(settings, _RUN_ID) as target:
            await look_up_ids(settings, target, roster, sink)


def make_plan(
    settings: Settings, kind: str, rosters: Sequence[str], refs: Sequence[RosterRef], steps: Sequence[PlanStep]
) -> Plan:
    """Returns the plan of these steps, with the time that they take; `kind` is the command that it stands for."""
    requests = count_requests(steps, by_class=settings.via == "oneroster")
    return Plan(
        kind=kind,
        environment=settings.env,
        base_url=settings.base_url,
        made_at=iso_utc(utc_now()),
        rosters=tuple(replace(ref, path=path) for ref, path in zip(refs, rosters, strict=True)),
        options=recorded_options(settings, rosters),
        steps=tuple(steps),
        requests=requests,
        minutes=round(make_estimate(settings).seconds(requests) / 60, 2),
        withdraw=settings.withdraw,
    )
