"""What the server's directory answered lately, in one SQLite file of the state folder.

It holds no name and no e-mail: a fingerprint of each, and the ids it came to. Whoever has the file and guesses an
e-mail can tell that it was asked for, so `purge` removes it all the same.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from batch_enroll.core.lookup.records import Way

_TABLE: Final = "CREATE TABLE IF NOT EXISTS answers (name BLOB PRIMARY KEY, ids TEXT, asked_at REAL) WITHOUT ROWID"
_FORGET: Final = "DELETE FROM answers WHERE asked_at < ?"
_KNOWN: Final = "SELECT ids FROM answers WHERE name = ? AND asked_at BETWEEN ? AND ?"
_KEEP: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)"


class SqliteLookupCache:
    """An AnswerBook for one server.

    Args:
        path: the file; made when something is to be kept.
        scope: the server.
        utc_now: the wall clock.
        believed: how long an answer is.

    Raises (from its verbs):
        LedgerError: the file cannot be used.
    """

    def __init__(self, path: Path, scope: str, utc_now: Callable[[], datetime], believed: timedelta) -> None:
        self._path = path
        self._scope = scope
        self._now_s = utc_now().timestamp()
        self._since_s = self._now_s - believed.total_seconds()

    def known(self, way: Way, values: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        """Those of the values that are remembered, with what they came to."""
        if not self._path.exists():
            return
        with closing(self._open()) as book:
            for value in values:
                row = book.execute(_KNOWN, (self._name(way, value), self._since_s, self._now_s)).fetchone()
                if row is not None:
                    yield value, json.loads(row[0])

    def keep(self, way: Way, found: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        """Remembers values with what they came to; what is too old is forgotten."""
        lines = ((self._name(way, value), json.dumps(dict(ids)), self._now_s) for value, ids in found)
        with closing(self._open()) as book, book:
            book.execute(_FORGET, (self._since_s,))
            book.executemany(_KEEP, lines)

    def _name(self, way: Way, value: str) -> bytes:
        return blake2b("\0".join((self._scope, *way, value)).encode(), digest_size=16).digest()

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            book = sqlite3.connect(self._path)
            book.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{self._path} cannot be used ({error}); it is only a cache: remove it") from error
        return book


class NoLookupCache:
    """An AnswerBook that remembers nothing."""

    def known(self, way: Way, values: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        """Nothing."""
        del way, values
        return iter(())

    def keep(self, way: Way, found: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        """Forgets it."""


def forget(path: Path) -> None:
    """Removes the book of all servers."""
    for name in (path.name, f"{path.name}-journal"):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()
