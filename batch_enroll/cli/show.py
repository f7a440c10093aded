"""`batch-enroll show`: show the summary of a past run."""

from __future__ import annotations

from functools import partial

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, PastRun, takes
from batch_enroll.cli.output import CommandOutput
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State

HELP = """Shows the summary of a past run: counts, failures by cause with example rows, and what to do.

Exits with 0, whatever that run exited with; --json has the run's own exit_status.
"""
EPILOG = """Examples:

\b
  batch-enroll show
  batch-enroll show --json
"""


@takes(State, Json)
def show(flags: FlagValues, run: PastRun = None) -> CommandOutput:
    """Runs the command."""
    settings = flags.load(Needs.STATE)
    from batch_enroll.cli.text_report import format_run  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import show as command  # noqa: PLC0415 - not for --help

    summary = command.show(settings, run)
    return CommandOutput(0, summary.as_json(), partial(format_run, summary))


COMMAND = Command("show", "Show the summary of a past run.", HELP, EPILOG, show)
