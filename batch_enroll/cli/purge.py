"""`batch-enroll purge`: remove past runs from the ledger."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput
from batch_enroll.core.errors import UsageError
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State

if TYPE_CHECKING:
    from datetime import timedelta

HELP = """Removes from the ledger all rows of runs that ended long ago.

Fingerprints of the enrollments remain, so that these are not sent again; no person can be identified by them. Only the
ledger is cleared: results folders are yours to delete.
"""
EPILOG = """Examples:

\b
  batch-enroll purge --older-than 90d
  batch-enroll purge --older-than 12h --yes
"""


@takes(State, Json)
def purge(
    flags: FlagValues,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Remove runs that ended longer ago than this, such as 90d or 12h.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> CommandOutput:
    """Runs the command."""
    age = _parse_age(older_than)
    settings = flags.load(Needs.STATE)
    if not yes and not _ask(older_than):
        return CommandOutput(1, {"runs_purged": 0, "exit_status": 1}, lambda _: ["Nothing was removed."])
    from batch_enroll.commands import purge as command  # noqa: PLC0415 - not for --help

    purged = command.purge(settings, age)
    removed = f"{purged} run{'' if purged == 1 else 's'} removed from the ledger."
    return CommandOutput(0, {"runs_purged": purged, "exit_status": 0}, lambda _: [removed])


def _parse_age(text: str) -> timedelta:
    from batch_enroll.core.durations import parse_duration  # noqa: PLC0415 - not for --help

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}") from error


def _ask(older_than: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("no terminal to confirm on; pass --yes to remove the rows of old runs for good")
    return typer.confirm(f"Remove the rows of all runs that ended more than {older_than} ago for good?", err=True)


COMMAND = Command("purge", "Remove the rows of old runs from the ledger.", HELP, EPILOG, purge)
