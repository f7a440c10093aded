"""`batch-enroll run`: enroll rosters."""

from __future__ import annotations

from functools import partial

from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import READING, SENDING, FlagValues, Rosters, takes
from batch_enroll.cli.output import CommandOutput, omit_lines, write_message
from batch_enroll.settings.options.output import Results, Unattended
from batch_enroll.settings.options.rehearsal import Rehearsal
from batch_enroll.settings.options.safety import Verifying, Withdrawing
from batch_enroll.settings.options.sending import Requests

HELP = """Enrolls every row of one or more rosters and writes one result for each.

Results go to a folder of their own: results.csv has every row, and failed.csv the rows to fix; it can be run as it is.
Rows that an earlier run enrolled are not sent again. Nothing is withdrawn without --withdraw.
"""
EPILOG = """Examples:

\b
  batch-enroll run term.csv --env sandbox
  batch-enroll run term.csv --env staging --rate 10
  batch-enroll run export.xlsx --sheet Fall --map user_id=StudentNo --course-id MATH-7
  batch-enroll run mails.csv --env staging --find course=title
  batch-enroll run oneroster.zip --env production --dry-run
  batch-enroll run delta.zip --env production --withdraw --yes
  batch-enroll run term.csv --env production --allow shrunk --reason "the annex closed"
  cat term.csv | batch-enroll run - --env staging --json
"""


@takes(*SENDING, *READING, Requests, Withdrawing, Verifying, Results, Unattended, Rehearsal)
def run(flags: FlagValues, rosters: Rosters) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.cli.text_report import format_run  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import run as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    hooks = RunHooks(settings, write_message, describe_exit_status)
    enroll = partial(command.run, settings, rosters, flags.confirm, flags.read_allowance())
    summary = hooks.around(enroll, lambda summary: summary)
    uneventful = summary.exit_status == 0 and not summary.changed
    lines = omit_lines if settings.quiet and uneventful else partial(format_run, summary)
    return CommandOutput(summary.exit_status, summary.as_json(), lines)


COMMAND = Command("run", "Enroll rosters and write one result for every row.", HELP, EPILOG, run)
