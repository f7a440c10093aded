"""Columns of several tables laid over each other by name; columns of one name keep their order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Column: TypeAlias = tuple[str, int]  # a name, and the how-manieth of that name


def numbered(columns: Sequence[str]) -> list[Column]:
    """Each column with how many of its name stand before it."""
    seen: Counter[str] = Counter()
    told = []
    for name in columns:
        told.append((name, seen[name]))
        seen[name] += 1
    return told


def united(tables: Iterable[Sequence[str]]) -> tuple[Column, ...]:
    """Every column of any table once, in order of first appearance."""
    return tuple(dict.fromkeys(column for columns in tables for column in numbered(columns)))


def places(wanted: Sequence[Column], columns: Sequence[str]) -> list[int]:
    """Where each wanted column stands among `columns`; -1 for one that is not there."""
    found = {column: at for at, column in enumerate(numbered(columns))}
    return [found.get(column, -1) for column in wanted]


def laid(cells: Sequence[str], at: Sequence[int]) -> tuple[str, ...]:
    """The cells in the order of `places`; blank where there is none."""
    return tuple([cells[place] if place >= 0 else "" for place in at])
