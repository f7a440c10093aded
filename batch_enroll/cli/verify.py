"""`batch-enroll verify`: what the server has, beside what a run or a roster says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.planning.verification import VerifySummary

HELP = """Asks the server which seats each user has, and compares them with a run or a roster, row by row.

verify.csv in the run's folder says for each row whether its seat is confirmed, missing, or there with a different role;
seats in the roster's courses that no row wants follow as extra. Changes nothing on the server; rows of a run that were
reported enrolled and are not there become failed, so that retry sends them. Exits with 1 when something differs.
"""
EPILOG = """Examples:

\b
  batch-enroll verify --env staging
  batch-enroll verify 20260901T061502Z-term --env production
  batch-enroll verify term.csv --env production --json
"""


def verify(  # noqa: PLR0913, PLR0917 - one argument for each option
    what: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|ROSTER]", help="A run's id or folder, or a roster. Default: the latest run."),
    ] = None,
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    course_id: opt.CourseId = None,
    school_id: opt.SchoolId = None,
    role: opt.RoleName = None,
    map: opt.FieldMap = None,  # noqa: A002 - the setting's name
    sheet: opt.Sheet = None,
    format: opt.RosterFormat = None,  # noqa: A002 - the setting's name
    find: opt.Find = None,
    via: opt.Via = None,
    as_of: opt.AsOf = None,
    limit: opt.Limit = None,
    withdraw: opt.Withdraw = False,  # noqa: FBT002 - a flag
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a verification."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import verify as command  # noqa: PLC0415 - not for --help

    verified = command.verify(settings, what)
    return CommandOutput(verified.exit_status, verified.as_json(), partial(_lines, verified))


def _lines(verified: VerifySummary, paint: Paint) -> Iterator[str]:
    users = "1 user" if verified.users == 1 else f"{verified.users:,} users"
    yield paint(f"Verified {verified.of} on {verified.environment}", Tone.STRONG)
    requests = "1 request" if verified.requests.sent == 1 else f"{verified.requests.sent:,} requests"
    yield f"{users} compared, {requests} sent."
    yield ""
    for found, count in verified.found():
        if count:
            tone = Tone.BAD if found in verified.differing else Tone.GOOD
            yield f"  {found.replace('_', ' '):<18}" + paint(f"{count:>10,}", tone)
    yield ""
    differs = f"{verified.differs:,} differ; see verify_found in" if verified.differs else "Nothing differs. Written to"
    yield paint(differs, Tone.BAD if verified.differs else Tone.GOOD)
    yield from (f"  {path}" for path in verified.files.values())
    if verified.failed:
        rows = "1 row is" if verified.failed == 1 else f"{verified.failed:,} rows are"
        again = f"batch-enroll retry {verified.of} --env {verified.environment}"
        yield f"{rows} failed now (E305); to send them again: {again}"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify", help=HELP, short_help="Compare the server's seats with a run or a roster.", epilog=EPILOG)(
        verify
    )
