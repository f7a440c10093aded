"""`batch-enroll enrollments`: show the server's enrollments of a user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, Tone, escape
from batch_enroll.settings.options.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json as JsonValue
    from batch_enroll.core.model import ServerEnrollment

HELP = """Shows the server's active enrollments of a user, each with its course, school, role and id.

--via oneroster asks OneRoster instead of EduBridge, which also has the class. Exits with 1 if the server does not know
the user.
"""
EPILOG = """Examples:

\b
  batch-enroll enrollments 000123 --env staging
  batch-enroll enrollments 000123 --env production --via oneroster --json
"""
_COLUMNS = ("course", "school", "role", "class", "begins", "enrollment")


@takes(Server, "via", "config", Json)
def list_enrollments(
    flags: FlagValues, user: Annotated[str, typer.Argument(metavar="USER", help="The user's id (sourcedId).")]
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import enrollments as command  # noqa: PLC0415 - not for --help

    found = command.enrollments(settings, user)
    rows = [] if found is None else [_make_row(enrollment) for enrollment in found.enrollments]
    exit_status = 1 if found is None else 0
    summary: dict[str, JsonValue] = {
        "known": found is not None,
        "enrollments": [dict(zip(_COLUMNS, cells, strict=True)) for cells in rows],
        "exit_status": exit_status,
    }
    return CommandOutput(exit_status, summary, partial(_format_rows, rows, known=found is not None))


def _make_row(enrollment: ServerEnrollment) -> list[str | None]:
    begins = None if enrollment.begin_date is None else enrollment.begin_date.date().isoformat()
    role = None if enrollment.role is None else enrollment.role.value
    return [
        enrollment.course_id, enrollment.school_id, role, enrollment.class_id, begins, enrollment.enrollment_id,
    ]  # fmt: skip


def _format_rows(rows: Sequence[Sequence[str | None]], paint: Paint, *, known: bool) -> Iterator[str]:
    if not rows:
        yield "There are no active enrollments." if known else "The server does not know this user."
        return
    shown = [[escape(cell or "-") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *shown, strict=True)]
    yield paint(_format_row(_COLUMNS, widths), Tone.STRONG)
    yield from (_format_row(row, widths) for row in shown)


def _format_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


COMMAND = Command("enrollments", "Show what the server has for a user.", HELP, EPILOG, list_enrollments)
