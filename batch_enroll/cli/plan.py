"""`batch-enroll plan`: what a run would send, written down so that `apply` can do exactly that."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput, Tone, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.planning.plan_document import Plan

HELP = """Writes down what a run of the roster would send now, row by row, and sends nothing.

The plan holds hashes of the roster, the settings and itself; batch-enroll apply does exactly what it says, and refuses
when the plan, the roster or the environment has changed. Exits with 5 when a guard would stop it.
"""
EPILOG = """Examples:

\b
  batch-enroll plan term.csv -o plan.json --env production
  batch-enroll plan delta.zip -o plan.json --env production --withdraw
"""


def plan(  # noqa: PLR0913, PLR0917 - one argument for each option
    rosters: opt.Rosters,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the plan goes.")],
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    course_id: opt.CourseId = None,
    school_id: opt.SchoolId = None,
    role: opt.RoleName = None,
    begin_date: opt.BeginDate = None,
    map: opt.FieldMap = None,  # noqa: A002 - the setting's name
    sheet: opt.Sheet = None,
    as_of: opt.AsOf = None,
    format: opt.RosterFormat = None,  # noqa: A002 - the setting's name
    find: opt.Find = None,
    via: opt.Via = None,
    withdraw_by: opt.WithdrawBy = None,
    limit: opt.Limit = None,
    withdraw: opt.Withdraw = False,  # noqa: FBT002 - a flag
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a plan."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import plan as command  # noqa: PLC0415 - not for --help

    made = command.plan(settings, rosters, output)
    return planned(made, output, 5 if any(verdict["stops"] for verdict in made.guards) else 0)


def planned(made: Plan, output: Path | None, exit_status: int) -> CommandOutput:
    """The answer of a plan that was made and not carried out."""
    summary = {**made.summary(), "file": None if output is None else str(output), "exit_status": exit_status}
    return CommandOutput(exit_status, summary, partial(_lines, made, output))


def _lines(made: Plan, output: Path | None, paint: Paint) -> Iterator[str]:
    yield from plan_lines(made, paint)
    yield ""
    if output is None:
        yield "Nothing was sent."
    else:
        yield f"Nothing was sent. To do exactly this: batch-enroll apply {output} --env {made.environment}"


def plan_lines(made: Plan, paint: Paint) -> Iterator[str]:
    """What a plan comes to, for people."""
    names = ", ".join(ref.path for ref in made.rosters)
    scope = f", {made.scope}" if made.scope else ""
    yield paint(f"Plan of {names} for {made.environment}{scope}", Tone.STRONG)
    for why, count in made.whys():
        yield f"  {why:<48}{count:>10,}"
    for name, count in made.counts.items():
        if count:
            yield f"  {name.replace('_', ' '):<48}{count:>10,}"
    if made.counts.get("left_beside_another_class"):
        told = "EduBridge takes all classes of a course at once, so where one is to stay none goes; --via oneroster"
        yield from (f"  {line}" for line in wrapped(f"{told} takes them one by one."))
    long = f"{made.minutes:,.0f} min" if made.minutes >= 1 else f"{made.minutes * 60:.0f} s"
    yield f"  {made.requests:,} requests, about {long}"
    for warning in made.warnings:
        yield from (paint(line, Tone.BAD) for line in wrapped(visible(f"Unusual: {warning}")))
    for verdict in made.guards:
        if verdict["stops"]:
            told = f"Guard {verdict['guard']} stops it: {verdict['saw']}; {verdict['limit']}"
            yield from (paint(line, Tone.BAD) for line in wrapped(told))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("plan", help=HELP, short_help="Write down what a run would send; sends nothing.", epilog=EPILOG)(plan)
