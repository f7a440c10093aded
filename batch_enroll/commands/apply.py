"""The command `apply`: carries a plan out, each of its steps as a row of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.files import plan_file
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import NOTHING_ALLOWED, Guard, GuardResult
from batch_enroll.core.planning.plan_document import list_changes, plan_from_body, read_plan_body
from batch_enroll.core.run_record import Requests
from batch_enroll.wiring.guards import apply_overrides, describe_withdrawals, refuse_unconfirmed
from batch_enroll.wiring.ledger import open_ledger
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import FIND_NOTHING, freeze_dates
from batch_enroll.wiring.run_session import open_run_session
from batch_enroll.wiring.runtime import run_async

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import Json
    from batch_enroll.core.planning.plan_document import Plan
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guards import Confirm

_PLAN: Final = "plan.csv"


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, and the run that carried it out; None if nothing was sent yet, or there was nothing to do."""

    plan: Plan
    summary: RunSummary | None = None

    @property
    def exit_status(self) -> int:
        """The run's; without a run 5 if a guard would stop it, else 0."""
        if self.summary is not None:
            return self.summary.exit_status
        return 5 if any(verdict["stops"] for verdict in self.plan.guards) else 0


def apply(
    settings: Settings, path: Path, confirm: Confirm = refuse_unconfirmed, allowed: Allowance = NOTHING_ALLOWED
) -> PlanResult:
    """Carries out exactly what a plan file says.

    Raises:
        UsageError: the plan, its roster or the environment changed since it was made, or it was not agreed to.
        BatchEnrollError: a guard stops it, or the ledger or the plan cannot be used.
    """
    settings = freeze_dates(settings)
    body = read_plan_body(plan_file.read(path), str(path))
    made = plan_from_body(body)
    changes = list_changes(body, settings.env, settings.base_url, _read_refs(settings, made))
    if changes:
        raise UsageError(f"{path} is not applied: {'; '.join(changes)}. Make a new plan")
    return carry_out(settings, made, confirm, allowed, "apply", Requests())


def _read_refs(settings: Settings, made: Plan) -> list[RosterRef]:
    """Reads the rosters of the plan as they are now, with the options that it was made with."""
    alike = settings.model_copy(update={"map": made.options.get("map") or {}, "sheet": made.options.get("sheet")})
    return [replace(open_rosters(alike, [ref.path]).refs()[0], path=ref.path) for ref in made.rosters]


def carry_out(
    settings: Settings, made: Plan, confirm: Confirm, allowed: Allowance, command: str, requests: Requests
) -> PlanResult:
    """Carries a plan out, if no guard stops it and its withdrawals are agreed to.

    `requests` are those that it took to make the plan; they are counted with the run.

    Raises:
        GuardStoppedError: a guard stops it.
        UsageError: its withdrawals were not agreed to.
        BatchEnrollError: nothing could be started, or the ledger could not be written.
    """
    with open_ledger(settings) as ledger:
        verdicts = [_read_verdict(verdict) for verdict in made.guards]
        if command == "apply" and (applied := _find_earlier_use(made, ledger)) is not None:
            verdicts.append(applied)
        overrides = apply_overrides(verdicts, allowed)
        if not made.steps:
            return PlanResult(made)
        if made.withdrawals:
            confirm(describe_withdrawals(made.withdrawals, settings))
        facts: dict[str, Json] = {
            "plan_sha256": made.sha256,
            "source": [{"path": ref.path, "sha256": ref.sha256, "rows": ref.rows} for ref in made.rosters],
            **overrides,
        }
        return PlanResult(made, run_async(partial(_send_steps, settings, made, ledger, facts, command, requests)))


def _read_verdict(found: Mapping[str, Json]) -> GuardResult:
    return GuardResult(Guard(str(found["guard"])), str(found["saw"]), str(found["limit"]), stops=found["stops"] is True)


def _find_earlier_use(made: Plan, ledger: Ledger) -> GuardResult | None:
    """Returns the guard against a second use: a plan knows nothing of what happened since, while rosters may repeat."""
    for run in ledger.runs():
        if run.facts.get("plan_sha256") == made.sha256:
            saw = f"this very plan was applied by run {run.run_id}"
            return GuardResult(Guard.APPLIED, saw, "a plan is applied once; `resume` finishes a run", stops=True)
    return None


async def _send_steps(
    settings: Settings, made: Plan, ledger: Ledger, facts: dict[str, Json], command: str, requests: Requests
) -> RunSummary:
    route = {name: made.options[name] for name in ("via", "withdraw_by") if name in made.options}
    settings = settings.model_copy(update={**_AS_WRITTEN, **route, "exact": made.kind == "sync"})
    async with open_run_session(settings, ledger, command, made.rosters[0].path) as session:
        roster = str(plan_file.write_steps(session.folder / _PLAN, made))
        source = open_rosters(settings, [roster])
        record = session.make_record(source, [roster], kind=command, facts=facts, requests=requests)
        return await session.run(record, source, session.make_plan_settings())


# The steps are complete: nothing is added to them, and nothing left out.
_AS_WRITTEN: Final[dict[str, object]] = {
    "course_id": None, "school_id": None, "role": None, "begin_date": None, "map": {}, "sheet": None, "limit": None,
    "format": None, "find": FIND_NOTHING, "withdraw": True,
}  # fmt: skip
