"""`batch-enroll template`: write a blank roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput

if TYPE_CHECKING:
    from batch_enroll.core.model import Json as JsonValue

HELP = """Writes a blank roster with all columns that are read: CSV to stdout, or a new file.

The workbook has its columns formatted as text, so that a spreadsheet leaves ids alone, and a sheet that explains each
column. Only user_id and course_id are required; columns that you do not need can be deleted.
"""
EPILOG = """Examples:

\b
  batch-enroll template > term.csv
  batch-enroll template --xlsx
  batch-enroll template -o term.xlsx
"""


@takes(Json)
def write_template(
    flags: FlagValues,
    *,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write a workbook: roster.xlsx, or the file of -o.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write this new file. Default: stdout.")
    ] = None,
) -> CommandOutput:
    """Runs the command."""
    del flags
    from batch_enroll.commands import template as command  # noqa: PLC0415 - not for --help
    from batch_enroll.core.roster.column_docs import NOTES  # noqa: PLC0415 - not for --help

    columns: list[JsonValue] = [*NOTES]
    if output is None and xlsx:
        output = Path("roster.xlsx")
    if output is None:
        return CommandOutput(
            0, {"columns": columns, "file": None, "exit_status": 0}, lambda _: [command.make_template().rstrip()]
        )
    command.write_template(output, workbook=xlsx or output.suffix.lower() == ".xlsx")
    written = f"{output} is written; fill it in, then: batch-enroll check {output}"
    return CommandOutput(0, {"columns": columns, "file": str(output), "exit_status": 0}, lambda _: [written])


COMMAND = Command("template", "Write a blank roster to fill in.", HELP, EPILOG, write_template)
