"""`batch-enroll template`: a blank roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt  # noqa: TC001 - typer reads the annotations
from batch_enroll.cli.output import CommandOutput

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

HELP = """Writes a blank roster with all columns that are read: CSV to stdout, or a new file.

The workbook has its columns formatted as text, so that a spreadsheet leaves ids alone, and a sheet that explains each
column. Only user_id and course_id are needed; columns that you do not need can be deleted.
"""
EPILOG = """Examples:

\b
  batch-enroll template > term.csv
  batch-enroll template --xlsx
  batch-enroll template -o term.xlsx
"""


def template(
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write a workbook: roster.xlsx, or that of -o.")] = False,  # noqa: FBT002 - a flag
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write this new file. Default: stdout.")
    ] = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer: the blank roster, or where it was written."""
    del as_json
    from batch_enroll.commands import template as command  # noqa: PLC0415 - not for --help
    from batch_enroll.core.roster.column_docs import NOTES  # noqa: PLC0415 - not for --help

    columns: list[Json] = [*NOTES]
    if output is None and xlsx:
        output = Path("roster.xlsx")
    if output is None:
        return CommandOutput(
            0, {"columns": columns, "file": None, "exit_status": 0}, lambda _: [command.make_template().rstrip()]
        )
    command.write_template(output, workbook=xlsx or output.suffix.lower() == ".xlsx")
    told = f"{output} is written; fill it in, then: batch-enroll check {output}"
    return CommandOutput(0, {"columns": columns, "file": str(output), "exit_status": 0}, lambda _: [told])


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("template", help=HELP, short_help="Write a blank roster to fill in.", epilog=EPILOG)(template)
