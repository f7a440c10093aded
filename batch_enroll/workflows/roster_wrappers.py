"""A roster around another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.run_record import RosterRef
    from batch_enroll.ports import RosterSource


class RosterWrapper:
    """A RosterSource that is its `source` in all that it does not say itself."""

    def __init__(self, source: RosterSource) -> None:
        self._source = source

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own columns."""
        return self._source.columns

    @property
    def estimated_rows(self) -> int | None:
        """About how many rows there are."""
        return self._source.estimated_rows

    def rows(self) -> Iterator[SourceRow]:
        """Every row, in order."""
        return self._source.rows()

    def describe(self) -> tuple[tuple[str, str], ...]:
        """How each column is read."""
        return self._source.describe()

    def notes(self) -> tuple[str, ...]:
        """What people should know of how it is read."""
        return self._source.notes()

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read."""
        return self._source.refs()
