"""`batch-enroll purge`: forget past runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput
from batch_enroll.core.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta

HELP = """Removes from the ledger all rows of runs that ended long ago.

What stays are fingerprints of the seats, so that these are not sent again; they tell nothing of a person. Only the
ledger is cleared: results folders are yours to delete.
"""
EPILOG = """Examples:

\b
  batch-enroll purge --older-than 90d
  batch-enroll purge --older-than 12h --yes
"""


def purge(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="How long ago they ended, such as 90d or 12h.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - a flag
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a purge."""
    given = opt.given(locals())
    age = _age(older_than)
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load(given, needs=Needs.STATE)
    if not yes and not _agreed(older_than):
        return CommandOutput(1, {"runs_purged": 0, "exit_status": 1}, lambda _: ["Nothing was removed."])
    from batch_enroll.commands import purge as command  # noqa: PLC0415 - not for --help

    purged = command.purge(settings, age)
    told = f"{purged} run{'' if purged == 1 else 's'} removed from the ledger."
    return CommandOutput(0, {"runs_purged": purged, "exit_status": 0}, lambda _: [told])


def _age(text: str) -> timedelta:
    from batch_enroll.core.durations import parse_duration  # noqa: PLC0415 - not for --help

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}") from error


def _agreed(older_than: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked; give --yes to remove the rows of old runs for good")
    return typer.confirm(f"Remove the rows of all runs that ended more than {older_than} ago for good?", err=True)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("purge", help=HELP, short_help="Remove the rows of old runs from the ledger.", epilog=EPILOG)(purge)
