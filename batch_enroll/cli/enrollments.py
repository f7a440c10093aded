"""`batch-enroll enrollments`: what the server has for a user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput, Tone, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json, ServerEnrollment

HELP = """Shows what the server has for a user: every active enrollment, with its course, school, role and id.

--via oneroster asks OneRoster instead of EduBridge, which also tells the class. Exits with 1 if the server does not
know the user.
"""
EPILOG = """Examples:

\b
  batch-enroll enrollments 000123 --env staging
  batch-enroll enrollments 000123 --env production --via oneroster --json
"""
_COLUMNS = ("course", "school", "role", "class", "begins", "enrollment")


def enrollments(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id (sourcedId).")],
    via: opt.Via = None,
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of one user's enrollments."""
    given = opt.given(locals())
    from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

    settings = load(given)
    from batch_enroll.commands import enrollments as command  # noqa: PLC0415 - not for --help

    found = command.enrollments(settings, user)
    lines = [] if found is None else [_cells(seat) for seat in found.enrollments]
    exit_status = 1 if found is None else 0
    told: dict[str, Json] = {
        "known": found is not None,
        "enrollments": [dict(zip(_COLUMNS, cells, strict=True)) for cells in lines],
        "exit_status": exit_status,
    }
    return CommandOutput(exit_status, told, partial(_lines, lines, known=found is not None))


def _cells(seat: ServerEnrollment) -> list[str | None]:
    begins = None if seat.begin_date is None else seat.begin_date.date().isoformat()
    role = None if seat.role is None else seat.role.value
    return [seat.course_id, seat.school_id, role, seat.class_id, begins, seat.enrollment_id]


def _lines(rows: Sequence[Sequence[str | None]], paint: Paint, *, known: bool) -> Iterator[str]:
    if not rows:
        yield "No active enrollment." if known else "The server does not know this user."
        return
    shown = [[visible(cell or "-") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *shown, strict=True)]
    yield paint(_line(_COLUMNS, widths), Tone.STRONG)
    yield from (_line(row, widths) for row in shown)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("enrollments", help=HELP, short_help="Show what the server has for a user.", epilog=EPILOG)(enrollments)
