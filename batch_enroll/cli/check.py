"""`batch-enroll check`: what a run would refuse or skip, without sending anything."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from batch_enroll.cli.output import CommandOutput

if TYPE_CHECKING:
    import typer

    from batch_enroll.core.model import Json

from batch_enroll.cli import options as opt

HELP = """Tells everything that a run would refuse or skip, all at once, and sends nothing.

Each problem comes with its file, row, column and value and with what to do; then how many rows would be sent, and how
long that would take. Needs neither an environment nor credentials; with --env it also tells which rows were enrolled
there before. With --online it asks the API for every user, course and school of the roster and tells those it does not
know. With --fix it also writes a copy with what can be mended without guessing: our column names, blanks removed, ISO
dates, no repeats; never an id.
"""
EPILOG = """Examples:

\b
  batch-enroll check term.csv
  batch-enroll check term.csv --fix mended.csv
  batch-enroll check export.xlsx --map user_id=StudentNo --rate 10
  batch-enroll check mails.csv --online --env staging
  batch-enroll check oneroster.zip --as-of 2025-09-01 --json
"""


def check(  # noqa: PLR0913, PLR0917 - one argument for each option
    rosters: opt.Rosters,
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    course_id: opt.CourseId = None,
    school_id: opt.SchoolId = None,
    role: opt.RoleName = None,
    begin_date: opt.BeginDate = None,
    map: opt.FieldMap = None,  # noqa: A002 - the setting's name
    find: opt.Find = None,
    sheet: opt.Sheet = None,
    format: opt.RosterFormat = None,  # noqa: A002 - the setting's name
    as_of: opt.AsOf = None,
    limit: opt.Limit = None,
    withdraw: opt.Withdraw = False,  # noqa: FBT002 - a flag
    via: opt.Via = None,
    online: opt.Online = False,  # noqa: FBT002 - a flag
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    fix: opt.Fix = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
    sandbox_scenarios: opt.Scenarios = None,
    sandbox_school: opt.School = None,
    sandbox_seed: opt.Seed = None,
) -> CommandOutput:
    """The answer of a check."""
    given = opt.given(locals())
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load(given, needs=Needs.SERVER if online else Needs.ROSTER)
    from batch_enroll.cli.repair_text import mended_lines  # noqa: PLC0415 - not for --help
    from batch_enroll.cli.text_report import check_lines  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import check as command  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import fix as fix_command  # noqa: PLC0415 - not for --help

    checked = command.check(settings, rosters, online=online)
    if fix is None:
        return CommandOutput(checked.exit_status, checked.as_json(), partial(check_lines, checked))
    mended = fix_command.fix(settings, rosters, fix)
    told: dict[str, Json] = {
        "file": str(fix),
        "rows": mended.rows,
        "changes": [each.as_json() for each in mended.changes],
    }
    return CommandOutput(
        checked.exit_status,
        {**checked.as_json(), "fixed": told},
        lambda paint: chain(check_lines(checked, paint), mended_lines(mended, fix, paint)),
    )


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check", help=HELP, short_help="Tell what a run would refuse or skip; sends nothing.", epilog=EPILOG)(
        check
    )
