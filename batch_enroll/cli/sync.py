"""`batch-enroll sync`: make the server's enrollments equal to a roster's."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from batch_enroll.cli.apply import present_applied
from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import READING, SENDING, FlagValues, Rosters, takes
from batch_enroll.cli.output import CommandOutput, write_message
from batch_enroll.cli.plan import present_plan
from batch_enroll.settings.declaration import Panel

HELP = """Makes the server's enrollments equal to a roster's: enrolls what is missing, and withdraws the rest with
--withdraw.

--scope says which enrollments are compared: those in the roster's courses (roster-courses, the default), those of its
users in them (roster-users), or all of its schools (roster-schools). A OneRoster delta never withdraws what it does not
name. Where a user has several classes of a course and keeps one, nothing is withdrawn; --via oneroster distinguishes
classes. Needs read access to OneRoster. A second sync has nothing to do.
"""
EPILOG = """Examples:

\b
  batch-enroll sync term.csv --env staging --dry-run
  batch-enroll sync oneroster.zip --env production --withdraw
  batch-enroll sync oneroster.zip --env production --withdraw --via oneroster
  batch-enroll sync oneroster.zip --env production --withdraw -o plan.json
"""


def _list_scopes() -> list[str]:
    from batch_enroll.commands.sync import SCOPES  # noqa: PLC0415 - only when the shell asks for it

    return list(SCOPES)


@takes(*SENDING, *READING, "via", "withdraw_by", "verify", "out", without=("limit",))
def sync(
    flags: FlagValues,
    rosters: Rosters,
    scope: Annotated[
        str,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            show_default=False,
            help="roster-courses, roster-users or roster-schools. Default: roster-courses.",
            autocompletion=_list_scopes,
        ),
    ] = "roster-courses",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the plan for batch-enroll apply; send nothing."),
    ] = None,
    *,
    only_plan: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan; send nothing.", rich_help_panel=Panel.SENDING)
    ] = False,
    withdraw: Annotated[
        bool,
        typer.Option("--withdraw", help="Withdraw enrollments that no row has.", rich_help_panel=Panel.SAFETY),
    ] = False,
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load(withdraw=withdraw)
    from batch_enroll.commands import sync as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    request = command.SyncRequest(scope, output, only_plan=only_plan or output is not None)
    make_equal = partial(command.sync, settings, rosters, request, flags.confirm, flags.read_allowance())
    if request.only_plan:
        return present_plan(make_equal(), output)
    hooks = RunHooks(settings, write_message, describe_exit_status)
    return present_applied(hooks.around(make_equal, lambda done: done.summary))


COMMAND = Command("sync", "Make the server's enrollments equal to a roster's.", HELP, EPILOG, sync)
