"""`batch-enroll sync`: the server's seats made equal to a roster's."""

from __future__ import annotations

from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, tell
from batch_enroll.cli.prompts import confirming, overruling

HELP = """Makes the server's seats equal to a roster's: enrolls what is missing, with --withdraw takes the rest away.

--scope says which seats that is about: those in the roster's courses (roster-courses, the default), those of its users
in them (roster-users), or all of its schools (roster-schools). A OneRoster delta never withdraws what it does not name.
Where a user has several classes of a course and keeps one, nothing is withdrawn; --via oneroster tells classes apart.
Needs read access to OneRoster. A second sync has nothing to do.
"""
EPILOG = """Examples:

\b
  batch-enroll sync term.csv --env staging --dry-run
  batch-enroll sync oneroster.zip --env production --withdraw
  batch-enroll sync oneroster.zip --env production --withdraw --via oneroster
  batch-enroll sync oneroster.zip --env production --withdraw -o plan.json
"""


def sync(  # noqa: PLR0913, PLR0917 - one argument for each option
    rosters: opt.Rosters,
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="roster-courses, roster-users or roster-schools.")
    ] = "roster-courses",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the plan for batch-enroll apply, and send nothing."),
    ] = None,
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
    sheet: opt.Sheet = None,
    as_of: opt.AsOf = None,
    format: opt.RosterFormat = None,  # noqa: A002 - the setting's name
    find: opt.Find = None,
    via: opt.Via = None,
    withdraw_by: opt.WithdrawBy = None,
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    only_plan: opt.DryRun = False,  # noqa: FBT002 - a flag
    verify: opt.Verify = False,  # noqa: FBT002 - a flag
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw seats that no row wants.")] = False,  # noqa: FBT002
    yes: opt.Yes = False,  # noqa: FBT002 - a flag
    allow: opt.Allow = None,
    reason: opt.Reason = None,
    deadline: opt.Deadline = None,
    grace: opt.Grace = None,
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    log_format: opt.LogFormat = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a sync."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.cli.apply import carried  # noqa: PLC0415 - not for --help
    from batch_enroll.cli.plan import planned  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import sync as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    wish = command.SyncRequest(scope, output, only_plan=only_plan or output is not None)
    syncing = partial(command.sync, settings, rosters, wish, confirming(yes=yes), overruling(allow, reason))
    if wish.only_plan:
        done = syncing()
        return planned(done.plan, output, done.exit_status)
    return carried(RunHooks(settings, tell, meaning).around(syncing, lambda done: done.summary))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sync", help=HELP, short_help="Make the server's seats equal to a roster's.", epilog=EPILOG)(sync)
