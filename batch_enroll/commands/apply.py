"""Plans carried out: each step of one a row of a run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.events.fanout_sink import AllSinks
from batch_enroll.adapters.files import plan_file, run_folder
from batch_enroll.commands.verify import Afterwards
from batch_enroll.core.guards.rules import Guard, Verdict
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.wiring.alone import keep_others_out
from batch_enroll.wiring.guards import overruled
from batch_enroll.wiring.ledger import books_in, ledger_of
from batch_enroll.wiring.loop import in_loop
from batch_enroll.wiring.rosters import opened
from batch_enroll.wiring.run_options import FIND_NOTHING, options_of, rules_of
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import send, server_of
from batch_enroll.wiring.sinks import log_in, progress_of, timeline_now
from batch_enroll.wiring.withdrawing import seats_told

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
class Carried:
    """A plan, and the run that carried it out; None if there was nothing to do, or nothing was to be done yet."""

    plan: Plan
    summary: RunSummary | None = None

    @property
    def exit_status(self) -> int:
        """Of the run; without one 5 if a guard would stop it, else 0."""
        if self.summary is not None:
            return self.summary.exit_status
        return 5 if any(verdict["stops"] for verdict in self.plan.guards) else 0


def carried(
    settings: Settings, made: Plan, confirm: Confirm, allowed: Allowance, command: str, asked: Requests
) -> Carried:
    """Carries a plan out, if no guard stops it and whoever is asked agrees; `asked`: the requests that it took.

    Raises:
        GuardStoppedError, UsageError: a guard stops it, or nobody agreed.
    """
    with ExitStack() as stack:
        ledger = ledger_of(settings, stack)
        verdicts = [_verdict(verdict) for verdict in made.guards]
        if command == "apply" and (done := _applied(made, ledger)) is not None:
            verdicts.append(done)
        recorded = overruled(verdicts, allowed)
        if not made.steps:
            return Carried(made)
        if made.withdrawals:
            confirm(seats_told(made.withdrawals, settings))
        keep_others_out(settings, ledger, command)
        facts: dict[str, Json] = {
            "plan_sha256": made.sha256,
            "source": [{"path": ref.path, "sha256": ref.sha256, "rows": ref.rows} for ref in made.rosters],
            **recorded,
        }
        return Carried(made, in_loop(partial(_run, settings, made, ledger, facts, command, asked)))


def _verdict(found: Mapping[str, Json]) -> Verdict:
    return Verdict(Guard(str(found["guard"])), str(found["saw"]), str(found["limit"]), stops=found["stops"] is True)


def _applied(made: Plan, ledger: Ledger) -> Verdict | None:
    """What stops a second time: a plan knows nothing of what came in between, while a roster may be run every night."""
    for run in ledger.runs():
        if run.facts.get("plan_sha256") == made.sha256:
            saw = f"this very plan was applied by run {run.run_id}"
            return Verdict(Guard.APPLIED, saw, "a plan is applied once; `resume` goes on with a run", stops=True)
    return None


async def _run(
    settings: Settings, made: Plan, ledger: Ledger, facts: dict[str, Json], command: str, asked: Requests
) -> RunSummary:
    with ExitStack() as stack:
        folder = run_folder.create(settings.out, made.rosters[0].path, utc_now())
        roster = plan_file.write_steps(folder / _PLAN, made)
        route = {name: made.options[name] for name in ("via", "withdraw_by") if name in made.options}
        settings = settings.model_copy(update={**_AS_WRITTEN, **route, "exact": made.kind == "sync"})
        source = opened(settings, [str(roster)])
        timeline = timeline_now()
        sink = AllSinks(log_in(folder, settings, stack), progress_of(settings, stack), timeline)
        run_id = RunId(folder.name)
        async with server_of(settings, run_id) as server:
            record = RunRecord(
                run_id, settings.env, server.base_url, server.scope, source.columns, utc_now(), str(folder),
                rosters=source.refs(), options=options_of(settings, [str(roster)]), kind=command, facts=facts,
                requests=asked,
            )  # fmt: skip
            rules = rules_of(settings, run_id, server.scope)
            books = books_in(folder, settings, record, ledger, sink, timeline)
            sending = partial(send, settings, server, run_id, ledger, sink)
            verified = Afterwards(settings, server, record, rules, ledger, sink)
            return await workflows.run(record, source, rules, books, verified.after(sending))


# The steps are complete: nothing is added to them, and nothing left out.
_AS_WRITTEN: Final[dict[str, object]] = {
    "course_id": None, "school_id": None, "role": None, "begin_date": None, "map": {}, "sheet": None, "limit": None,
    "format": None, "find": FIND_NOTHING, "withdraw": True,
}  # fmt: skip
