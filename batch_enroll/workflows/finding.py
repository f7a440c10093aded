"""A roster whose rows have the ids that were found for what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.lookup.id_resolution import presumed, proven, unknown, with_resolved_ids
from batch_enroll.workflows.roster_wrappers import RosterWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batch_enroll.core.lookup.id_resolution import Search
    from batch_enroll.core.lookup.records import Answers, EntityKind
    from batch_enroll.core.model import SourceRow
    from batch_enroll.ports import RosterSource


class ResolvedRoster(RosterWrapper):
    """A RosterSource whose rows have the ids that were found; until `answers` is set, what was typed stands for them.

    Args:
        source: the roster.
        search: what is looked up in it.
    """

    def __init__(self, source: RosterSource, search: Search) -> None:
        super().__init__(source)
        self.search = search
        self.answers: Answers | None = None
        self.defaults: Mapping[EntityKind, str] | None = None  # set: ids of rows are proven, too
        self.given_up = False  # set: nobody will be asked, so no row is taken for the same as another

    def rows(self) -> Iterator[SourceRow]:
        """Every row, in order."""
        if self.given_up:
            return (unknown(row, self.search, nth) for nth, row in enumerate(self._source.rows(), 1))
        return map(self.row, self._source.rows()) if self.search or self.answers is not None else self._source.rows()

    def row(self, row: SourceRow) -> SourceRow:
        """One row, of this roster or recorded from it, with its ids."""
        if self.answers is None:
            return presumed(row, self.search)
        row = with_resolved_ids(row, self.search, self.answers)
        return row if self.defaults is None else proven(row, self.defaults, self.answers)

    def unfound(self) -> Iterator[SourceRow]:
        """Every row as it was read."""
        return self._source.rows()
