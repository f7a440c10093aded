"""What is asked when headers do not say enough: what was seen, what was perhaps meant, and what to type."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from batch_enroll.core.roster.cells import clean_cell, shorten
from batch_enroll.core.roster.header_aliases import MAYBE
from batch_enroll.core.roster.header_map import KNOWN, SHOWN_HEADERS, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMED: Final = {  # what an id can be found by
    "user_id": ("e-mails", "user_email"),
    "course_id": ("titles", "course_title"),
    "school_id": ("names", "school_name"),
}
_ALIKE: Final = 0.75
_VERY_ALIKE: Final = 0.85  # for a column that nobody asked for


def question(missing: Sequence[str], header: Sequence[str]) -> str:
    """Which fields no header names, the headers seen, and what to type if one of them was meant."""
    seen = ", ".join(f'"{shorten(name)}"' for name in header[:SHOWN_HEADERS] if clean_cell(name)) or "none"
    more = " and more" if len(header) > SHOWN_HEADERS else ""
    asked = f"no column for {' and '.join(missing)}; headers seen: {seen}{more}"
    return ". ".join([asked, *(_hint(field, header) for field in missing)])


def suggestions(columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    """For columns that are not used (no field beside their name) though they may have been meant for one."""
    read = {field for _, field in columns}
    unused = [name for name, field in columns if not field and clean_cell(name)]
    for field in MAYBE:
        near = None if field in read else _nearest(field, unused, _VERY_ALIKE)
        if near is not None:
            unused.remove(near)
            asked = f'if it holds the {field}, add --map "{field}={near}"{_or_named(field, near)}'
            yield f'"{shorten(near)}" is not read; {asked}'


def _hint(field: str, header: Sequence[str]) -> str:
    near = _nearest(field, header, _ALIKE)
    flag = "" if field == "user_id" else f", or give --{field.replace('_', '-')} for all rows"
    if near is None:
        return f'If a column holds the {field}, add --map "{field}=Header"{flag}'
    named = _or_named(field, near)
    return f'Did you mean "{shorten(near)}"? If it holds the sourcedId, add --map "{field}={near}"{named}{flag}'


def _or_named(field: str, header: str) -> str:
    if field not in _NAMED:
        return ""
    names, named = _NAMED[field]
    return f'; if {names}, --map "{named}={header}"'


def _nearest(field: str, header: Sequence[str], alike: float) -> str | None:
    by_plain = {plain(name): name for name in reversed(header) if clean_cell(name)}
    maybe = MAYBE.get(field)
    likely = [name for name in header if maybe is not None and maybe.fullmatch(plain(name))]
    if likely:
        return likely[0]
    for name, (meant, _) in KNOWN.items():
        if meant == field and (near := get_close_matches(name, by_plain, n=1, cutoff=alike)):
            return by_plain[near[0]]
    return None
