"""`batch-enroll run`: enroll rosters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, silence, tell
from batch_enroll.cli.prompts import confirming, overruling

if TYPE_CHECKING:
    import typer

from batch_enroll.cli import options as opt

HELP = """Enrolls every row of one or more rosters and writes one result for each.

Results go to a folder of their own: results.csv has every row, failed.csv the rows to mend; it can be run as it is.
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


def run(  # noqa: PLR0913, PLR0917 - one argument for each option
    rosters: opt.Rosters,
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    pace: opt.Pace = None,
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
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    dry_run: opt.DryRun = False,  # noqa: FBT002 - a flag
    recheck: opt.Recheck = False,  # noqa: FBT002 - a flag
    verify: opt.Verify = False,  # noqa: FBT002 - a flag
    withdraw: opt.Withdraw = False,  # noqa: FBT002 - a flag
    via: opt.Via = None,
    withdraw_by: opt.WithdrawBy = None,
    yes: opt.Yes = False,  # noqa: FBT002 - a flag
    allow: opt.Allow = None,
    reason: opt.Reason = None,
    deadline: opt.Deadline = None,
    grace: opt.Grace = None,
    no_roster_columns: opt.NoRosterColumns = False,  # noqa: FBT002 - a flag
    metrics_file: opt.MetricsFile = None,
    on_change_only: opt.OnChangeOnly = False,  # noqa: FBT002 - a flag
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    log_format: opt.LogFormat = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
    sandbox_scenarios: opt.Scenarios = None,
    sandbox_school: opt.School = None,
    sandbox_seed: opt.Seed = None,
) -> CommandOutput:
    """The answer of a run."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.cli.text_report import run_lines  # noqa: PLC0415 - not for --help
    from batch_enroll.commands import run as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    allowed = overruling(allow, reason)
    watch = RunHooks(settings, tell, meaning)
    confirm = confirming(yes=yes)
    summary = watch.around(partial(command.run, settings, rosters, confirm, allowed), lambda summary: summary)
    lines = silence if quiet and not summary.changed and summary.exit_status == 0 else partial(run_lines, summary)
    return CommandOutput(summary.exit_status, summary.as_json(), lines)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("run", help=HELP, short_help="Enroll rosters and write one result for every row.", epilog=EPILOG)(run)
