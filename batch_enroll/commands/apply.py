"""Plans carried out: each step of one a row of a run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.files import plan_file, run_folder
from batch_enroll.commands.verify import PostRunVerification
from batch_enroll.core.guards.rules import Guard, GuardResult
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.wiring.alone import acquire_run_lock
from batch_enroll.wiring.guards import apply_overrides
from batch_enroll.wiring.ledger import open_ledger, open_outputs
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import FIND_NOTHING, make_plan_settings, recorded_options
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import open_target, send
from batch_enroll.wiring.sinks import make_timeline, open_log, open_progress
from batch_enroll.wiring.withdrawing import describe_withdrawals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.core.model import Json
    from batch_enroll.core.planning.plan_document import Plan
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.ports import Ledger
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.withdrawing import Confirm

_PLAN: Final = "plan.csv"


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, and the run that carried it out; None if there was nothing to do, or nothing was to be done yet."""

    plan: Plan
    summary: RunSummary | None = None

    @property
    def exit_status(self) -> int:
        """Of the run; without one 5 if a guard would stop it, else 0."""
        if self.summary is not None:
            return self.summary.exit_status
        return 5 if any(verdict["stops"] for verdict in self.plan.guards) else 0


def carry_out(
    settings: Settings, made: Plan, confirm: Confirm, allowed: Allowance, command: str, asked: Requests
) -> PlanResult:
    """Carries a plan out, if no guard stops it and whoever is asked agrees; `asked`: the requests that it took.

    Raises:
        GuardStoppedError, UsageError: a guard stops it, or nobody agreed.
    """
    with ExitStack() as stack:
        ledger = open_ledger(settings, stack)
        verdicts = [_verdict(verdict) for verdict in made.guards]
        if command == "apply" and (done := _applied(made, ledger)) is not None:
            verdicts.append(done)
        recorded = apply_overrides(verdicts, allowed)
        if not made.steps:
            return PlanResult(made)
        if made.withdrawals:
            confirm(describe_withdrawals(made.withdrawals, settings))
        acquire_run_lock(settings, ledger, command)
        facts: dict[str, Json] = {
            "plan_sha256": made.sha256,
            "source": [{"path": ref.path, "sha256": ref.sha256, "rows": ref.rows} for ref in made.rosters],
            **recorded,
        }
        return PlanResult(made, run_async(partial(_run, settings, made, ledger, facts, command, asked)))


def _verdict(found: Mapping[str, Json]) -> GuardResult:
    return GuardResult(Guard(str(found["guard"])), str(found["saw"]), str(found["limit"]), stops=found["stops"] is True)


def _applied(made: Plan, ledger: Ledger) -> GuardResult | None:
    """What stops a second time: a plan knows nothing of what came in between, while a roster may be run every night."""
    for run in ledger.runs():
        if run.facts.get("plan_sha256") == made.sha256:
            saw = f"this very plan was applied by run {run.run_id}"
            return GuardResult(Guard.APPLIED, saw, "a plan is applied once; `resume` goes on with a run", stops=True)
    return None


async def _run(
    settings: Settings, made: Plan, ledger: Ledger, facts: dict[str, Json], command: str, asked: Requests
) -> RunSummary:
    with ExitStack() as stack:
        folder = run_folder.create(settings.out, made.rosters[0].path, utc_now())
        roster = plan_file.write_steps(folder / _PLAN, made)
        route = {name: made.options[name] for name in ("via", "withdraw_by") if name in made.options}
        settings = settings.model_copy(update={**_AS_WRITTEN, **route, "exact": made.kind == "sync"})
        source = open_rosters(settings, [str(roster)])
        timeline = make_timeline()
        sink = FanoutSink(open_log(folder, settings, stack), open_progress(settings, stack), timeline)
        run_id = RunId(folder.name)
        async with open_target(settings, run_id) as server:
            record = RunRecord(
                run_id, settings.env, server.base_url, server.scope, source.columns, utc_now(), str(folder),
                rosters=source.refs(), options=recorded_options(settings, [str(roster)]), kind=command, facts=facts,
                requests=asked,
            )  # fmt: skip
            rules = make_plan_settings(settings, run_id, server.scope)
            books = open_outputs(folder, settings, record, ledger, sink, timeline)
            sending = partial(send, settings, server, run_id, ledger, sink)
            verified = PostRunVerification(settings, server, record, rules, ledger, sink)
            return await workflows.run(record, source, rules, books, verified.after(sending))


# The steps are complete: nothing is added to them, and nothing left out.
_AS_WRITTEN: Final[dict[str, object]] = {
    "course_id": None, "school_id": None, "role": None, "begin_date": None, "map": {}, "sheet": None, "limit": None,
    "format": None, "find": FIND_NOTHING, "withdraw": True,
}  # fmt: skip
