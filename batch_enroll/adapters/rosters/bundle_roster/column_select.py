"""Columns of a bundle's tables, picked by what their headers may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cells import all_blank, clean_cell
from batch_enroll.core.roster.header_map import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.roster.roster_format import Headers
    from batch_enroll.ports import RosterParts


def header_of(parts: RosterParts, name: str) -> list[str]:
    """The first row that is not blank."""
    return first_row(parts, name)[1]


def first_row(parts: RosterParts, name: str) -> tuple[int, list[str]]:
    """The first row that is not blank, and its number."""
    rows = enumerate(parts.records(name), 1)
    return next(((nth, record) for nth, record in rows if not all_blank(record)), (1, []))


def spelt(header: Sequence[str], names: Headers) -> dict[str, str]:
    """Columns of ours to the header that holds them, as it is spelt."""
    first_of = {plain(name): clean_cell(name) for name in reversed(header)}
    found = {
        ours: next((first_of[name] for name in theirs if name in first_of), None) for ours, theirs in names.items()
    }
    return {ours: header for ours, header in found.items() if header is not None}


def select(parts: RosterParts, name: str, columns: Headers, needed: str) -> Iterator[tuple[str, ...]]:
    """Those columns of every row, stripped; empty where the table lacks one, or the likelier of two is blank.

    Raises:
        RosterError: the table lacks the column `needed`, or cannot be read to its end.
    """
    records = (record for record in parts.records(name) if not all_blank(record))
    header = [plain(column) for column in next(records, [])]
    chosen = [[header.index(column) for column in names if column in header] for names in columns.values()]
    if not set(columns[needed]) & set(header):
        where = parts.locate(name, 1)
        raise RosterError(f"{where.file}: no column {' or '.join(columns[needed])} in the first row; export it again")
    for record in records:
        yield tuple([_first(record, places) for places in chosen])


def _first(record: Sequence[str], places: Sequence[int]) -> str:
    for at in places:
        if at < len(record) and (text := clean_cell(record[at])):
            return text
    return ""
