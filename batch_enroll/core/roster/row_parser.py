"""From the fields of one row to a typed row, or to the one reason why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import ClassId, CourseId, Role, RosterRow, RowProblem, RowStatus, SchoolId, UserId
from batch_enroll.core.roster.cells import shorten
from batch_enroll.core.roster.dates import read_day, read_moment
from batch_enroll.core.roster.header_aliases import ROLE_EXTENSION, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batch_enroll.core.model import Json, SourceRow

T = TypeVar("T")

_LONGEST_ID: Final = 1024  # far above the 255 of OneRoster's GUIDs, far below what a URL can carry
_NOT_AN_ID: Final = frozenset({".", ".."})  # as a path segment they would name another resource
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_STATUSES: Final = {
    "active": RowStatus.ACTIVE,
    "enabled": RowStatus.ACTIVE,
    "tobedeleted": RowStatus.TO_BE_DELETED,
    "deleted": RowStatus.TO_BE_DELETED,
    "inactive": RowStatus.INACTIVE,
    "completed": RowStatus.INACTIVE,
    "suspended": RowStatus.INACTIVE,
    "disabled": RowStatus.INACTIVE,
}
DELETED: Final = frozenset(text for text, status in _STATUSES.items() if status is RowStatus.TO_BE_DELETED)
_STUDENT, _ACTIVE = Role.STUDENT, RowStatus.ACTIVE  # Python 3.11 takes long to look up a member of an enum
_NOT_IN_ROLES: Final = re.compile(r"[\s_-]+")
METADATA: Final = "metadata."
_NUMBERED: Final = frozenset({"goals", "metrics"})
_TEXTS: Final = frozenset({"courseType"})
_BOOLS: Final = frozenset({"isSupplemental", "studentSpecificGoals"})
_BOOL_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMBER: Final = re.compile(r"[-+]?\d{1,15}(\.\d{1,15})?([eE][-+]?\d{1,2})?", re.ASCII)


@frozen
class Defaults:
    """Values for columns a roster lacks and for cells that are blank, as they were given on the command line."""

    course_id: str | None = None
    school_id: str | None = None
    role: str | None = None
    begin_date: str | None = None


class _RowProblemError(Exception):
    """What is wrong with one field. It never leaves this module: a row's failure is a value."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message


def read_row(source: SourceRow, defaults: Defaults) -> RosterRow | RowProblem:
    """The typed row, or the first thing that is wrong with it, in the file's own words.

    A row without a role is a student's: the API's own default. Source: contract section 1.
    """
    if source.problem is not None:
        return source.problem
    try:
        return _typed(source.fields, defaults)
    except _RowProblemError as flaw:
        flag = None if flaw.field in source.fields else _flag(flaw.field, defaults)
        column = flag or source.headers.get(flaw.field, flaw.field)
        return RowProblem(flaw.code, flaw.message, column, source.fields.get(flaw.field, ""))


def _typed(fields: Mapping[str, str], defaults: Defaults) -> RosterRow:
    # Nothing is called for a field that is not there: most rows hold three of them.
    text = fields.get
    if not (user := text("user_id")):
        raise _RowProblemError(catalogue.MISSING_USER, "user_id", "is empty")
    if not (course := text("course_id") or defaults.course_id):
        raise _RowProblemError(catalogue.MISSING_COURSE, "course_id", "is empty")
    school = text("school_id") or defaults.school_id
    role = text("role") or defaults.role
    status = text("status")
    begin = text("begin_date") or defaults.begin_date
    end, sourced, room, primary = text("end_date"), text("sourced_id"), text("class_id"), text("primary")
    return RosterRow(
        user_id=UserId(_usable_id("user_id", user)),
        course_id=CourseId(_usable_id("course_id", course)),
        school_id=SchoolId(_usable_id("school_id", school)) if school else None,
        role=_role(role) if role else _STUDENT,
        status=_status(status) if status else _ACTIVE,
        begin_date=_dated("begin_date", begin, read_moment) if begin else None,
        end_date=_dated("end_date", end, read_day) if end else None,
        sourced_id=_usable_id("sourced_id", sourced) if sourced else None,
        metadata=_metadata(fields),
        class_id=ClassId(_usable_id("class_id", room)) if room else None,
        primary=_BOOL_WORDS.get(primary.lower()) if primary else None,
    )


def _flag(field: str, defaults: Defaults) -> str | None:
    return "--" + field.replace("_", "-") if getattr(defaults, field, None) else None


def _usable_id(field: str, text: str) -> str:
    if text.isascii() and text.isprintable() and len(text) <= _LONGEST_ID and text[0] != ".":
        return text  # nearly every one; the looks below take five times as long
    if text in _NOT_AN_ID:
        raise _RowProblemError(catalogue.UNUSABLE_ID, field, f'"{text}" cannot be an id')
    if len(text) > _LONGEST_ID:
        raise _RowProblemError(catalogue.UNUSABLE_ID, field, f"is longer than {_LONGEST_ID} characters")
    if (unseen := _UNSEEN.search(text)) is not None:
        raise _RowProblemError(catalogue.UNUSABLE_ID, field, f"holds an invisible character, U+{ord(unseen[0]):04X}")
    return text


def _role(text: str) -> Role:
    role = ROLES.get(_NOT_IN_ROLES.sub("", text.lower().removeprefix(ROLE_EXTENSION)))
    if role is None:
        known = ", ".join(sorted(Role))
        raise _RowProblemError(catalogue.UNKNOWN_ROLE, "role", f'"{shorten(text)}" is not one of {known}')
    return role


def _status(text: str) -> RowStatus:
    status = _STATUSES.get(text.lower())
    if status is None:
        known = ", ".join(_STATUSES)
        raise _RowProblemError(catalogue.UNKNOWN_STATUS, "status", f'"{shorten(text)}" is not one of {known}')
    return status


def _dated(field: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as why:
        raise _RowProblemError(catalogue.UNREADABLE_DATE, field, f'"{shorten(text)}" {why}') from None


def _metadata(fields: Mapping[str, str]) -> dict[str, Json]:
    tree: dict[str, Json] = {}
    for field, text in fields.items():
        if field.startswith(METADATA):
            _plant(tree, field, _metadata_value(field, text))
    return tree


def _plant(tree: dict[str, Json], field: str, value: Json) -> None:
    *branches, leaf = field.removeprefix(METADATA).split(".")
    node = tree
    for branch in branches:
        below = node.setdefault(branch, {})
        if not isinstance(below, dict):
            raise _RowProblemError(catalogue.UNREADABLE_METADATA, field, f'stands below "{branch}", which has a value')
        node = below
    if leaf in node:
        raise _RowProblemError(catalogue.UNREADABLE_METADATA, field, "has both a value and columns below it")
    node[leaf] = value


def _metadata_value(field: str, text: str) -> Json:
    path = field.removeprefix(METADATA).split(".")
    if path[-1] in _BOOLS:
        return _truth(field, text)
    if path[0] in _NUMBERED and path[-1] not in _TEXTS:
        return _number(field, text)
    return text


def _truth(field: str, text: str) -> bool:
    truth = _BOOL_WORDS.get(text.lower())
    if truth is None:
        raise _RowProblemError(catalogue.UNREADABLE_METADATA, field, f'"{shorten(text)}" is neither true nor false')
    return truth


def _number(field: str, text: str) -> int | float:
    spelt = _NUMBER.fullmatch(text)
    if spelt is None:
        raise _RowProblemError(catalogue.UNREADABLE_METADATA, field, f'"{shorten(text)}" is not a plain number')
    return float(text) if spelt[1] or spelt[2] else int(text)
