"""From the library's errors to ours: what was seen, where, what to do; never a statement or its values."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAMAGED: Final = (
    "is damaged or no ledger; it was left as it is, no data was touched. "
    "Restore it from a backup, or move it away to start with an empty one"
)
_TOLD: Final = {
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full. Make room and go on; what was recorded is safe",
    sqlite3.SQLITE_READONLY: "cannot be written: it is read-only. Check its permissions, or choose another --state",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Check the folder and its permissions, or choose another --state",
    sqlite3.SQLITE_BUSY: "is locked by another process. Wait for the other run to end, then try again",
    sqlite3.SQLITE_LOCKED: "is locked by another process. Wait for the other run to end, then try again",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error, or is full",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_PRIMARY: Final = 0xFF  # an extended result code carries its primary one in the low byte


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Turns every error of the library or its driver into a LedgerError that names `where`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise LedgerError(f"{where} {_cause(error)}") from error


def _cause(error: Exception) -> str:
    seen = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(seen, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _TOLD.get(code & _PRIMARY, f"cannot be used: {getattr(seen, 'sqlite_errorname', 'unknown error')}")
    sqlstate = getattr(seen, "sqlstate", None)
    if isinstance(sqlstate, str):
        return f"cannot be used: the server reports SQLSTATE {sqlstate}"
    if isinstance(error, DBAPIError):
        # The driver's text may quote values or the address with its user, so it stays in the chained error.
        return "cannot be reached, or dropped the connection. Check --ledger-url and that the server is up"
    return f"cannot be used: {type(seen).__name__}"
