"""`batch-enroll report`: a past run as a page, a workbook, CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import say_bytes, tell

HELP = """Writes the report of a past run in another format, from what the ledger holds of it.

html is the page of the run's folder, one file that opens anywhere, without a network; xlsx is a workbook to filter,
correct and hand to retry --from; csv are the results; json holds them with all counts, for programs. Files are readable
by you alone.
"""
EPILOG = """Examples:

\b
  batch-enroll report
  batch-enroll report --format xlsx -o term.xlsx
  batch-enroll report 20260901T060000Z-term --format json -o term.json
"""


def _formats() -> list[str]:
    return ["html", "xlsx", "csv", "json"]


def report(
    run: opt.PastRun = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="html, xlsx, csv or json.", autocompletion=_formats)
    ] = "html",
    where: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to; - is stdout. Default: RUN.FORMAT here, or stdout for csv and json.",
        ),
    ] = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
) -> int:
    """Writes it, and says where."""
    given = opt.given(locals())
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load(given, needs=Needs.STATE)
    from batch_enroll.commands import report as command  # noqa: PLC0415 - not for --help

    made = command.report(settings, run, form, where)
    if isinstance(made, Path):
        tell(f"The report is in {made}")
    else:
        say_bytes(made)
    return 0


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("report", help=HELP, short_help="Write a page or a table of a past run.", epilog=EPILOG)(report)
