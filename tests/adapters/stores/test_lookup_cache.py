"""Answers are remembered for a while, by server, without anybody's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from batch_enroll.adapters.stores.lookup_cache import NoLookupCache, SqliteLookupCache, forget
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.lookup.records import By, EntityKind, Way

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
EMAIL, TITLE = Way(EntityKind.USER, By.EMAIL), Way(EntityKind.COURSE, By.TITLE)


def book(path: Path, scope: str = "here", later_h: float = 0) -> SqliteLookupCache:
    now = NOON + timedelta(hours=later_h)
    return SqliteLookupCache(path / "state" / "found.sqlite3", scope, lambda: now, timedelta(hours=12))


def test_what_was_kept_is_known_until_it_is_too_old_and_at_its_server_only(tmp_path: Path) -> None:
    assert list(book(tmp_path).known(EMAIL, ["a@x.test"])) == []
    book(tmp_path).keep(EMAIL, [("a@x.test", {"u1": None})])
    book(tmp_path).keep(TITLE, [("Algebra", {"c1": "s1", "c2": None})])
    assert list(book(tmp_path, later_h=11).known(EMAIL, ["b@x.test", "a@x.test"])) == [("a@x.test", {"u1": None})]
    assert list(book(tmp_path).known(TITLE, ["Algebra"])) == [("Algebra", {"c1": "s1", "c2": None})]
    assert list(book(tmp_path, later_h=13).known(EMAIL, ["a@x.test"])) == []
    assert list(book(tmp_path, later_h=-1).known(EMAIL, ["a@x.test"])) == []
    assert list(book(tmp_path, "there").known(EMAIL, ["a@x.test"])) == []


def test_the_file_is_the_users_own_and_holds_no_email(tmp_path: Path) -> None:
    book(tmp_path).keep(EMAIL, [("ada.lovelace@x.test", {"u1": None})])
    file = tmp_path / "state" / "found.sqlite3"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert b"lovelace" not in file.read_bytes()
    forget(file)
    forget(file)
    assert not file.exists()


def test_a_file_that_is_no_book_is_said_to_be_one_to_remove(tmp_path: Path) -> None:
    file = tmp_path / "state" / "found.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match="only a cache: remove it"):
        list(book(tmp_path).known(EMAIL, ["a@x.test"]))


def test_no_book_remembers_nothing() -> None:
    NoLookupCache().keep(EMAIL, [("a@x.test", {"u1": None})])
    assert list(NoLookupCache().known(EMAIL, ["a@x.test"])) == []
