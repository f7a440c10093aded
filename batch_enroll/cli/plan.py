"""`batch-enroll plan`: write down what a run would send, so that `apply` can do exactly that."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import READING, FlagValues, Json, Rosters, takes
from batch_enroll.cli.output import CommandOutput, Tone, escape, wrap
from batch_enroll.settings.options.output import State
from batch_enroll.settings.options.safety import Withdrawing
from batch_enroll.settings.options.sending import Sending
from batch_enroll.settings.options.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.commands.apply import PlanResult
    from batch_enroll.core.planning.plan_document import Plan

HELP = """Writes down what a run of the roster would send now, row by row, and sends nothing.

The plan holds hashes of the roster, the settings and itself; batch-enroll apply does exactly what it says, and refuses
it if the plan, the roster or the environment has changed. Exits with 5 if a guard would stop it.
"""
EPILOG = """Examples:

\b
  batch-enroll plan term.csv -o plan.json --env production
  batch-enroll plan delta.zip -o plan.json --env production --withdraw
"""


@takes(Server, *READING, Sending, Withdrawing, "via", State, Json)
def plan(
    flags: FlagValues,
    rosters: Rosters,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write the plan to.")],
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import plan as command  # noqa: PLC0415 - not for --help
    from batch_enroll.commands.apply import PlanResult  # noqa: PLC0415 - not for --help

    return present_plan(PlanResult(command.plan(settings, rosters, output)), output)


def present_plan(made: PlanResult, output: Path | None) -> CommandOutput:
    """Returns the output for a plan that was made and not carried out."""
    file = None if output is None else str(output)
    summary = {**made.plan.summary(), "file": file, "exit_status": made.exit_status}
    return CommandOutput(made.exit_status, summary, partial(_format_unsent, made.plan, output))


def _format_unsent(made: Plan, output: Path | None, paint: Paint) -> Iterator[str]:
    yield from format_plan(made, paint)
    yield ""
    if output is None:
        yield "Nothing was sent."
    else:
        yield f"Nothing was sent. To do exactly this: batch-enroll apply {output} --env {made.environment}"


def format_plan(made: Plan, paint: Paint) -> Iterator[str]:
    """Yields the steps of a plan as counts, and the guards that stop it."""
    names = ", ".join(ref.path for ref in made.rosters)
    scope = f", {made.scope}" if made.scope else ""
    yield paint(f"Plan of {names} for {made.environment}{scope}", Tone.STRONG)
    for why, count in made.count_reasons():
        yield f"  {why:<48}{count:>10,}"
    for name, count in made.counts.items():
        if count:
            yield f"  {name.replace('_', ' '):<48}{count:>10,}"
    if made.counts.get("left_beside_another_class"):
        note = "EduBridge withdraws all classes of a course at once, so none is withdrawn where one is to stay; "
        yield from (f"  {line}" for line in wrap(f"{note}--via oneroster withdraws them one by one."))
    lasts = f"{made.minutes:,.0f} min" if made.minutes >= 1 else f"{made.minutes * 60:.0f} s"
    yield f"  {made.requests:,} requests, about {lasts}"
    for warning in made.warnings:
        yield from (paint(line, Tone.BAD) for line in wrap(escape(f"Unusual: {warning}")))
    for result in made.guards:
        if result["stops"]:
            stopped = f"Guard {result['guard']} stops it: {result['saw']}; {result['limit']}"
            yield from (paint(line, Tone.BAD) for line in wrap(stopped))


COMMAND = Command("plan", "Write down what a run would send; sends nothing.", HELP, EPILOG, plan)
