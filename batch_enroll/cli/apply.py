"""`batch-enroll apply`: carry out a plan, exactly."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import SENDING, FlagValues, takes
from batch_enroll.cli.output import CommandOutput, Tone, write_message
from batch_enroll.cli.plan import format_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.commands.apply import PlanResult

HELP = """Does exactly what a plan says, in a run with its own folder, results and summary.

Refuses if the plan, its roster or the environment has changed since the plan was made, and if the plan was applied
before. Asks before it withdraws; without a terminal, withdrawals need --yes.
"""
EPILOG = """Examples:

\b
  batch-enroll apply plan.json --env production
  batch-enroll apply plan.json --env production --yes --json
"""


@takes(*SENDING, "verify", "out")
def apply(
    flags: FlagValues,
    path: Annotated[Path, typer.Argument(metavar="PLAN", help="The file that plan or sync -o wrote.")],
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import apply as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    carry_out = partial(command.apply, settings, path, flags.confirm, flags.read_allowance())
    hooks = RunHooks(settings, write_message, describe_exit_status)
    return present_applied(hooks.around(carry_out, lambda done: done.summary))


def present_applied(done: PlanResult) -> CommandOutput:
    """Returns the output for a plan that was carried out; one without steps is a success."""
    summary = {} if done.summary is None else done.summary.as_json()
    return CommandOutput(
        done.exit_status,
        {**summary, "plan": done.plan.summary(), "exit_status": done.exit_status},
        partial(_format_applied, done),
    )


def _format_applied(done: PlanResult, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.text_report import format_run  # noqa: PLC0415 - not for --help

    yield from format_plan(done.plan, paint)
    yield ""
    if done.summary is None:
        yield paint("There is nothing to do; nothing was sent.", Tone.GOOD)
    else:
        yield from format_run(done.summary, paint)


COMMAND = Command("apply", "Do exactly what a plan says.", HELP, EPILOG, apply)
