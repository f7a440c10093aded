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

ADDED: Final = (SEAT_FROM, "course_id", "role", "begin_date", "end_date", "status")
_NUMBERED: Final = re.compile(r"(course|role|type|enrolstatus|enroltimestart|enrolperiod)([1-9]\d{0,2})")
# Source: roster-formats section 5. A course without role or type makes a student, as in the file's own system.
_TYPES: Final = {"1": "student", "2": "teacher", "3": "teacher"}
_STATUSES: Final = {"0": "active", "1": "suspended"}
_PLACES: Final = {"role": "role", "type": "role", "enrolstatus": "status", "enroltimestart": "begin_date",
                  "enrolperiod": "end_date"}  # fmt: skip


@frozen
class CourseColumns:
    """Where one seat of every line stands: the number behind its headers, and kind to column index."""

    number: int
    header: str
    at: Mapping[str, int]


def course_columns(header: Sequence[str]) -> tuple[CourseColumns, ...]:
    """The seats that a line of this header can hold, by number; a number without a course column is none."""
    found: dict[int, dict[str, int]] = {}
    for at, name in enumerate(header):
        numbered = _NUMBERED.fullmatch(plain(name))
        if numbered is not None:
            found.setdefault(int(numbered[2]), {}).setdefault(numbered[1], at)
    return tuple(
        CourseColumns(number, clean_cell(header[kinds["course"]]), kinds)
        for number, kinds in sorted(found.items())
        if "course" in kinds
    )


def described(columns: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Each column and the field it is read as, the numbered ones too."""
    places = {
        at: "course_id" if kind == "course" else _PLACES[kind]
        for seat in course_columns([name for name, _ in columns])
        for kind, at in seat.at.items()
    }
    return tuple((name, places.get(at, field)) for at, (name, field) in enumerate(columns))


def split_line(row: SourceRow, columns: Sequence[CourseColumns]) -> Iterator[SourceRow]:
    """One row for each course of the line, with `ADDED` behind its cells; one for a line without any.

    All have the line's place, and SEAT_FROM tells them apart.
    """
    filled = [seat for seat in columns if clean_cell(row.cells[seat.at["course"]])] or list(columns[:1])
    for seat in filled:
        fields, problem = _fields(seat, row.cells)
        named = {SEAT_FROM: seat.header, **fields}
        kept = {field: text for field, text in row.fields.items() if field not in ADDED}
        yield replace(
            row,
            cells=(*row.cells, *(named.get(name, "") for name in ADDED)),
            fields=kept | {field: text for field, text in fields.items() if text},
            problem=row.problem or problem,
            headers={**row.headers, **dict.fromkeys(ADDED, seat.header)},
        )


def _fields(seat: CourseColumns, cells: Sequence[str]) -> tuple[dict[str, str], RowProblem | None]:
    texts = {kind: clean_cell(cells[at]) for kind, at in seat.at.items()}
    kind, status = texts.get("type", ""), texts.get("enrolstatus", "")
    fields = {
        "course_id": texts["course"],
        "role": texts.get("role") or _TYPES.get(kind, kind),
        "status": _STATUSES.get(status, status),
        "begin_date": texts.get("enroltimestart", ""),
    }
    try:
        fields["end_date"] = _end(fields["begin_date"], texts.get("enrolperiod", ""))
    except (ValueError, OverflowError):
        seen = texts["enrolperiod"]
        message = f'"{shorten(seen)}" days from the first day on cannot be reckoned; write a number and a first day'
        return fields, RowProblem(catalogue.UNREADABLE_DATE, message, f"enrolperiod{seat.number}", seen)
    return fields, None


def _end(begin: str, days: str) -> str:
    """The day after the last, as far as both can be told; a period without a first day begins when it is read."""
    if not days or not begin:
        return ""
    return (read_day(begin) + timedelta(days=int(days))).isoformat()
