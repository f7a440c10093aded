"""One run at a time: locks that end with their process at the latest, and their owners' names for the message.

A file cannot say "taken" and be right: a killed process would leave it behind. The system's own locks end with their
process: on SQLite a lock on a file beside the ledger, in PostgreSQL an advisory lock of the ledger's own connection, so
that a run that loses its lock has lost the ledger too and cannot continue to write.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from batch_enroll.adapters.ledger import codec
from batch_enroll.adapters.ledger.schema import OWNERS
from batch_enroll.core.durations import format_approx
from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Executable

    from batch_enroll.core.run_record import Owner

_EVERYTHING: Final = ""  # the scope of a purge, which excludes every run


class Locks(Protocol):
    """The locks of one ledger: on one scope, or with None on all of them."""

    def acquire(self, scope: str | None) -> bool:
        """Takes the lock without waiting, inside the caller's transaction; False if another run has one against it."""

    def release(self) -> None:
        """Gives back what was acquired."""


class FileLocks:
    """Lock files beside a SQLite file, one for each owner that lives; each is removed when it is given back.

    They are taken inside a transaction that holds SQLite's only write lock, so they are compared one run at a time: a
    purge looks at the file of each known owner, a run at the file of a purge. What a killed owner left is removed then.
    `FileLock` works on Windows too, and closes its file in a forked child, which would keep a bare `flock` alive.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ledger = Path(str(connection.engine.url.database)).absolute()
        self._held: FileLock | None = None

    def acquire(self, scope: str | None) -> bool:
        """Takes the lock without waiting, inside the caller's transaction; False if another run has one against it.

        Raises:
            LedgerError: the lock file cannot be created or locked.
        """
        others = self._known_scopes() if scope is None else (_EVERYTHING,)
        alive = [other for other in others if not self._remove_dead(other)]
        if not alive:
            self._held = self._try_lock(scope or _EVERYTHING)
        return self._held is not None

    def release(self) -> None:
        """Gives back what was acquired."""
        if self._held is not None:
            _remove(self._held)
            self._held = None

    def _known_scopes(self) -> Sequence[str]:
        return self._connection.execute(select(OWNERS.c.scope)).scalars().all()

    def _remove_dead(self, scope: str) -> bool:
        """Removes the owner of `scope` and its file, unless it lives: then False."""
        lock = self._try_lock(scope)
        if lock is None:
            return False
        self._connection.execute(delete(OWNERS).where(OWNERS.c.scope == scope))
        _remove(lock)
        return True

    def _try_lock(self, scope: str) -> FileLock | None:
        path = self._ledger.with_name(f"{self._ledger.name}-{_number(scope):016x}.lock")
        # A soft lock would be a file that says "taken". The ledger may be closed in another thread than it was opened.
        lock = FileLock(path, mode=0o600, blocking=False, thread_local=False, fallback_to_soft=False)
        try:
            lock.acquire()
        except Timeout:
            return None
        except OSError as error:
            raise LedgerError(
                f"{path} cannot be locked: {error.strerror or error}. Check the folder, or choose another --state"
            ) from error
        return lock


class AdvisoryLocks:
    """Advisory locks of a PostgreSQL session, distinct for each schema, as ledgers are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held = False

    def acquire(self, scope: str | None) -> bool:
        """Takes the lock without waiting, inside the caller's transaction; False if another run has one against it."""
        self._held = True
        if not (self._try_lock(_EVERYTHING, shared=scope is not None) and (scope is None or self._try_lock(scope))):
            self.release()
        return self._held

    def release(self) -> None:
        """Gives back what was acquired."""
        if self._held:
            self._connection.execute(select(func.pg_advisory_unlock_all()))
            self._held = False

    def _try_lock(self, name: str, *, shared: bool = False) -> bool:
        schema = self._connection.execute(select(func.current_schema())).scalar_one()
        number = _number(f"{schema} {name}") - 2**63
        lock = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
        return bool(self._connection.execute(select(lock(number))).scalar_one())


def make_locks(connection: Connection) -> Locks:
    """Returns the locks that go with a ledger's own connection."""
    return AdvisoryLocks(connection) if connection.dialect.name == "postgresql" else FileLocks(connection)


def acquire_run_lock(connection: Connection, locks: Locks, scope: str | None, owner: Owner) -> None:
    """Makes `owner` the only one on `scope`, or with None the only one at all.

    Raises:
        LedgerError: another run is in progress; the text names its process, its age, and what to do.
    """
    own = scope or _EVERYTHING
    name = insert(OWNERS).values(codec.owner_columns(own, owner))
    _acquire(connection, locks, scope, owner.started_at, (delete(OWNERS).where(OWNERS.c.scope == own), name))


@contextmanager
def exclusive(connection: Connection, locks: Locks, now: datetime) -> Iterator[None]:
    """Keeps every run out for a moment.

    Raises:
        LedgerError: a run is in progress.
    """
    _acquire(connection, locks, None, now, ())
    try:
        yield
    finally:
        release(connection, locks, None)


def release(connection: Connection, locks: Locks, scope: str | None) -> None:
    """Gives the lock back, and removes its owner's name."""
    with suppress(SQLAlchemyError), connection.begin():
        connection.execute(delete(OWNERS).where(OWNERS.c.scope == (scope or _EVERYTHING)))
        locks.release()
    _ensure_released(locks)  # on a full disk the name stays, and the next run removes it


def _acquire(
    connection: Connection, locks: Locks, scope: str | None, now: datetime, then: Iterable[Executable]
) -> None:
    try:
        with connection.begin():
            _acquire_or_refuse(connection, locks, scope, now)
            for statement in then:
                connection.execute(statement)
    except BaseException:
        _ensure_released(locks)
        raise


def _acquire_or_refuse(connection: Connection, locks: Locks, scope: str | None, now: datetime) -> None:
    if not locks.acquire(scope):
        raise LedgerError(_refusal(_holder(connection, scope), now))


def _ensure_released(locks: Locks) -> None:
    with suppress(SQLAlchemyError):  # a connection that was lost has given everything back
        locks.release()


def _holder(connection: Connection, scope: str | None) -> Owner | None:
    """Returns the owner in the way: of the same scope, or a purge; for a purge, the latest of all."""
    query = select(OWNERS).order_by(OWNERS.c.started_at.desc()).limit(1)
    if scope is not None:
        query = query.where(OWNERS.c.scope.in_((scope, _EVERYTHING)))
    row = connection.execute(query).one_or_none()
    return None if row is None else codec.owner_from(row)


def _refusal(holder: Owner | None, now: datetime) -> str:
    if holder is None:  # the tables are being prepared, or (PostgreSQL) its name is not committed yet
        return "another run with this ledger and server has just begun; wait for it to end, then try again"
    return (
        f"another run with this ledger and server is in progress: batch-enroll {holder.command}, process "
        f"{holder.pid} on {holder.host}, begun {format_approx(now - holder.started_at)} ago. Wait for it to end, or "
        f"stop it cleanly with: kill -INT {holder.pid}"
    )


def _remove(lock: FileLock) -> None:
    with suppress(OSError):  # Windows does not remove an open file; there `release` removes it
        Path(lock.lock_file).unlink()
    lock.release()


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
