"""A roster's wishes beside what the server shows of them, by user, in a private SQLite file that nobody else can open.

Users are bytes and everything else is ASCII, since ids may hold what is no text to SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Final, Self

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import ClassId, CourseId, EnrollmentKey, Role, SchoolId, ServerEnrollment, UserId
from batch_enroll.core.planning.verification import (
    DIFFERS,
    MAY_BE_LATE,
    CheckedRow,
    ExpectedEnrollment,
    VerificationStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SETTLED, _DIFFERS, _LATE, _UNASKED = range(4)  # what is known of a user
_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE wanted (row_no INTEGER PRIMARY KEY, user BLOB, wish TEXT);
CREATE TABLE users (user BLOB PRIMARY KEY, state INTEGER) WITHOUT ROWID;
CREATE TABLE shown (user BLOB, seat TEXT);
CREATE TABLE checked (user BLOB, row_no INTEGER, told TEXT);
CREATE INDEX wanted_by_user ON wanted (user);
CREATE INDEX shown_by_user ON shown (user);
CREATE INDEX checked_by_user ON checked (user);
CREATE INDEX checked_by_row ON checked (row_no);
"""
_WANT: Final = "INSERT INTO wanted VALUES (?, ?, ?)"
_KNOW: Final = "INSERT OR IGNORE INTO users VALUES (?, 3)"
_SHOW: Final = "INSERT INTO shown VALUES (?, ?)"
_COUNT: Final = "SELECT COUNT(*) FROM users"
_UNSETTLED: Final = "SELECT user FROM users WHERE user > ? AND state >= ? AND state <= ? ORDER BY user LIMIT 1000"
_WANTED: Final = "SELECT row_no, user, wish FROM wanted WHERE user = ? ORDER BY row_no"
_SHOWN: Final = "SELECT seat FROM shown WHERE user = ?"
_FORGET: Final = "DELETE FROM checked WHERE user = ?"
_NOTE: Final = "INSERT INTO checked VALUES (?, ?, ?)"
_SETTLE: Final = "UPDATE users SET state = ? WHERE user = ?"
_ROWS: Final = """
SELECT checked.told, wanted.row_no, wanted.user, wanted.wish FROM wanted JOIN checked USING (row_no) ORDER BY row_no
"""
_EXTRAS: Final = "SELECT told, user FROM checked WHERE row_no IS NULL ORDER BY user, rowid"


class SqliteVerificationStore:
    """A SeatBook whose file SQLite removes as soon as it is open; memory is bounded by its cache. A context manager.

    Raises (from its verbs):
        RunStoppedError: there is no room for it.
    """

    def __init__(self) -> None:
        self._book = sqlite3.connect("")  # no name: a temporary file
        self._book.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._book.close()

    def want(self, wanted: Iterable[ExpectedEnrollment]) -> None:
        """Takes rows' wishes."""
        for row in wanted:
            user = _bytes(row.key.user_id)
            self._write(_WANT, (row.row_no, user, _wish(row)))
            self._write(_KNOW, (user,))

    def show(self, enrollments: Iterable[tuple[UserId, ServerEnrollment]]) -> None:
        """Takes what lists show of whom."""
        for user_id, enrollment in enrollments:
            self._write(_SHOW, (_bytes(user_id), json.dumps(_seat(enrollment))))

    def users(self) -> int:
        """How many users have wishes."""
        return int(self._book.execute(_COUNT).fetchone()[0])

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """The users who were not asked for yet or differ; with `late` those whose seats may only show late."""
        last, states = b"", (_LATE, _LATE) if late else (_DIFFERS, _UNASKED)
        while batch := self._book.execute(_UNSETTLED, (last, *states)).fetchall():
            yield from (_user(user) for (user,) in batch)
            last = batch[-1][0]

    def wanted(self, user_id: UserId) -> list[ExpectedEnrollment]:
        """What the rows of a user want, in their order."""
        return [_read_wish(*row) for row in self._book.execute(_WANTED, (_bytes(user_id),))]

    def shown(self, user_id: UserId) -> list[ServerEnrollment]:
        """What lists show of a user."""
        return [_read_seat(json.loads(seat)) for (seat,) in self._book.execute(_SHOWN, (_bytes(user_id),))]

    def note(self, user_id: UserId, checked: Sequence[CheckedRow]) -> None:
        """Keeps what was found of a user, in place of what was found before."""
        found, user = {each.found for each in checked}, _bytes(user_id)
        state = _LATE if found & MAY_BE_LATE else _DIFFERS if found & DIFFERS else _SETTLED
        self._write(_FORGET, (user,))
        for each in checked:
            seat = None if each.enrollment is None else _seat(each.enrollment)
            self._write(_NOTE, (user, each.row_no, json.dumps([each.found.value, each.detail, seat])))
        self._write(_SETTLE, (state, user))

    def rows(self) -> Iterator[CheckedRow]:
        """What was found of each row, in their order."""
        for told, row_no, user, wish in self._book.execute(_ROWS):
            yield _read_checked(told, _user(user), _read_wish(row_no, user, wish))

    def extras(self) -> Iterator[CheckedRow]:
        """The seats that no row wants, by user."""
        for told, user in self._book.execute(_EXTRAS):
            yield _read_checked(told, _user(user), None)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._book.execute(statement, values)
        except sqlite3.Error as error:
            raise RunStoppedError(f"there is no room for a temporary file of what is compared ({error})") from error


def _bytes(user_id: UserId) -> bytes:
    return user_id.encode("utf-8", "surrogatepass")


def _user(user: bytes) -> UserId:
    return UserId(user.decode("utf-8", "surrogatepass"))


def _wish(row: ExpectedEnrollment) -> str:
    key = row.key
    return json.dumps([key.scope, key.course_id, key.school_id, key.role.value, key.class_id, row.gone])


def _read_wish(row_no: int, user: bytes, wish: str) -> ExpectedEnrollment:
    scope, course, school, role, class_id, gone = json.loads(wish)
    key = EnrollmentKey(scope, _user(user), CourseId(course), _school(school), Role(role), _class(class_id))
    return ExpectedEnrollment(row_no, key, gone=gone)


def _seat(seat: ServerEnrollment) -> list[str | None]:
    """A seat as far as it is compared and told."""
    role = None if seat.role is None else seat.role.value
    return [seat.enrollment_id, seat.course_id, seat.school_id, role, seat.class_id]


def _read_seat(seat: Sequence[str | None]) -> ServerEnrollment:
    id_, course, school, role, class_id = seat
    known = None if role is None else Role(role)
    return ServerEnrollment(id_ or "", CourseId(course or ""), _school(school), known, class_id=_class(class_id))


def _read_checked(told: str, user_id: UserId, wanted: ExpectedEnrollment | None) -> CheckedRow:
    found, detail, seat = json.loads(told)
    return CheckedRow(user_id, VerificationStatus(found), wanted, None if seat is None else _read_seat(seat), detail)


def _school(school: str | None) -> SchoolId | None:
    return None if school is None else SchoolId(school)


def _class(class_id: str | None) -> ClassId | None:
    return None if class_id is None else ClassId(class_id)
