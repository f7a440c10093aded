"""Counts of a roster for its guards: its first rows before anything is sent, and the others while they are read."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from batch_enroll.core.errors import RosterError
from batch_enroll.core.guards.roster_stats import RosterStats
from batch_enroll.core.guards.rules import GuardStoppedError, capacity_guard
from batch_enroll.core.model import SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.guards.roster_stats import GuardLimits
    from batch_enroll.core.roster.row_parser import Defaults
    from batch_enroll.ports import RosterSource

Row = TypeVar("Row", bound=SourceRow | None)

# Four times the students that a course may take by default, and a tenth of a second: what is wrong with every row
# shows here. What shows only later stops the run there, before the first row too many is sent.
ROWS_AHEAD: Final = 20_000


def count_first_rows(
    source: RosterSource, defaults: Defaults, limits: GuardLimits, *, whole: bool
) -> tuple[RosterStats, int]:
    """Counts the first rows, or all if `whole`; returns the counts and how many rows the roster has, or about how many.

    A million rows take a second or two to read. The first request must not wait for that; withdrawals must.
    """
    stats = RosterStats(defaults, limits)
    rows = source.rows()
    try:
        for row in rows if whole else islice(rows, ROWS_AHEAD):
            stats.add(row.fields)
        ended = whole or next(rows, None) is None
    except RosterError:  # the run reports it, and the guards judge what was read
        return stats, stats.rows
    return stats, stats.rows if ended else max(source.estimated_rows or 0, stats.rows)


class CapacityGuard:
    """Stops a run before the first row with which a course or school takes too many.

    Args:
        stats: has counted as many first rows as it says, with no course or school too full among them.
    """

    def __init__(self, stats: RosterStats) -> None:
        self._stats = stats

    def watch(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yields the rows, and counts those that were not counted yet.

        Raises:
            GuardStoppedError: once, before the first row too many; a reader that continues gets that row and the rest.
        """
        return chain(islice(rows, self._stats.rows), _WatchedRows(rows, self._stats))


class _WatchedRows(Generic[Row]):
    """Rows that are counted while they are read; unlike a generator, it continues after the error."""

    def __init__(self, rows: Iterator[Row], stats: RosterStats) -> None:
        self._rows = rows
        self._stats: RosterStats | None = stats
        self._held: list[Row] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        if self._held:
            return self._held.pop()
        row = next(self._rows)
        if self._stats is None or row is None:
            return row
        self._stats.add(row.fields)
        if (verdict := capacity_guard(self._stats)) is not None:
            self._stats = None
            self._held.append(row)
            raise GuardStoppedError([verdict], situation="only rows before the first one too many were sent")
        return row
