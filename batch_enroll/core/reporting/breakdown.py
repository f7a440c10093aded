"""Rows of a run counted by the course and by the school they name, sent or not."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import KINDS_TO_FIX, SUCCESS_KINDS, OutcomeKind
from batch_enroll.core.roster.cells import clean_cell
from batch_enroll.core.roster.header_map import map_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batch_enroll.core.model import Json, ResultRow
    from batch_enroll.core.run_record import RunRecord


_NOWHERE: Final = sys.maxsize


@dataclass(slots=True)
class BreakdownGroup:
    """The rows that name one course or school; an empty name stands for rows that name none."""

    name: str
    outcomes: Counter[OutcomeKind] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """All of them."""
        return self.outcomes.total()

    @property
    def well(self) -> int:
        """Those whose seat is there, or gone if that was wanted."""
        return _sum(self.outcomes, SUCCESS_KINDS)

    @property
    def to_fix(self) -> int:
        """Those that were not enrolled and should have been."""
        return _sum(self.outcomes, KINDS_TO_FIX)


class Breakdown:
    """Counts rows one by one. Which cells name course and school is read from the run's own columns.

    A run whose columns cannot be read any more (no roster's headers) is not broken down.
    """

    def __init__(self, run: RunRecord) -> None:
        places = fields_of(run)
        self._courses, self._schools = (
            _Column(places.get(name, _NOWHERE), _text(run.options.get(name))) for name in ("course_id", "school_id")
        )
        self._counts = [(column.at, column.counts) for column in (self._courses, self._schools)]

    def add(self, row: ResultRow) -> None:
        """Counts one row."""
        cells, kind = row.cells, row.outcome.kind
        for at, counts in self._counts:
            counts[cells[at] if at < len(cells) else "", kind] += 1

    def courses(self) -> list[BreakdownGroup]:
        """By course, those with most to mend first; empty when no row names any."""
        return self._courses.ranked()

    def schools(self) -> list[BreakdownGroup]:
        """By school, likewise."""
        return self._schools.ranked()


class _Column:
    """Rows counted by what stands in one column, as it is spelt there, and how they ended."""

    def __init__(self, at: int, default: str) -> None:
        self.at = at
        self._default = default
        self.counts: defaultdict[tuple[str, OutcomeKind], int] = defaultdict(int)

    def ranked(self) -> list[BreakdownGroup]:
        shares: dict[str, BreakdownGroup] = {}
        for (cell, kind), rows in self.counts.items():
            name = clean_cell(cell) or self._default
            shares.setdefault(name, BreakdownGroup(name)).outcomes[kind] += rows
        ranked = sorted(shares.values(), key=lambda share: (-share.to_fix, -share.rows, share.name))
        return [] if [share.name for share in ranked] == [""] else ranked


def fields_of(run: RunRecord) -> dict[str, int]:
    """Field and the index of its column among the run's own; empty when they cannot be told."""
    overrides = run.options.get("map")
    chosen = {name: _text(header) for name, header in overrides.items()} if isinstance(overrides, dict) else {}
    try:
        return dict(map_headers(run.columns, chosen).places)
    except RosterError:
        return {}


def as_json(shares: Iterable[BreakdownGroup]) -> list[Json]:
    """The counts for programs."""
    return [{"name": share.name, "rows": share.rows, "outcomes": _told(share.outcomes)} for share in shares]


def _told(outcomes: Mapping[OutcomeKind, int]) -> dict[str, Json]:
    return {kind.value: outcomes[kind] for kind in OutcomeKind if outcomes[kind]}


def _sum(outcomes: Mapping[OutcomeKind, int], kinds: Iterable[OutcomeKind]) -> int:
    return sum(outcomes[kind] for kind in kinds)


def _text(option: Json) -> str:
    return option if isinstance(option, str) else ""
