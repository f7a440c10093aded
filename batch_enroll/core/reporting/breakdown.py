"""Counts of a run's rows by course and by school."""

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
    """The rows of one course or school; an empty name is for rows that name none."""

    name: str
    outcomes: Counter[OutcomeKind] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.outcomes.total()

    @property
    def succeeded(self) -> int:
        """Rows that were enrolled or withdrawn, or already so."""
        return _sum(self.outcomes, SUCCESS_KINDS)

    @property
    def to_fix(self) -> int:
        """Rows that did not end as the roster asks."""
        return _sum(self.outcomes, KINDS_TO_FIX)


class Breakdown:
    """Counts rows one by one; the columns of course and school are found by the run's headers.

    If the headers cannot be mapped, rows count for the course and school of the run's options, if there are any.
    """

    def __init__(self, run: RunRecord) -> None:
        places = _column_positions(run)
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
        """Groups by course, those with most rows to fix first; empty if no row names a course."""
        return self._courses.ranked()

    def schools(self) -> list[BreakdownGroup]:
        """Groups by school, in the same order."""
        return self._schools.ranked()


class _Column:
    """Counts of rows by the cell of one column, as written in the roster, and by outcome."""

    def __init__(self, at: int, default: str) -> None:
        self.at = at
        self._default = default
        self.counts: defaultdict[tuple[str, OutcomeKind], int] = defaultdict(int)

    def ranked(self) -> list[BreakdownGroup]:
        groups: dict[str, BreakdownGroup] = {}
        for (cell, kind), rows in self.counts.items():
            name = clean_cell(cell) or self._default
            groups.setdefault(name, BreakdownGroup(name)).outcomes[kind] += rows
        ranked = sorted(groups.values(), key=lambda group: (-group.to_fix, -group.rows, group.name))
        return [] if [group.name for group in ranked] == [""] else ranked


def _column_positions(run: RunRecord) -> dict[str, int]:
    """The index of each field's column; empty if the headers cannot be mapped."""
    overrides = run.options.get("map")
    chosen = {name: _text(header) for name, header in overrides.items()} if isinstance(overrides, dict) else {}
    try:
        return dict(map_headers(run.columns, chosen).places)
    except RosterError:
        return {}


def breakdown_as_json(groups: Iterable[BreakdownGroup]) -> list[Json]:
    """The counts, for programs."""
    return [{"name": group.name, "rows": group.rows, "outcomes": _nonzero(group.outcomes)} for group in groups]


def _nonzero(outcomes: Mapping[OutcomeKind, int]) -> dict[str, Json]:
    return {kind.value: outcomes[kind] for kind in OutcomeKind if outcomes[kind]}


def _sum(outcomes: Mapping[OutcomeKind, int], kinds: Iterable[OutcomeKind]) -> int:
    return sum(outcomes[kind] for kind in kinds)


def _text(option: Json) -> str:
    return option if isinstance(option, str) else ""
