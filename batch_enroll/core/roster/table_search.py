"""Where a table begins: the header row found by its names, among titles and notes that may stand above it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.lookup.id_resolution import named
from batch_enroll.core.roster.cells import all_blank
from batch_enroll.core.roster.formats import NUMBERED_TABLES
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.header_hints import question
from batch_enroll.core.roster.header_map import HeaderMap, count_known, map_headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batch_enroll.core.roster.roster_format import TableFormat

SEARCHED_ROWS: Final = 31  # thirty rows of titles and notes, then the header
WIDEST: Final = 16_384  # columns of a spreadsheet


@frozen
class HeaderRequirements:
    """What a header must offer: the fields that no default fills, and columns named by `--map`.

    `numbered` holds the formats whose numbered courses count as courses.
    """

    required: frozenset[str] = frozenset({"user_id", "course_id"})
    overrides: Mapping[str, str] = field(default_factory=dict)
    numbered: Sequence[TableFormat] = NUMBERED_TABLES


@frozen
class Table:
    """A header found: its row, counted from 1, and how its columns are read."""

    header_row: int
    map: HeaderMap


@frozen
class NoTable:
    """No usable header: why, and how many headers of the likeliest row were known."""

    reason: str
    known: int = 0


def header_requirements(
    defaults_present: frozenset[str], overrides: Mapping[str, str], *, numbered: Sequence[TableFormat] = NUMBERED_TABLES
) -> HeaderRequirements:
    """What the header must offer when `defaults_present` names the fields that have a default."""
    return HeaderRequirements(HeaderRequirements().required - defaults_present, overrides, numbered)


def find_table(records: Sequence[Sequence[str]], want: HeaderRequirements) -> Table | NoTable:
    """The first of the records that is a header with all wanted fields, or why there is none."""
    for nth, record in enumerate(records[:SEARCHED_ROWS], 1):
        if count_known(record, want.numbered) + len(want.overrides) >= len(want.required):
            mapped = _mapped(record, want)
            if isinstance(mapped, HeaderMap) and want.required <= named(mapped.spelt):
                return (
                    NoTable(f"row {nth} has more than {WIDEST} columns") if len(record) > WIDEST else Table(nth, mapped)
                )
    return _likeliest(records[:SEARCHED_ROWS], want)


def _mapped(record: Sequence[str], want: HeaderRequirements) -> HeaderMap | str:
    try:
        return map_headers(record, want.overrides, numbered=want.numbered)
    except RosterError as why:
        return str(why)


def _likeliest(records: Sequence[Sequence[str]], want: HeaderRequirements) -> NoTable:
    best = max(
        (record for record in records if not all_blank(record)),
        key=lambda record: (count_known(record, want.numbered), len(record) > 1),
        default=None,
    )
    if best is None:
        return NoTable("the table is empty")
    mapped = _mapped(best, want)
    if isinstance(mapped, str):
        return NoTable(mapped, count_known(best, want.numbered))
    missing = [name for name in FIELDS if name in want.required - named(mapped.spelt)]
    return NoTable(question(missing, best), count_known(best, want.numbered))
