"""Header names: which column holds which field. Exact names win; what can mean two things is asked, not guessed."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RosterError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import RowProblem, SourceRow
from batch_enroll.core.roster.cells import BLANKS, all_blank, clean_cell, shorten, undefuse
from batch_enroll.core.roster.formats import NUMBERED_TABLES
from batch_enroll.core.roster.header_aliases import (
    ALIASES,
    FIELDS,
    FINDS,
    LOGIN_BESIDE,
    ONEROSTER,
)
from batch_enroll.core.roster.own_columns import OUR_PREFIX, ROSTER_MARK, ROW_MARK
from batch_enroll.core.roster.row_parser import METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batch_enroll.core.model import RowLocation
    from batch_enroll.core.roster.roster_format import TableFormat

_OUR_MARKS: Final = frozenset({ROW_MARK, "enroll_outcome"})  # both are in every file we wrote
_PUNCTUATION: Final = re.compile(r"\[[^\]]*\]|[\s_\-.\u200b\ufeff]+")
_EXACT, _EXACT_ONEROSTER, _OUR_NAME, _ONEROSTER_NAME, _ALIAS, _NUMBERED = range(6)
PLAIN_TABLE: Final = "plain table"
SHOWN_HEADERS: Final = 30
_CODE_COLUMN: Final = "enroll_code"
LOSSY: Final = frozenset(
    {
        catalogue.RAGGED_ROW,
        catalogue.DAMAGED_CELL,
        catalogue.LOST_DIGITS,
        catalogue.DATE_FOR_ID,
        catalogue.CONTRADICTION,
        catalogue.SECOND_HEADER,
    }
)


def plain(header: str) -> str:
    """The header as headers are compared: case-folded, without blanks, `_ - .` and `[...]`."""
    return _PUNCTUATION.sub("", header).casefold()


KNOWN: Final = (
    {plain(name): (field, _ALIAS) for field, names in ALIASES.items() for name in names}
    | {plain(name): (field, _ONEROSTER_NAME) for name, field in ONEROSTER.items()}
    | {plain(field): (field, _OUR_NAME) for field in FIELDS}
)


@frozen
class HeaderMap:
    """How the columns of one table are read.

    Attributes:
        header: every header as it stands in the file.
        places: field and the index of its column; a field stands twice if two columns of one name hold it.
        kept: indexes of the roster's own columns.
        spelt: field to its header as spelt.
        ours: the file is a result of an earlier run; its cells are un-defused.
        numbered: the format of a table whose lines may hold several enrollments, in columns such as course1, course2.
    """

    header: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    kept: tuple[int, ...]
    spelt: Mapping[str, str]
    ours: bool = False
    numbered: TableFormat | None = None

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The roster's own headers, without the columns that results add."""
        return self.own_cells(self.header)

    def own_cells(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The cells below `own_columns`."""
        return tuple(cells) if len(self.kept) == len(self.header) else tuple([cells[at] for at in self.kept])

    def fields(self, cells: Sequence[str]) -> dict[str, str]:
        """Field to its text, stripped; blank cells have no entry."""
        # Of printable ASCII only the space is blank; to look for all that can be takes ten times as long.
        line = "".join(cells)
        blanks = " " if line.isascii() and line.isprintable() else BLANKS
        fields = {}
        for field, at in self.places:
            if text := cells[at].strip(blanks):
                fields[field] = text
        return fields

    def row(self, place: RowLocation, cells: Sequence[str], problem: RowProblem | None = None) -> SourceRow | None:
        """The row as read, as wide as the header, or None if there is nothing in it."""
        if len(cells) != len(self.header):
            problem = problem or self._overhang(cells)
            cells = [*cells[: len(self.header)], *[""] * (len(self.header) - len(cells))]
        if self.ours:
            cells = [undefuse(cell) for cell in cells]
            problem = problem or self._still_open(cells)
        fields = self.fields(cells)
        own = self.own_cells(cells)
        if len(self.places) != len(self.spelt):
            problem = problem or self._contradiction(cells, fields)
        if not fields and problem is None and all_blank(own):
            return None
        if self.ours:
            fields |= self._marks(cells)
        return SourceRow(place, own, fields, problem, self.spelt)

    @property
    def read_as(self) -> str:
        """What the table was taken for."""
        if self.ours:
            return "results of an earlier run"
        return (
            PLAIN_TABLE if self.numbered is None else f"{self.numbered.title}, one enrollment for each numbered course"
        )

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column with the field it is read as; empty where it is only carried along."""
        read_as = {at: field for field, at in self.places}
        return tuple((self.header[at], read_as.get(at, "")) for at in self.kept)

    def _marks(self, cells: Sequence[str]) -> dict[str, str]:
        """Which row of which roster this line of an earlier run's results stands for."""
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

    def _contradiction(self, cells: Sequence[str], fields: Mapping[str, str]) -> RowProblem | None:
        """Two columns of one name may complete each other, but not differ."""
        for field, at in self.places:
            text = cells[at].strip(BLANKS)
            if text and text != fields[field]:
                seen = f'{text}" and "{fields[field]}'
                message = f'two columns have this name and hold "{shorten(seen)}"; empty one of the cells'
                return RowProblem(catalogue.CONTRADICTION, message, self.spelt[field], text)
        return None

    def _overhang(self, cells: Sequence[str]) -> RowProblem | None:
        extra = [cell for cell in cells[len(self.header) :] if clean_cell(cell)]
        if not extra:
            return None
        text = shorten(", ".join(extra))
        message = f"{len(cells)} cells below {len(self.header)} headers; left over: {text}"
        return RowProblem(catalogue.RAGGED_ROW, message, value=text)


def map_headers(
    header: Sequence[str],
    overrides: Mapping[str, str] | None = None,
    *,
    numbered: Sequence[TableFormat] = NUMBERED_TABLES,
) -> HeaderMap:
    """Returns how a table with this header row is read.

    Args:
        header: the headers, as they are in the file.
        overrides: field to header, from `--map field=Header`.
        numbered: formats whose numbered courses count where no other column names the course.

    Raises:
        RosterError: two headers claim one field alike, or an override names a field or header that is not there.
    """
    ours = set(header) >= _OUR_MARKS
    columns = tuple(undefuse(name) for name in header) if ours else tuple(header)
    chosen = {_known_field(field): _column(name, columns) for field, name in (overrides or {}).items()}
    several = _numbered_format(columns, numbered)
    claims = _claims(columns, chosen, _numbered_claims(several))
    _refuse_login(claims, columns)
    found: dict[str, tuple[int, ...]] = {field: (at,) for field, at in chosen.items()}
    found |= {field: _best(field, ranked, columns) for field, ranked in claims.items()}
    spelt = {field: clean_cell(columns[at[0]]) for field, at in found.items()}
    return HeaderMap(
        header=columns,
        places=tuple((field, at) for field, places in found.items() for at in places),
        kept=tuple(at for at, name in enumerate(columns) if not name.startswith(OUR_PREFIX)),
        spelt=spelt,
        ours=ours,
        numbered=None if several is None or plain(spelt.get("course_id", "")) != several.first_course else several,
    )


def count_known(header: Sequence[str], numbered: Sequence[TableFormat] = NUMBERED_TABLES) -> int:
    """Returns the number of headers in the row that are known, which distinguishes a header row from a data row."""
    claims = _numbered_claims(_numbered_format(header, numbered))
    return sum(_claim(name, claims) is not None for name in header)


def _numbered_format(header: Sequence[str], numbered: Sequence[TableFormat]) -> TableFormat | None:
    names = set(map(plain, header))
    return next((each for each in numbered if each.first_course in names), None)


def _numbered_claims(several: TableFormat | None) -> Mapping[str, str]:
    return {} if several is None or several.numbered is None else several.numbered.claims


def _claims(
    columns: Sequence[str], chosen: Mapping[str, int], numbered: Mapping[str, str]
) -> dict[str, list[tuple[int, int]]]:
    """Fields that were not chosen to the columns that claim them, each with its rank, best first.

    A column that is no id is left out if others claim its field alike and the id it would help to find is there.
    """
    taken = set(chosen.values())
    claims: dict[str, list[tuple[int, int]]] = {}
    for at, name in enumerate(columns):
        claim = None if at in taken or name.startswith(OUR_PREFIX) else _claim(name, numbered)
        if claim is not None and claim[0] not in chosen:
            claims.setdefault(claim[0], []).append((claim[1], at))
    known = claims.keys() | chosen.keys()
    return {
        field: sorted(ranked)
        for field, ranked in claims.items()
        if FINDS.get(field) not in known or not _rivals(sorted(ranked), columns)
    }


def _refuse_login(claims: Mapping[str, list[tuple[int, int]]], columns: Sequence[str]) -> None:
    for field, ids in LOGIN_BESIDE.items():
        beside = [name for name in columns if plain(name) in ids]
        named = [columns[at] for _, at in claims.get(field, ()) if columns[at] not in beside]
        if beside and named:
            raise RosterError(
                f'"{shorten(named[0])}" beside "{shorten(beside[0])}" is a login in some systems and the {field} in '
                f'others; add --map "{field}={beside[0]}" or --map "{field}={named[0]}"'
            )


def _claim(header: str, numbered: Mapping[str, str]) -> tuple[str, int] | None:
    name = clean_cell(header)
    if name in FIELDS:
        return name, _EXACT
    if name in ONEROSTER:
        return ONEROSTER[name], _EXACT_ONEROSTER
    if (field := numbered.get(plain(name))) is not None:
        return field, _NUMBERED
    if name[: len(METADATA)].casefold() == METADATA:
        path = name[len(METADATA) :].split(".")
        return (METADATA + ".".join(path), _EXACT) if all(path) else None
    return KNOWN.get(plain(name))


def _best(field: str, ranked: list[tuple[int, int]], columns: Sequence[str]) -> tuple[int, ...]:
    """The column of a field, or several that have the very same name."""
    rivals = _rivals(ranked, columns)
    first = columns[ranked[0][1]]
    if rivals:
        names = " and ".join(f'"{shorten(name)}"' for name in (first, *rivals))
        raise RosterError(f'{names} can both be {field}; add --map "{field}=Header" with the one that is meant')
    return tuple(at for _, at in ranked if clean_cell(columns[at]) == clean_cell(first))


def _rivals(ranked: list[tuple[int, int]], columns: Sequence[str]) -> list[str]:
    """Other headers that claim a field just as well as the first."""
    rank, first = ranked[0]
    return [
        columns[at] for other, at in ranked if other == rank and clean_cell(columns[at]) != clean_cell(columns[first])
    ]


def _known_field(field: str) -> str:
    if field in FIELDS or (field.startswith(METADATA) and all(field.split("."))):
        return field
    near = get_close_matches(field, FIELDS, n=1)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    raise RosterError(f'--map: no field is called "{field}"; {meant}Fields are {", ".join(FIELDS)}, metadata.*')


def _column(name: str, columns: Sequence[str]) -> int:
    exact = [at for at, column in enumerate(columns) if clean_cell(column) == clean_cell(name)]
    alike = exact or [at for at, column in enumerate(columns) if plain(column) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    seen = ", ".join(f'"{shorten(column)}"' for column in columns[:SHOWN_HEADERS] if clean_cell(column))
    if alike:
        raise RosterError(f'--map: {len(alike)} headers are called "{name}"; rename one of them. Headers seen: {seen}')
    near = get_close_matches(name, columns, n=1)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    raise RosterError(f'--map: no header is called "{name}"; {meant}Headers seen: {seen}')
