"""`batch-enroll undo`: what a run enrolled, withdrawn again."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, tell
from batch_enroll.cli.prompts import confirming, overruling
from batch_enroll.cli.resume import gone_on, summary_of

HELP = """Withdraws the seats that a run created, the last one first, and nothing else.

Seats that were there before, that a later run found or changed, or that the user holds beside another one in the same
course and school are left alone; --via oneroster takes the row alone that the run made. It is a run of its own, with
results and a folder; resume finishes one that was interrupted. With nothing left to undo it says so and exits with 0.
Many withdrawals, and seats that a later roster wants too, are let through only with --allow and --reason.
"""
EPILOG = """Examples:

\b
  batch-enroll undo 20260901T060000Z-term --env staging
  batch-enroll undo 20260901T060000Z-term --env production --dry-run
  batch-enroll undo 20260901T060000Z-term --env production --yes --json
  batch-enroll undo 20260901T060000Z-term --env production --allow withdrawals --reason "the wrong year's export"
"""


def undo(  # noqa: PLR0913, PLR0917 - one argument for each option
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id; batch-enroll runs lists them.")],
    yes: opt.Yes = False,  # noqa: FBT002 - a flag
    allow: opt.Allow = None,
    reason: opt.Reason = None,
    via: opt.Via = None,
    withdraw_by: opt.WithdrawBy = None,
    dry_run: opt.DryRun = False,  # noqa: FBT002 - a flag
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    rate: opt.Rate = None,
    max_in_flight: opt.MaxInFlight = None,
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    deadline: opt.Deadline = None,
    grace: opt.Grace = None,
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    log_format: opt.LogFormat = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a run undone."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import undo as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    watch = RunHooks(settings, tell, meaning)
    allowed = overruling(allow, reason)
    route = None if via is None else settings.via
    undoing = partial(command.undo, settings, run, confirming(yes=yes), allowed, via=route)
    return gone_on(watch.around(undoing, summary_of), "undo")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("undo", help=HELP, short_help="Withdraw what a run enrolled.", epilog=EPILOG)(undo)
