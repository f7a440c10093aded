"""`batch-enroll show`: a past run, told again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput

if TYPE_CHECKING:
    from batch_enroll.core.reporting.run_summary import RunSummary

HELP = """Shows the summary of a past run: counts, failures by cause with example rows, and what to do.

Exits with 0 whatever that run exited with; --json has the run's own exit_status.
"""
EPILOG = """Examples:

\b
  batch-enroll show
  batch-enroll show --json
"""


def show(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="The run's id. Default: the latest run.")] = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a past run."""
    given = opt.given(locals())
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load(given, needs=Needs.STATE)
    from batch_enroll.commands import show as command  # noqa: PLC0415 - not for --help

    return shown(command.show(settings, run))


def shown(summary: RunSummary) -> CommandOutput:
    """The answer that tells a run and is itself no failure."""
    from batch_enroll.cli.text_report import run_lines  # noqa: PLC0415 - not for --help

    return CommandOutput(0, summary.as_json(), partial(run_lines, summary))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("show", help=HELP, short_help="Show the summary of a past run.", epilog=EPILOG)(show)
