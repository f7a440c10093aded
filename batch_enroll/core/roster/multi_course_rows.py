"""Lines that hold several seats: an upload file with columns course1, role1, group1 ... for each course of a user."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import clean_cell, shorten
from batch_enroll.core.roster.dates import read_day
from batch_enroll.core.roster.header_map import plain
from batch_enroll.core.roster.own_columns import SEAT_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.roster_format import NumberedColumns

ADDED: Final = (SEAT_FROM, "course_id", "role", "begin_date", "end_date", "status")
_NUMBERED: Final = re.compile(r"(.*?[^0-9])([1-9]\d{0,2})", re.DOTALL)


@frozen
class CourseColumns:
    """Where one seat of every line stands: the number behind its headers, and kind to column index."""

    number: int
    header: str
    at: Mapping[str, int]


def course_columns(header: Sequence[str], of: NumberedColumns) -> tuple[CourseColumns, ...]:
    """The courses that a line of this header can hold, by number; a number without a course column is none."""
    kinds = {kind for headers in of.fields.values() for kind in headers} | {of.period}
    found: dict[int, dict[str, int]] = {}
    for at, name in enumerate(header):
        numbered = _NUMBERED.fullmatch(plain(name))
        if numbered is not None and numbered[1] in kinds:
            found.setdefault(int(numbered[2]), {}).setdefault(numbered[1], at)
    return tuple(
        CourseColumns(number, clean_cell(header[places[of.course]]), places)
        for number, places in sorted(found.items())
        if of.course in places
    )


def describe_columns(columns: Sequence[tuple[str, str]], of: NumberedColumns) -> tuple[tuple[str, str], ...]:
    """Each column and the field it is read as, the numbered ones too."""
    field_of = {kind: field for field, headers in of.fields.items() for kind in headers} | {of.period: "end_date"}
    read = {
        at: field_of[kind]
        for course in course_columns([name for name, _ in columns], of)
        for kind, at in course.at.items()
    }
    return tuple((name, read.get(at, field)) for at, (name, field) in enumerate(columns))


def split_line(row: SourceRow, columns: Sequence[CourseColumns], of: NumberedColumns) -> Iterator[SourceRow]:
    """One row for each course of the line, with `ADDED` behind its cells; one for a line without any.

    All have the line's location, and SEAT_FROM tells them apart.
    """
    filled = [course for course in columns if clean_cell(row.cells[course.at[of.course]])] or list(columns[:1])
    for course in filled:
        fields, problem = _fields(course, row.cells, of)
        named = {SEAT_FROM: course.header, **fields}
        kept = {field: text for field, text in row.fields.items() if field not in ADDED}
        yield replace(
            row,
            cells=(*row.cells, *(named.get(name, "") for name in ADDED)),
            fields=kept | {field: text for field, text in fields.items() if text},
            problem=row.problem or problem,
            headers={**row.headers, **dict.fromkeys(ADDED, course.header)},
        )


def _fields(
    course: CourseColumns, cells: Sequence[str], of: NumberedColumns
) -> tuple[dict[str, str], RowProblem | None]:
    texts = {kind: clean_cell(cells[at]) for kind, at in course.at.items()}
    meant = {kind: of.words.get(kind, {}).get(text, text) for kind, text in texts.items()}
    fields = {
        field: next((meant[kind] for kind in headers if meant.get(kind)), "") for field, headers in of.fields.items()
    }
    days = texts.get(of.period, "")
    try:
        fields["end_date"] = _end(fields.get("begin_date", ""), days)
    except (ValueError, OverflowError):
        message = f'"{shorten(days)}" days after the begin date is not a date; write a number of days and a begin date'
        return fields, RowProblem(catalogue.UNREADABLE_DATE, message, f"{of.period}{course.number}", days)
    return fields, None


def _end(begin: str, days: str) -> str:
    """The day after the last, as far as both can be told; a period without a first day begins when it is read."""
    if not days or not begin:
        return ""
    return (read_day(begin) + timedelta(days=int(days))).isoformat()
