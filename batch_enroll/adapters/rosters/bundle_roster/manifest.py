"""What a bundle says of itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.bundle_roster.column_select import select
from batch_enroll.core.roster.bundle_formats import Format

if TYPE_CHECKING:
    from batch_enroll.core.roster.bundle_formats import BundleFormat
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

    def title(self, recipe: BundleFormat) -> str:
        """The format with its version, and whether it is a bulk or a delta."""
        if recipe.format is Format.SDS_V2:
            return f"{recipe.title}.1" if "roles.csv" in self._parts.names else recipe.title
        if recipe.format is not Format.ONEROSTER:
            return recipe.title
        if not self._said:
            likely = "1.2" if "roles.csv" in self._parts.names else "1.0 or 1.1"
            return f"{recipe.title} {likely}, without a manifest"
        version, kind = self._said.get("oneroster.version", ""), self._said.get("file.enrollments", "")
        return f"{recipe.title} {version}".rstrip() + (f", {kind}" if kind in {"bulk", "delta"} else "")

    @cached_property
    def _said(self) -> dict[str, str]:
        if _FILE not in self._parts.names:
            return {}
        return {name.lower(): value.lower() for name, value in select(self._parts, _FILE, _COLUMNS, "name")}
