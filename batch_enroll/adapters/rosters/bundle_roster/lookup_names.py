"""What a bundle calls its people, courses and schools, where the server has other ids that are found by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.adapters.rosters.bundle_roster.column_select import header_of, select
from batch_enroll.core.codes import catalogue
from batch_enroll.core.lookup.id_resolution import ID_FIELDS, IN_WORDS
from batch_enroll.core.lookup.records import WAYS, EntityKind
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import shorten
from batch_enroll.core.roster.header_map import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from batch_enroll.core.roster.roster_format import BundleFormat, NameFile
    from batch_enroll.ports import RosterParts


class LookupNames:
    """The names that ids are to be found by; a name that nobody or several have is a problem of its row.

    Attributes:
        fields: those of the wanted fields that the bundle has a column for.
    """

    def __init__(self, parts: RosterParts, of: BundleFormat, wanted: Collection[str]) -> None:
        self._parts = parts
        self._format = of
        self._tables: dict[tuple[str, tuple[str, ...]], dict[str, str]] = {}
        everybody = tuple(file for seats in of.enrollments for file in seats.people)
        self.fields = tuple(field for field in WAYS if field in wanted and self._told(field, everybody))

    def of(
        self, fields: Mapping[str, str], headers: Mapping[str, str], people: tuple[str, ...]
    ) -> dict[str, str] | RowProblem:
        """What the user, course and school of a row are called; `people` are the files that list its user."""
        found: dict[str, str] = {}
        for field in self.fields:
            kind, by = WAYS[field]
            id_ = fields.get(ID_FIELDS[kind])
            if id_ is None or field in fields:
                continue
            name = self._table(field, people).get(id_)
            if not name:
                files = " or ".join(self._files(kind, people))
                flaw = "has more than one" if name == "" else "has no"
                message = f'"{shorten(id_)}" {flaw} {IN_WORDS[by]} in {files} to be found by'
                return RowProblem(catalogue.BROKEN_JOIN, message, headers.get(ID_FIELDS[kind], ID_FIELDS[kind]), id_)
            found[field] = name
        return found

    def _told(self, field: str, everybody: tuple[str, ...]) -> bool:
        """Whether one of the files has a column for it."""
        kind, headers = WAYS[field].kind, self._headers(field)
        there = [file.lower() for file in self._files(kind, everybody) if file.lower() in self._parts.names]
        return any(set(headers) & {plain(name) for name in header_of(self._parts, file)} for file in there)

    def _table(self, field: str, people: tuple[str, ...]) -> Mapping[str, str]:
        """Id to name, which is empty where there are several."""
        kind = WAYS[field].kind
        files = self._files(kind, people)
        if (field, files) not in self._tables:
            names: dict[str, str] = {}
            for file in files:
                if file.lower() in self._parts.names:
                    columns = {"id": self._ids(kind), "name": self._headers(field)}
                    for id_, name in select(self._parts, file.lower(), columns, "id"):
                        if id_ and name:
                            names[id_] = name if names.get(id_, name) == name else ""
            self._tables[field, files] = names
        return self._tables[field, files]

    def _files(self, kind: EntityKind, people: tuple[str, ...]) -> tuple[str, ...]:
        if kind is EntityKind.USER:
            return people
        its = self._names(kind)
        return () if its is None else (its.file,)

    def _ids(self, kind: EntityKind) -> tuple[str, ...]:
        its = self._names(kind)
        return self._format.person_columns["user_id"] if its is None else its.ids

    def _headers(self, field: str) -> tuple[str, ...]:
        its = self._names(WAYS[field].kind)
        return (self._format.person_names if its is None else its.fields).get(field, ())

    def _names(self, kind: EntityKind) -> NameFile | None:
        return {EntityKind.COURSE: self._format.course_names, EntityKind.SCHOOL: self._format.school_names}.get(kind)
