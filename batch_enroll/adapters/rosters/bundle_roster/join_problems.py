"""Why a seat of a bundle cannot be joined: it names the piece that is missing, and where it was looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.bundle_roster.joins import DELETED, THERE, TWICE
from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import shorten

if TYPE_CHECKING:
    from batch_enroll.adapters.rosters.bundle_roster.joins import Joined
    from batch_enroll.adapters.rosters.bundle_roster.manifest import Manifest
    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.roster_format import BundleFormat
    from batch_enroll.ports import RosterParts

_ACTIVE: Final = frozenset({"", "active", "enabled"})


class JoinProblems:
    """What keeps seats of one bundle from being joined. `course_given`: all rows without a course have a default."""

    def __init__(self, parts: RosterParts, of: BundleFormat, manifest: Manifest, *, course_given: bool) -> None:
        self._classes = of.classes
        self._classes_there = of.classes.lower() in parts.names
        self._course_given = course_given
        self._own_course = of.own_course  # else it is a person's wish that a column be read as the course
        self._complete = {seats.people: all(map(manifest.complete, seats.people)) for seats in of.enrollments}

    def of(self, row: SourceRow, course: str, joined: Joined, people: tuple[str, ...]) -> RowProblem | None:
        """The first thing that is wrong; `course` is the one that the row names itself."""
        active = row.fields.get("status", "").lower() in _ACTIVE
        if (problem := self._class_problem(row, course, joined, active=active)) is not None:
            return problem
        if active and self._complete[people] and "user_id" in row.fields and joined.user_is != THERE:
            return _problem(row, "user_id", _user_flaw(joined, " or ".join(people)))
        return None

    def _class_problem(self, row: SourceRow, course: str, joined: Joined, *, active: bool) -> RowProblem | None:
        if active and joined.class_is == DELETED:
            return _problem(row, "class_id", f"is marked as deleted in {self._classes}")
        if course:
            return self._contradiction(row, course, joined)
        if not joined.class_is:
            return self._missing_class(row)
        if joined.class_is == TWICE:
            return _problem(row, "class_id", f"stands in {self._classes} twice, with different courses")
        if not joined.course_id and not self._course_given:
            return _problem(row, "class_id", f"has no course in {self._classes}", catalogue.CLASS_WITHOUT_COURSE)
        return None

    def _missing_class(self, row: SourceRow) -> RowProblem | None:
        if self._course_given and ("class_id" not in row.fields or not self._classes_there):
            return None
        return _problem(row, "class_id", f"is not in {self._classes}")

    def _contradiction(self, row: SourceRow, course: str, joined: Joined) -> RowProblem | None:
        if not self._own_course or not joined.course_id or joined.course_id == course:
            return None
        seen = shorten(row.fields.get("class_id", ""))
        flaw = f'is not the course of "{seen}" in {self._classes}, which is "{shorten(joined.course_id)}"'
        return _problem(row, "course_id", flaw, catalogue.CONTRADICTION)


def _problem(row: SourceRow, field: str, flaw: str, code: str = catalogue.BROKEN_JOIN) -> RowProblem:
    seen = row.fields.get(field, "")
    message = f'"{shorten(seen)}" {flaw}' if seen else "is empty, so that no course can be told"
    return RowProblem(code, message, row.headers.get(field, field), seen)


def _user_flaw(joined: Joined, listed: str) -> str:
    return {
        DELETED: f"is marked as deleted in {listed}",
        TWICE: f"stands in {listed} twice, once as deleted",
    }.get(joined.user_is, f"is not in {listed}")
