"""`batch-enroll undo`: withdraw what a run enrolled."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import SENDING, FlagValues, takes
from batch_enroll.cli.output import CommandOutput, write_message
from batch_enroll.cli.resume import present_resumed, summary_if_resumed

HELP = """Withdraws the enrollments that a run created, the last one first, and nothing else.

Enrollments that existed before, that a later run found or changed, or that the user has beside another one in the same
course and school are left alone; --via oneroster withdraws only the one that the run made. It is a run of its own, with
results and a folder; resume finishes one that was interrupted. If nothing is left to undo, it says so and exits with 0.
Many withdrawals, and enrollments that a later roster also has, need --allow and --reason.
"""
EPILOG = """Examples:

\b
  batch-enroll undo 20260901T060000Z-term --env staging
  batch-enroll undo 20260901T060000Z-term --env production --dry-run
  batch-enroll undo 20260901T060000Z-term --env production --yes --json
  batch-enroll undo 20260901T060000Z-term --env production --allow withdrawals --reason "old file"
"""


@takes(*SENDING, "via", "withdraw_by", "dry_run", "out")
def undo(
    flags: FlagValues,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id; batch-enroll runs lists them.")],
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import undo as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    hooks = RunHooks(settings, write_message, describe_exit_status)
    route = None if flags.values["via"] is None else settings.via
    take_back = partial(command.undo, settings, run, flags.confirm, flags.read_allowance(), via=route)
    return present_resumed(hooks.around(take_back, summary_if_resumed), "undo")


COMMAND = Command("undo", "Withdraw what a run enrolled.", HELP, EPILOG, undo)
