"""Header names: which column holds which field. Exact names win; what can mean two things is asked, not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from batch_enroll.core import catalogue
from batch_enroll.core.cells import BLANKS, all_blank, clean, shorten, undefuse
from batch_enroll.core.errors import RosterError
from batch_enroll.core.intake import METADATA
from batch_enroll.core.model import RowProblem, SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from batch_enroll.core.model import Place

FIELDS: Final = (
    "user_id",
    "course_id",
    "school_id",
    "role",
    "begin_date",
    "end_date",
    "status",
    "sourced_id",
    "class_id",
    "primary",
)
OUR_PREFIX: Final = "enroll_"  # columns that earlier results added
ROW_MARK: Final = "enroll_row"  # which row of the first roster a line of our files stands for
ROSTER_MARK: Final = "enroll_roster"  # and of which of several rosters
_OUR_MARKS: Final = frozenset({ROW_MARK, "enroll_outcome"})  # both are in every file we wrote
_ONEROSTER: Final = {
    "userSourcedId": "user_id",
    "courseSourcedId": "course_id",
    "schoolSourcedId": "school_id",
    "role": "role",
    "beginDate": "begin_date",
    "endDate": "end_date",
    "status": "status",
    "sourcedId": "sourced_id",
    "classSourcedId": "class_id",
    "primary": "primary",
}
# Only headers that mean the id of the student information system in every system known to write them. What means an
# e-mail, a code or an internal number somewhere stands in _MAYBE and is asked for.
_ALIASES: Final = {
    "user_id": ("Student ID", "Student Sourced ID", "SIS User ID", "Student SIS ID", "User SIS ID"),
    "course_id": ("Course Sourced ID", "SIS Course ID", "Course SIS ID"),
    "school_id": ("orgSourcedId", "School SIS ID", "SIS School ID"),
    "role": ("User Role",),
    "begin_date": ("Start Date", "Enrollment Start Date"),
    "end_date": ("Enrollment End Date",),
    "class_id": ("Class SIS ID", "Section SIS ID", "SIS Section ID"),
}
_MAYBE: Final = {
    "user_id": re.compile(
        "sourcedid|id|sisid|idnumber|user|username|(student|person|teacher)(number|id)?|orgdefinedid|externalpersonkey"
        "|uniqueuserid|useruniqueid|loginid|sid|login"
    ),
    "course_id": re.compile("course|course(code|number|name|title|1)|shortname|externalcoursekey|code"),
}
_PUNCTUATION: Final = re.compile(r"\[[^\]]*\]|[\s_\-.\u200b\ufeff]+")
_EXACT, _EXACT_ONEROSTER, _OUR_NAME, _ONEROSTER_NAME, _ALIAS = range(5)
_SHOWN_HEADERS: Final = 30
_CODE_COLUMN: Final = "enroll_code"
LOSSY: Final = frozenset({catalogue.RAGGED_ROW, catalogue.DAMAGED_CELL, catalogue.LOST_DIGITS, catalogue.DATE_FOR_ID})


def plain(header: str) -> str:
    """The header as headers are compared: case-folded, without blanks, `_ - .` and `[...]`."""
    return _PUNCTUATION.sub("", header).casefold()


_KNOWN: Final = (
    {plain(name): (field, _ALIAS) for field, names in _ALIASES.items() for name in names}
    | {plain(name): (field, _ONEROSTER_NAME) for name, field in _ONEROSTER.items()}
    | {plain(field): (field, _OUR_NAME) for field in FIELDS}
)


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """How the columns of one table are read.

    Attributes:
        header: every header as it stands in the file.
        places: field and the index of its column.
        kept: indexes of the roster's own columns.
        spelt: field to its header as spelt.
        ours: the file is a result of an earlier run; its cells are un-defused.
    """

    header: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    kept: tuple[int, ...]
    spelt: Mapping[str, str]
    ours: bool = False

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The roster's own headers, without the columns that results add."""
        return self.own_cells(self.header)

    def own_cells(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The cells below `own_columns`."""
        return tuple(cells) if len(self.kept) == len(self.header) else tuple([cells[at] for at in self.kept])

    def fields(self, cells: Sequence[str]) -> dict[str, str]:
        """Field to its text, stripped; blank cells have no entry."""
        return {field: text for field, at in self.places if (text := cells[at].strip(BLANKS))}

    def row(self, place: Place, cells: Sequence[str], problem: RowProblem | None = None) -> SourceRow | None:
        """The row as read, as wide as the header, or None if there is nothing in it."""
        if len(cells) != len(self.header):
            problem = problem or self._overhang(cells)
            cells = [*cells[: len(self.header)], *[""] * (len(self.header) - len(cells))]
        if self.ours:
            cells = [undefuse(cell) for cell in cells]
            problem = problem or self._still_open(cells)
        fields = self.fields(cells)
        own = self.own_cells(cells)
        if not fields and problem is None and all_blank(own):
            return None
        return SourceRow(place, own, fields | self._marks(cells), problem, self.spelt)

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column with the field it is read as; empty where it is only carried along."""
        read_as = {at: field for field, at in self.places}
        return tuple((self.header[at], read_as.get(at, "")) for at in self.kept)

    def _marks(self, cells: Sequence[str]) -> dict[str, str]:
        """Which row of which roster this line of an earlier run's results stands for."""
        if not self.ours:
            return {}
        found = {name: self.header.index(name) for name in (ROW_MARK, ROSTER_MARK) if name in self.header}
        return {name: text for name, at in found.items() if (text := cells[at].strip(BLANKS))}

    def _still_open(self, cells: Sequence[str]) -> RowProblem | None:
        """A row that an earlier run could not read whole: what it lost is not in these cells either."""
        code = cells[self.header.index(_CODE_COLUMN)] if _CODE_COLUMN in self.header else ""
        if code not in LOSSY:
            return None
        return RowProblem(
            code, f"mend the cells as the first file has them, then empty {_CODE_COLUMN}", _CODE_COLUMN, code
        )

    def _overhang(self, cells: Sequence[str]) -> RowProblem | None:
        extra = [cell for cell in cells[len(self.header) :] if clean(cell)]
        if not extra:
            return None
        text = shorten(", ".join(extra))
        message = f"{len(cells)} cells below {len(self.header)} headers; left over: {text}"
        return RowProblem(catalogue.RAGGED_ROW, message, value=text)


def map_headers(header: Sequence[str], overrides: Mapping[str, str] | None = None) -> HeaderMap:
    """How a table with this header row is read. `overrides` holds field to header, from `--map field=Header`.

    Raises:
        RosterError: two headers claim one field alike, or an override names a field or header that is not there.
    """
    ours = set(header) >= _OUR_MARKS
    columns = tuple(undefuse(name) for name in header) if ours else tuple(header)
    chosen = {_known_field(field): _column(name, columns) for field, name in (overrides or {}).items()}
    taken = set(chosen.values())
    claims: dict[str, list[tuple[int, int]]] = {}
    for at, name in enumerate(columns):
        claim = None if at in taken or name.startswith(OUR_PREFIX) else _claim(name)
        if claim is not None and claim[0] not in chosen:
            claims.setdefault(claim[0], []).append((claim[1], at))
    found = chosen | {field: _best(field, ranked, columns) for field, ranked in claims.items()}
    return HeaderMap(
        header=columns,
        places=tuple(found.items()),
        kept=tuple(at for at, name in enumerate(columns) if not name.startswith(OUR_PREFIX)),
        spelt={field: clean(columns[at]) for field, at in found.items()},
        ours=ours,
    )


def recognised(header: Iterable[str]) -> int:
    """How many headers of the row are known; tells a header row from a data row."""
    return sum(_claim(name) is not None for name in header)


def question(missing: Sequence[str], header: Sequence[str]) -> str:
    """Which fields no header names, the headers seen, and what to type if one of them was meant."""
    seen = ", ".join(f'"{shorten(name)}"' for name in header[:_SHOWN_HEADERS] if clean(name)) or "none"
    more = " and more" if len(header) > _SHOWN_HEADERS else ""
    asked = f"no column for {' and '.join(missing)}; headers seen: {seen}{more}"
    return ". ".join([asked, *(_hint(field, header) for field in missing)])


def _hint(field: str, header: Sequence[str]) -> str:
    near = _nearest(field, header)
    flag = "" if field == "user_id" else f", or give --{field.replace('_', '-')} for all rows"
    if near is None:
        return f'If a column holds the {field}, add --map "{field}=Header"{flag}'
    return f'Did you mean "{shorten(near)}"? If it holds the sourcedId, add --map "{field}={near}"{flag}'


def _nearest(field: str, header: Sequence[str]) -> str | None:
    by_plain = {plain(name): name for name in reversed(header) if clean(name)}
    maybe = _MAYBE.get(field)
    likely = [name for name in header if maybe is not None and maybe.fullmatch(plain(name))]
    if likely:
        return likely[0]
    for name, (meant, _) in _KNOWN.items():
        if meant == field and (near := get_close_matches(name, by_plain, n=1, cutoff=0.75)):
            return by_plain[near[0]]
    return None


def _claim(header: str) -> tuple[str, int] | None:
    name = clean(header)
    if name in FIELDS:
        return name, _EXACT
    if name in _ONEROSTER:
        return _ONEROSTER[name], _EXACT_ONEROSTER
    if name[: len(METADATA)].casefold() == METADATA:
        path = name[len(METADATA) :].split(".")
        return (METADATA + ".".join(path), _EXACT) if all(path) else None
    return _KNOWN.get(plain(name))


def _best(field: str, ranked: list[tuple[int, int]], columns: Sequence[str]) -> int:
    first, *others = sorted(ranked)
    rivals = [columns[at] for rank, at in others if rank == first[0]]
    if rivals:
        names = " and ".join(f'"{shorten(name)}"' for name in (columns[first[1]], *rivals))
        raise RosterError(f'{names} can both be {field}; add --map "{field}=Header" with the one that is meant')
    return first[1]


def _known_field(field: str) -> str:
    if field in FIELDS or (field.startswith(METADATA) and all(field.split("."))):
        return field
    near = get_close_matches(field, FIELDS, n=1)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    raise RosterError(f'--map: no field is called "{field}"; {meant}Fields are {", ".join(FIELDS)}, metadata.*')


def _column(name: str, columns: Sequence[str]) -> int:
    exact = [at for at, column in enumerate(columns) if clean(column) == clean(name)]
    alike = exact or [at for at, column in enumerate(columns) if plain(column) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    seen = ", ".join(f'"{shorten(column)}"' for column in columns[:_SHOWN_HEADERS] if clean(column))
    if alike:
        raise RosterError(f'--map: {len(alike)} headers are called "{name}"; rename one of them. Headers seen: {seen}')
    near = get_close_matches(name, columns, n=1)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    raise RosterError(f'--map: no header is called "{name}"; {meant}Headers seen: {seen}')
