"""`batch-enroll report`: write a past run as a page, a workbook, CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, PastRun, takes
from batch_enroll.cli.output import write_bytes, write_message
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State

HELP = """Writes the report of a past run in another format, from what the ledger holds of it.

html is the page in the run's folder, one file that opens anywhere, without a network; xlsx is a workbook to filter,
correct and pass to retry --from; csv has the results; json has them with all counts, for programs. Only you can read
the files.
"""
EPILOG = """Examples:

\b
  batch-enroll report
  batch-enroll report --format xlsx -o term.xlsx
  batch-enroll report 20260901T060000Z-term --format json -o term.json
"""


def _list_formats() -> list[str]:
    from batch_enroll.commands.report import FORMATS  # noqa: PLC0415 - only when the shell asks for it

    return list(FORMATS)


@takes(State)
def report(
    flags: FlagValues,
    run: PastRun = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            show_default=False,
            help="html, xlsx, csv or json. Default: html.",
            autocompletion=_list_formats,
        ),
    ] = "html",
    where: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; - is stdout. Default: RUN.FORMAT here, or stdout for csv and json.",
        ),
    ] = None,
) -> int:
    """Runs the command."""
    settings = flags.load(Needs.STATE)
    from batch_enroll.commands import report as command  # noqa: PLC0415 - not for --help

    written = command.report(settings, run, form, where)
    if isinstance(written, Path):
        write_message(f"The report is in {written}")
    else:
        write_bytes(written)
    return 0


COMMAND = Command("report", "Write a page or a table of a past run.", HELP, EPILOG, report)
