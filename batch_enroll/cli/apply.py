"""`batch-enroll apply`: a plan carried out, exactly."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, Tone, tell
from batch_enroll.cli.prompts import confirming, overruling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.commands.apply import PlanResult

HELP = """Does exactly what a plan says, in a run with its own folder, results and summary.

Refuses when the plan, its roster or the environment is not as it was when the plan was made, and when the plan was
applied before. Withdrawals are asked about on a terminal and want --yes elsewhere.
"""
EPILOG = """Examples:

\b
  batch-enroll apply plan.json --env production
  batch-enroll apply plan.json --env production --yes --json
"""


def apply(  # noqa: PLR0913, PLR0917 - one argument for each option
    path: Annotated[Path, typer.Argument(metavar="PLAN", help="What plan or sync -o wrote.")],
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    verify: opt.Verify = False,  # noqa: FBT002 - a flag
    yes: opt.Yes = False,  # noqa: FBT002 - a flag
    allow: opt.Allow = None,
    reason: opt.Reason = None,
    deadline: opt.Deadline = None,
    grace: opt.Grace = None,
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    log_format: opt.LogFormat = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of an applied plan."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import apply as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    applying = partial(command.apply, settings, path, confirming(yes=yes), overruling(allow, reason))
    return carried(RunHooks(settings, tell, meaning).around(applying, lambda done: done.summary))


def carried(done: PlanResult) -> CommandOutput:
    """The answer of a plan that was carried out; one without steps is no failure."""
    summary = {} if done.summary is None else done.summary.as_json()
    return CommandOutput(
        done.exit_status,
        {**summary, "plan": done.plan.summary(), "exit_status": done.exit_status},
        partial(_lines, done),
    )


def _lines(done: PlanResult, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.plan import plan_lines  # noqa: PLC0415 - not for --help
    from batch_enroll.cli.text_report import run_lines  # noqa: PLC0415 - not for --help

    yield from plan_lines(done.plan, paint)
    yield ""
    if done.summary is None:
        yield paint("There is nothing to do; nothing was sent.", Tone.GOOD)
    else:
        yield from run_lines(done.summary, paint)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("apply", help=HELP, short_help="Do exactly what a plan says.", epilog=EPILOG)(apply)
