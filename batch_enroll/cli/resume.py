"""`batch-enroll resume`: an interrupted run, finished."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.cli import options as opt
from batch_enroll.cli.errors import meaning
from batch_enroll.cli.output import CommandOutput, Tone, tell
from batch_enroll.cli.prompts import confirming, overruling

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.workflows import ResumeResult

HELP = """Finishes a run that was interrupted: by Ctrl-C, a guard, a crash, or a power cut.

Rows whose answer was lost are looked up before anything is sent again; rows that were never sent or never read follow.
The results are written again for the whole roster. With nothing left to do it says so and exits with 0.
"""
EPILOG = """Examples:

\b
  batch-enroll resume --env staging
  batch-enroll resume 20260901T060000Z-term --env production
"""


def resume(  # noqa: PLR0913, PLR0917 - one argument for each option
    run: opt.PastRun = None,
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
    """The answer of a run gone on with."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import resume as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    watch = RunHooks(settings, tell, meaning)
    confirm, allowed = confirming(yes=yes), overruling(allow, reason)
    going_on = partial(command.resume, settings, run, accept_changes=accept_changes, confirm=confirm, allowed=allowed)
    return gone_on(watch.around(going_on, summary_of), "resume")


def summary_of(outcome: ResumeResult) -> RunSummary | None:
    """The summary of a run gone on with; None if nothing was left to do."""
    return outcome.summary if outcome.had_work else None


def gone_on(outcome: ResumeResult, verb: str) -> CommandOutput:
    """The answer of a run gone on with; that nothing was left to do is no failure, however the run ended."""
    for note in outcome.notes:
        tell(f"note: {note}")
    summary = outcome.summary
    exit_status = summary.exit_status if outcome.had_work else 0
    return CommandOutput(exit_status, summary.as_json(), partial(_lines, outcome, summary, verb))


def _lines(outcome: ResumeResult, summary: RunSummary, verb: str, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.text_report import run_lines  # noqa: PLC0415 - not for --help

    if not outcome.had_work:
        yield paint(f"Nothing is left to {verb}; nothing was sent.", Tone.STRONG)
        yield ""
    yield from run_lines(summary, paint)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("resume", help=HELP, short_help="Finish a run that was interrupted.", epilog=EPILOG)(resume)
