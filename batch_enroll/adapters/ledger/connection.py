"""From a place to one open connection: private files, durable settings."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from batch_enroll.core.errors import LedgerError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_TIMEOUT_S: Final = 10.0  # another process's commit takes milliseconds; a reader may wait for a checkpoint
_SETTINGS: Final = (
    "synchronous = FULL",  # what a verb returned from survives a power cut, not only a crash of ours
    "secure_delete = ON",  # what is purged is gone from the file
    "cell_size_check = ON",  # damage is met early
    "foreign_keys = ON",  # no outcome without its row
    # Keys are scattered over their tree, and each checkpoint goes through all of it. More cache than this saves
    # nothing that could be measured at 300,000 rows.
    "cache_size = -3000",
    "wal_autocheckpoint = 4000",
)
_POSTGRES: Final = "postgresql+psycopg"


def ledger_url(where: Path | str) -> URL:
    """The ledger's address: a path is a SQLite file, a text is a URL.

    Raises:
        UsageError: the URL is no SQLite file and no PostgreSQL database.
    """
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        raise UsageError(
            "the ledger's URL cannot be read; write postgresql+psycopg://user@host/database or sqlite:///file"
        ) from None  # the library's text repeats the URL, which may hold a password
    if url.drivername in {"postgresql", "postgres", _POSTGRES}:
        return url.set(drivername=_POSTGRES)
    if url.drivername != "sqlite" or url.database in {None, "", ":memory:"}:
        raise UsageError(f"a ledger lives in a SQLite file or in PostgreSQL, not in {url.drivername!r}")
    return url


def name_of(url: URL) -> str:
    """What messages call the ledger; no user, no password."""
    if url.drivername == "sqlite":
        return f"ledger {url.database}"
    return f"ledger database {url.database or ''} at {url.host or 'the local socket'}"


def engine_for(url: URL) -> Engine:
    """An engine whose connections are set up for a ledger; the file exists and only its owner can read it.

    Raises:
        LedgerError: the folder or the file cannot be made.
        UsageError: the driver for PostgreSQL is not installed.
    """
    if url.drivername == "sqlite":
        return _sqlite_engine(url)
    try:
        return create_engine(url, poolclass=NullPool, use_insertmanyvalues=False, hide_parameters=True)
    except ImportError as error:
        raise UsageError("a ledger in PostgreSQL needs: pip install 'batch-enroll[postgres]'") from error


def enable_wal(connection: Connection) -> None:
    """Switches SQLite to a write-ahead log, so that `show` can read while a run writes. Outside a transaction."""
    raw = connection.connection.dbapi_connection
    if isinstance(raw, sqlite3.Connection):
        raw.execute("PRAGMA journal_mode = WAL").close()


def _sqlite_engine(url: URL) -> Engine:
    _create_private(Path(str(url.database)))
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_S, "isolation_level": None},
        poolclass=NullPool,
        use_insertmanyvalues=False,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin)
    return engine


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # The -wal and -shm files inherit these permissions. An existing file is not opened here: closing it
            # would drop the locks that another connection of this process holds on it.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise LedgerError(
            f"ledger {path} cannot be made: {error.strerror}. Check the folder, or choose another --state"
        ) from error


def _make_durable(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = raw.cursor()
    for setting in _SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # The driver would begin only before the first write and not before DDL. Taking the write lock at once makes
    # every verb wait its turn instead of failing half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
