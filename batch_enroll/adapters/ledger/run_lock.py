"""One run at a time: a lock that the system takes back when its process dies, and who holds it, for the message.

A file cannot say "taken" and be right: whoever was killed would leave it behind. `flock` beside a SQLite file and
session-level advisory locks in PostgreSQL end with their process or connection. The lock in PostgreSQL is taken on the
ledger's own connection, so whoever loses the lock has lost the ledger too and cannot go on writing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from batch_enroll.adapters.ledger import codec
from batch_enroll.adapters.ledger.schema import OWNERS
from batch_enroll.core.durations import format_approx
from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from batch_enroll.core.run_record import Owner

_EVERYTHING: Final = ""  # shared by every run; a purge wants it for itself


class Locks(Protocol):
    """Named locks that end with this process at the latest."""

    def take(self, name: str, *, shared: bool) -> bool:
        """Whether the lock could be had at once."""

    def release(self) -> None:
        """Gives everything back."""


class FileLocks:
    """Lock files beside the ledger's file; each is removed when it is given back, so that none pile up."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._held: dict[Path, int] = {}

    def take(self, name: str, *, shared: bool) -> bool:
        """Whether the lock could be had at once."""
        path = self._ledger.with_name(f"{self._ledger.name}-{_number(name):016x}.lock")
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        while True:
            descriptor = _opened(path)
            try:
                fcntl.flock(descriptor, how)
            except BlockingIOError:
                os.close(descriptor)
                return False
            if _is_still(descriptor, path):
                self._held[path] = descriptor
                return True
            os.close(descriptor)  # its last holder removed it between our opening and locking it

    def release(self) -> None:
        """Gives everything back. A file that others still share stays, or the next one would lock another file."""
        for path, descriptor in self._held.items():
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            os.close(descriptor)
        self._held.clear()


class AdvisoryLocks:
    """Advisory locks of a PostgreSQL session; they are told apart by the schema too, as ledgers are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, *, shared: bool) -> bool:
        """Whether the lock could be had at once."""
        with self._connection.begin():
            schema = self._connection.execute(select(func.current_schema())).scalar_one()
            number = _number(f"{schema} {name}") - 2**63
            lock = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
            return bool(self._connection.execute(select(lock(number))).scalar_one())

    def release(self) -> None:
        """Gives everything back."""
        with self._connection.begin():
            self._connection.execute(select(func.pg_advisory_unlock_all()))


def locks_of(connection: Connection) -> Locks:
    """The locks that go with a ledger's own connection."""
    if connection.dialect.name == "postgresql":
        return AdvisoryLocks(connection)
    return FileLocks(Path(str(connection.engine.url.database)))


def take(connection: Connection, locks: Locks, scope: str | None, owner: Owner) -> None:
    """Makes `owner` the only one on `scope`, or with None the only one at all.

    Raises:
        LedgerError: somebody else is at it; the text says who, since when, and what to do.
    """
    place = scope or _EVERYTHING
    if not (locks.take(_EVERYTHING, shared=scope is not None) and (scope is None or locks.take(scope, shared=False))):
        locks.release()
        with connection.begin():
            holder = _holder(connection, scope)
        raise LedgerError(_taken(holder, owner.started_at))
    with connection.begin():
        connection.execute(delete(OWNERS).where(OWNERS.c.scope == place))
        connection.execute(insert(OWNERS).values(codec.owner_columns(place, owner)))


@contextmanager
def exclusive(connection: Connection, locks: Locks, now: datetime) -> Iterator[None]:
    """Keeps every run out for a moment.

    Raises:
        LedgerError: a run is going on.
    """
    if not locks.take(_EVERYTHING, shared=False):
        with connection.begin():
            holder = _holder(connection, None)
        raise LedgerError(_taken(holder, now))
    try:
        yield
    finally:
        locks.release()


def release(connection: Connection, locks: Locks, scope: str | None) -> None:
    """Lets the next one in."""
    # A connection that was lost has given everything back; a disk that is full keeps a name that nobody will ask for.
    with suppress(SQLAlchemyError), connection.begin():
        connection.execute(delete(OWNERS).where(OWNERS.c.scope == (scope or _EVERYTHING)))
    with suppress(SQLAlchemyError):
        locks.release()


def _holder(connection: Connection, scope: str | None) -> Owner | None:
    """Who stands in the way: on the same scope, or a purge; for a purge, the latest of all."""
    wanted = select(OWNERS).order_by(OWNERS.c.started_at.desc()).limit(1)
    if scope is not None:
        wanted = wanted.where(OWNERS.c.scope.in_((scope, _EVERYTHING)))
    row = connection.execute(wanted).one_or_none()
    return None if row is None else codec.owner_from(row)


def _taken(holder: Owner | None, now: datetime) -> str:
    if holder is None:  # between its taking the lock and saying so
        return "another run with this ledger and server has just begun; wait for it to end, then try again"
    return (
        f"another run with this ledger and server is going on: batch-enroll {holder.command}, process {holder.pid} "
        f"on {holder.host}, begun {format_approx(now - holder.started_at)} ago. Wait for it to end, or stop it well "
        f"with: kill -INT {holder.pid}"
    )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be made: {error.strerror}. Check the folder, or choose another --state"
        ) from error


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
