"""Options for reading rosters. Those that decide what a row says are recorded with the run, for when it is resumed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from batch_enroll.core.model import Role
from batch_enroll.core.roster.formats import FORMATS, Format
from batch_enroll.settings.declaration import Option, Panel, declare
from batch_enroll.settings.values import Hours, IsoDate, Lookups, PositiveCount, RoleName, Text


def _list_formats() -> list[tuple[str, str]]:
    return [(name, each.title) for name, each in FORMATS.items()]


def _list_lookups() -> list[str]:
    from batch_enroll.core.lookup.id_resolution import AUTO, BYS, NEVER  # noqa: PLC0415 - only when the shell asks

    return [AUTO, NEVER, *(f"{kind}={by}" for kind, ways in BYS.items() for by in ways)]


@declare(Panel.ROSTER)
class Reading:
    """The way a roster is read."""

    format: Annotated[
        Format | None,
        Option(
            f"Format of the roster: {', '.join(FORMATS)}.",
            metavar="NAME",
            choices=_list_formats,
            default_text="recognized by its content",
            recorded=True,
        ),
    ] = None
    sheet: Annotated[
        Text | None, Option("Sheet of a workbook.", metavar="NAME", default_text="the first", recorded=True)
    ] = None
    map: Annotated[
        dict[str, str],
        Field(default_factory=dict),
        Option("Read FIELD from the column HEADER. May be repeated.", metavar="FIELD=HEADER", recorded=True),
    ]
    find: Annotated[
        Lookups,
        Field(default_factory=dict),
        Option(
            "Look ids up by what the roster has instead: user=email (username, identifier), course=title (code), "
            "school=name (identifier); never: do not look up. May be repeated.",
            metavar="KIND=BY",
            choices=_list_lookups,
            default_text="auto, for a row without an id, or a column that holds e-mails, titles or names",
            recorded=True,
        ),
    ]
    find_cache_hours: Annotated[
        Hours, Option("Hours for which an id that was looked up is used again; 0: look up each time.", flag=None)
    ] = 12.0
    as_of: Annotated[
        date | None,
        Option("Read the roster's end dates as of this day.", metavar="DATE", default_text="today", recorded=True),
    ] = None
    limit: Annotated[PositiveCount | None, Option("Stop reading after N rows.", metavar="N", recorded=True)] = None


@declare(Panel.ROW_DEFAULTS)
class RowDefaults:
    """Values for rows that do not have their own."""

    course_id: Annotated[
        Text | None, Option("Course for rows that do not name one: an id, not a title.", metavar="ID", recorded=True)
    ] = None
    school_id: Annotated[
        Text | None, Option("School for rows that do not name one: an id, not a name.", metavar="ID", recorded=True)
    ] = None
    role: Annotated[
        RoleName | None,
        Option(
            f"Role for rows that do not name one: {', '.join(Role)}.",
            metavar="ROLE",
            default_text=Role.STUDENT.value,
            recorded=True,
        ),
    ] = None
    begin_date: Annotated[
        IsoDate | None, Option("First day for rows that do not name one, as YYYY-MM-DD.", metavar="DATE", recorded=True)
    ] = None
