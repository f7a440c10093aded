"""`batch-enroll verify`: compare the server's enrollments with a run or a roster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import READING, FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, Tone
from batch_enroll.settings.options.output import State
from batch_enroll.settings.options.sending import Sending
from batch_enroll.settings.options.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.planning.verification import VerifySummary

HELP = """Asks the server for the enrollments of each user, and compares them with a run or a roster, row by row.

verify.csv in the run's folder shows for each row whether its enrollment is confirmed, missing, or there with a
different role; enrollments in the roster's courses that no row has follow as extra. Changes nothing on the server; rows
of a run that were reported as enrolled and are not there become failed, so that retry sends them. Exits with 1 if
anything differs.
"""
EPILOG = """Examples:

\b
  batch-enroll verify --env staging
  batch-enroll verify 20260901T061502Z-term --env production
  batch-enroll verify term.csv --env production --json
"""


@takes(Server, *READING, Sending, "withdraw", "via", State, "out", "quiet", Json, without=("begin_date",))
def verify(
    flags: FlagValues,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|ROSTER]", help="A run's id or folder, or a roster. Default: the latest run."),
    ] = None,
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import verify as command  # noqa: PLC0415 - not for --help

    verified = command.verify(settings, what)
    return CommandOutput(verified.exit_status, verified.as_json(), partial(_format_verified, verified))


def _format_verified(verified: VerifySummary, paint: Paint) -> Iterator[str]:
    users = "1 user" if verified.users == 1 else f"{verified.users:,} users"
    yield paint(f"Verified {verified.of} on {verified.environment}", Tone.STRONG)
    requests = "1 request" if verified.requests.sent == 1 else f"{verified.requests.sent:,} requests"
    yield f"{users} compared, {requests} sent."
    yield ""
    for found, count in verified.found():
        if count:
            tone = Tone.BAD if found in verified.difference_kinds else Tone.GOOD
            yield f"  {found.replace('_', ' '):<18}" + paint(f"{count:>10,}", tone)
    yield ""
    differs = f"{verified.differs:,} differ; see verify_found in" if verified.differs else "Nothing differs. Written to"
    yield paint(differs, Tone.BAD if verified.differs else Tone.GOOD)
    yield from (f"  {path}" for path in verified.files.values())
    if verified.failed:
        rows = "1 row is" if verified.failed == 1 else f"{verified.failed:,} rows are"
        again = f"batch-enroll retry {verified.of} --env {verified.environment}"
        yield f"{rows} now failed (E305); to send them again: {again}"


COMMAND = Command("verify", "Compare the server's enrollments with a run or a roster.", HELP, EPILOG, verify)
