"""What a bundle says of itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.bundle_roster.column_select import select

if TYPE_CHECKING:
    from batch_enroll.core.roster.roster_format import BundleFormat
    from batch_enroll.ports import RosterParts

_FILE: Final = "manifest.csv"
_INCOMPLETE: Final = frozenset({"delta", "absent"})
_COLUMNS: Final = {"name": ("propertyname",), "value": ("value",)}


class Manifest:
    """The properties of a OneRoster manifest.csv; without one, nothing is said."""

    def __init__(self, parts: RosterParts) -> None:
        self._parts = parts

    def complete(self, file: str) -> bool:
        """Whether what is not in the file does not exist."""
        name = file.lower()
        said = self._said.get(f"file.{name.removesuffix('.csv')}", "")
        return name in self._parts.names and said not in _INCOMPLETE

    @property
    def changes_only(self) -> bool:
        """The bundle lists only enrollments that changed."""
        return self._said.get("file.enrollments") == "delta"

    def title(self, of: BundleFormat) -> str:
        """The title of the format with what the files and the manifest add to it."""
        return of.title if of.describe is None else of.describe(self._parts.names, self._said)

    @cached_property
    def _said(self) -> dict[str, str]:
        if _FILE not in self._parts.names:
            return {}
        return {name.lower(): value.lower() for name, value in select(self._parts, _FILE, _COLUMNS, "name")}
