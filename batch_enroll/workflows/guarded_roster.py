"""A roster counted for its guards: in part before anything is sent, and then while it is read."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Self

from batch_enroll.core.errors import RosterError
from batch_enroll.core.guards.roster_stats import RosterStats
from batch_enroll.core.guards.rules import GuardStoppedError, capacity_guard
from batch_enroll.workflows.roster_wrappers import RosterWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.guards.roster_stats import GuardLimits
    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.row_parser import Defaults
    from batch_enroll.ports import RosterSource

# Four times the students that a course may take by default, and a tenth of a second: what is wrong with every row
# shows here. What shows only further on stops the run there, before the first row too many is sent.
ROWS_AHEAD: Final = 20_000


def count_first_rows(
    source: RosterSource, defaults: Defaults, limits: GuardLimits, *, whole: bool
) -> tuple[RosterStats, int]:
    """The census of the first rows, or of all if `whole`; and how many rows the roster has, or about how many.

    A million rows take a second or two to read, and the first request shall not wait for that; withdrawals shall.
    """
    census = RosterStats(defaults, limits)
    rows = source.rows()
    try:
        for row in rows if whole else islice(rows, ROWS_AHEAD):
            census.add(row.fields)
        ended = whole or next(rows, None) is None
    except RosterError:  # the run tells it row by row, and the guards still say what they saw
        return census, census.rows
    return census, census.rows if ended else max(source.estimated_rows or 0, census.rows)


class PrefetchedRoster(RosterWrapper):
    """A RosterSource whose first rows are kept, so that who looks at them before a run does not read them twice.

    Whoever reads further than a look goes on alone, and the rows are let go; who comes later reads anew.
    """

    def __init__(self, source: RosterSource) -> None:
        super().__init__(source)
        self._kept: list[SourceRow] = []
        self._unread: Iterator[SourceRow] | None = None
        self._broken: RosterError | None = None
        self._gone_on = False

    def rows(self) -> Iterator[SourceRow]:
        """Every row, in order."""
        return self._source.rows() if self._gone_on else self._rows()

    def _rows(self) -> Iterator[SourceRow]:
        kept, nth = self._kept, 0
        while True:
            while nth < len(kept):
                nth += 1
                yield kept[nth - 1]
            if self._gone_on:
                yield from islice(self._source.rows(), nth, None)
                return
            if (row := self._next()) is None:
                return
            if len(kept) > ROWS_AHEAD:
                break
            kept.append(row)
        self._gone_on, self._kept = True, []
        yield row
        yield from self._unread or ()

    def _next(self) -> SourceRow | None:
        """The next row that nobody has read; None at the end."""
        if self._broken is not None:
            raise self._broken
        if self._unread is None:
            self._unread = self._source.rows()
        try:
            return next(self._unread, None)
        except RosterError as why:
            self._broken = why
            raise


class CapacityGuardedRoster(RosterWrapper):
    """A RosterSource that speaks up where a course or school takes too many; to be read once.

    `census` has counted as many of its first rows as it says, and no crowd among them.

    Raises (from `rows`):
        GuardStoppedError: once, before the first row too many; whoever reads on gets that row and the others.
    """

    def __init__(self, source: RosterSource, census: RosterStats) -> None:
        super().__init__(source)
        self._census = census

    def rows(self) -> Iterator[SourceRow]:
        """Every row, in order."""
        rows = self._source.rows()
        return chain(islice(rows, self._census.rows), _Watched(rows, self._census))


class _Watched:
    """Rows that are counted on their way; unlike a generator's, there are more after the error."""

    def __init__(self, rows: Iterator[SourceRow], census: RosterStats) -> None:
        self._rows = rows
        self._census: RosterStats | None = census
        self._kept: SourceRow | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SourceRow:
        if (kept := self._kept) is not None:
            self._kept = None
            return kept
        row = next(self._rows)
        if self._census is None:
            return row
        self._census.add(row.fields)
        if (verdict := capacity_guard(self._census)) is not None:
            self._census, self._kept = None, row
            raise GuardStoppedError([verdict], came="only rows before the first one too many were sent")
        return row
