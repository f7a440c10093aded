"""`batch-enroll retry`: send the failed rows of a run again, as part of the same run."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import SENDING, FlagValues, PastRun, Resuming, takes
from batch_enroll.cli.output import CommandOutput, write_message
from batch_enroll.cli.resume import present_resumed, summary_if_resumed
from batch_enroll.settings.options.output import Unattended

HELP = """Sends the failed rows of a run again, and finishes the rest of it.

The results are written again for the whole roster; attempts add up. With --from, the rows that you corrected in a copy
of failed.csv or results.csv are sent as they are there, and no others.
"""
EPILOG = """Examples:

\b
  batch-enroll retry --env staging
  batch-enroll retry --rejected --env staging
  batch-enroll retry 20260901T060000Z-term --from failed.csv --env production
"""


@takes(*SENDING, Unattended, Resuming)
def retry(
    flags: FlagValues,
    run: PastRun = None,
    corrections: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Take the corrected rows of this .csv or .xlsx file.")
    ] = None,
    *,
    rejected: Annotated[bool, typer.Option("--rejected", help="Also send again what the server refused.")] = False,
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import retry as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    allowed = flags.read_allowance()
    send_again = partial(
        command.retry,
        settings,
        run,
        rejected=rejected,
        accept_changes=flags.values["accept_changes"],
        confirm=flags.confirm,
        allowed=allowed,
    )
    if corrections is not None:
        send_again = partial(command.retry_from, settings, run, corrections, flags.confirm)
    hooks = RunHooks(settings, write_message, describe_exit_status)
    return present_resumed(hooks.around(send_again, summary_if_resumed), "retry")


COMMAND = Command("retry", "Send what failed in a run again.", HELP, EPILOG, retry)
