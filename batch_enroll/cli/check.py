"""`batch-enroll check`: find what a run would refuse or skip, without sending anything."""

from __future__ import annotations

from functools import partial
from itertools import chain, islice
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import READING, FlagValues, Json, Rosters, takes
from batch_enroll.cli.output import CommandOutput, Tone, escape, wrap
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State
from batch_enroll.settings.options.rehearsal import Rehearsal
from batch_enroll.settings.options.sending import Sending
from batch_enroll.settings.options.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json as JsonValue
    from batch_enroll.core.roster.roster_repair import Change, RosterRepairer

HELP = """Reports everything that a run would refuse or skip, all at once, and sends nothing.

Each problem comes with its file, row, column and value and with what to do; then follow how many rows would be sent and
how long that would take. Needs neither an environment nor credentials; with --env it also reports the rows that were
enrolled there before. With --online it asks the API for every user, course and school of the roster and reports those
it does not know. With --fix it also writes a copy in which everything is corrected that needs no guess: our column
names, blanks removed, ISO dates, no repeats; never an id.
"""
EPILOG = """Examples:

\b
  batch-enroll check term.csv
  batch-enroll check term.csv --fix fixed.csv
  batch-enroll check export.xlsx --map user_id=StudentNo --rate 10
  batch-enroll check mails.csv --online --env staging
  batch-enroll check oneroster.zip --as-of 2025-09-01 --json
"""
_WIDEST: Final = 60
_SHOWN: Final = 20  # of each kind; --json has them all


@takes(Server, *READING, Sending, "withdraw", "via", State, Json, Rehearsal)
def check(
    flags: FlagValues,
    rosters: Rosters,
    fix: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write a repaired copy as CSV, and list the changes.")
    ] = None,
    *,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask the API for every id and name; needs an environment and credentials."),
    ] = False,
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load(Needs.SERVER if online else Needs.ROSTER)
    from batch_enroll.cli.text_report import format_check  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import check as command  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import fix as fix_command  # noqa: PLC0415 - not for --help

    checked = command.check(settings, rosters, online=online)
    if fix is None:
        return CommandOutput(checked.exit_status, checked.as_json(), partial(format_check, checked))
    repaired = fix_command.fix(settings, rosters, fix)
    changes: list[JsonValue] = [change.as_json() for change in repaired.changes]
    fixed: dict[str, JsonValue] = {"file": str(fix), "rows": repaired.rows, "changes": changes}
    return CommandOutput(
        checked.exit_status,
        {**checked.as_json(), "fixed": fixed},
        lambda paint: chain(format_check(checked, paint), _format_repair(repaired, fix, paint)),
    )


def _format_repair(repaired: RosterRepairer, out: Path, paint: Paint) -> Iterator[str]:
    """Yields the path of the copy, then each change, by kind."""
    from batch_enroll.core.roster.roster_repair import RepairSettings  # noqa: PLC0415 - not for --help

    yield ""
    yield paint(f"Repaired copy: {out}, {repaired.rows:,} rows, {len(repaired.changes):,} changes", Tone.STRONG)
    for kind in RepairSettings:
        changes = [change for change in repaired.changes if change.mending is kind]
        if changes:
            yield f"  {kind.value}: {len(changes):,}"
        for change in islice(changes, _SHOWN):
            yield from wrap(escape(_describe_change(change)), 4)
        if len(changes) > _SHOWN:
            yield f"    and {len(changes) - _SHOWN:,} more; --json has them all"
    if repaired.marked:
        yield from wrap(
            "Rows that could not be read whole are in the copy as they were read; the column enroll_code keeps them "
            "INVALID until you correct them and clear it.",
            2,
        )


def _describe_change(change: Change) -> str:
    from batch_enroll.core.roster.cells import shorten  # noqa: PLC0415 - not for --help
    from batch_enroll.core.roster.roster_repair import RepairSettings  # noqa: PLC0415 - not for --help

    if change.mending is RepairSettings.HEADER:
        return f'"{shorten(change.before)}" is now {change.after}'
    if change.mending is RepairSettings.REPEAT:
        return f"{change.location}, which repeats {change.before}"
    if change.mending is RepairSettings.BLANKS:
        return f'{change.location}, {change.column}: "{change.before[:_WIDEST]}"'
    return f'{change.location}, {change.column}: "{shorten(change.before)}" is now "{shorten(change.after)}"'


COMMAND = Command("check", "Report what a run would refuse or skip; sends nothing.", HELP, EPILOG, check)
