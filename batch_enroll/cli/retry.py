"""`batch-enroll retry`: what failed in a run, sent again into the same run."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, tell
from batch_enroll.cli.prompts import confirming, overruling
from batch_enroll.cli.resume import gone_on, summary_of

HELP = """Sends what failed in a run again, and finishes what was left of it.

The results are written again for the whole roster; attempts add up. With --from, the rows that you mended in a copy of
failed.csv or results.csv are sent as they stand there, and no others.
"""
EPILOG = """Examples:

\b
  batch-enroll retry --env staging
  batch-enroll retry --rejected --env staging
  batch-enroll retry 20260901T060000Z-term --from failed.csv --env production
"""


def retry(  # noqa: PLR0913, PLR0917 - one argument for each option
    run: opt.PastRun = None,
    corrections: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="Take the mended rows of this .csv or .xlsx file.")
    ] = None,
    rejected: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--rejected", help="Also send again what the server refused.")
    ] = False,
    accept_changes: opt.AcceptChanges = False,  # noqa: FBT002 - a flag
    yes: opt.Yes = False,  # noqa: FBT002 - a flag
    allow: opt.Allow = None,
    reason: opt.Reason = None,
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    pace: opt.Pace = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    deadline: opt.Deadline = None,
    grace: opt.Grace = None,
    metrics_file: opt.MetricsFile = None,
    on_change_only: opt.OnChangeOnly = False,  # noqa: FBT002 - a flag
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    log_format: opt.LogFormat = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a run whose failures were sent again."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import retry as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    confirm, allowed = confirming(yes=yes), overruling(allow, reason)
    going_on = partial(
        command.retry,
        settings,
        run,
        rejected=rejected,
        accept_changes=accept_changes,
        confirm=confirm,
        allowed=allowed,
    )
    if corrections is not None:
        going_on = partial(command.retry_from, settings, run, corrections, confirm)
    watch = RunHooks(settings, tell, meaning)
    return gone_on(watch.around(going_on, summary_of), "retry")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("retry", help=HELP, short_help="Send what failed in a run again.", epilog=EPILOG)(retry)
