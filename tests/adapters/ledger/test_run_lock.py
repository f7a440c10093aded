"""The lock between runs, in one process and in several, and what a killed process leaves behind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import pytest
from support.memory_ledger import START, Clock

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.run_record import Owner

if TYPE_CHECKING:
    from pathlib import Path

OURS = Owner(1, "here", "run", START + timedelta(hours=3, minutes=5))
HOLDER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.run_record import Owner
start = datetime(2025, 9, 1, 6, 0, tzinfo=UTC)
ledger = SqlLedger(Path(sys.argv[1]), lambda: start)
ledger.lock("staging", Owner(4711, "there", "run", start))
if len(sys.argv) > 2 and os.fork() == 0:  # a child, as a program with a pool of processes has them
    print("locked", flush=True)
    os.read(0, 1)
    os._exit(0)
elif len(sys.argv) == 2:
    print("locked", flush=True)
os.read(0, 1) if len(sys.argv) == 2 else os.wait()
"""


def holder(ledger: Path, *more: str) -> subprocess.Popen[bytes]:
    """Another process that holds the lock until its stdin ends or it is killed."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(ledger), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    return process


def test_the_message_names_the_process_its_age_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with holder(path) as process, closing(SqlLedger(path, Clock())) as ledger:
        with pytest.raises(LedgerError) as caught:
            ledger.lock("staging", OURS)
        process.kill()
    assert "batch-enroll run, process 4711 on there, begun 3 h 5 min ago" in str(caught.value)
    assert "kill -INT 4711" in str(caught.value)


def test_the_lock_of_a_killed_process_is_taken_over_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with holder(path) as process:
        process.kill()
    with closing(SqlLedger(path, Clock())) as ledger:
        ledger.lock("staging", OURS)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_the_lock_of_a_killed_process_ends_although_a_child_that_it_forked_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with holder(path, "with a child") as process:
        process.kill()
        process.wait()
        with closing(SqlLedger(path, Clock())) as ledger:
            ledger.lock("staging", OURS)


async def run_for_a_while(path: Path, begun: anyio.Event, end: anyio.Event) -> None:
    with closing(SqlLedger(path, Clock())) as ledger:
        ledger.lock("staging", OURS)
        begun.set()
        await end.wait()


@pytest.mark.asyncio
async def test_two_runs_on_one_event_loop_exclude_each_other(tmp_path: Path) -> None:
    path, begun, end = tmp_path / "ledger.sqlite3", anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_for_a_while, path, begun, end)
        await begun.wait()
        with pytest.raises(LedgerError, match="process 1 on here"):
            await run_for_a_while(path, anyio.Event(), end)
        end.set()
    await run_for_a_while(path, anyio.Event(), end)


def test_a_ledger_closed_in_another_thread_gives_its_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = SqlLedger(path, Clock())
    ledger.lock("staging", OURS)
    closer = threading.Thread(target=ledger.close)
    closer.start()
    closer.join()
    with closing(SqlLedger(path, Clock())) as after:
        after.lock("staging", OURS)


def test_the_message_names_the_run_that_lives_although_a_later_owner_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(SqlLedger(path, Clock())) as living, closing(SqlLedger(path, Clock())) as other:
        living.lock("staging", Owner(4712, "here", "run", START))
        with sqlite3.connect(path) as raw:
            raw.execute(
                "INSERT INTO owners VALUES ('', 666, 'there', 'purge', (SELECT max(started_at) + 1 FROM owners))"
            )
        raw.close()
        for scope in ("staging", None):
            with pytest.raises(LedgerError, match="process 4712 on here"):
                other.lock(scope, OURS)


def test_owners_that_were_killed_are_forgotten_with_their_files(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with holder(path) as process:
        process.kill()
    with closing(SqlLedger(path, Clock())) as ledger:
        ledger.lock(None, OURS)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM owners").fetchall() == [(0,)]
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite3"]


def test_a_refused_run_leaves_the_lock_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with holder(path) as process:
        for _ in range(2):
            with closing(SqlLedger(path, Clock())) as ledger, pytest.raises(LedgerError, match="4711"):
                ledger.lock("staging", OURS)
        process.kill()


def test_no_lock_files_pile_up(tmp_path: Path) -> None:
    for scope in ("rehearsal 1", "rehearsal 2", None):
        with closing(SqlLedger(tmp_path / "ledger.sqlite3", Clock())) as ledger:
            ledger.lock(scope, OURS)
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite3"]


def test_a_lock_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with closing(SqlLedger(tmp_path / "ledger.sqlite3", Clock())) as ledger:
        ledger.lock("staging", OURS)
        (file,) = tmp_path.glob("*.lock")
    file.mkdir()
    refused = pytest.raises(LedgerError, match=r"[0-9a-f]{16}\.lock cannot be locked: Is a directory")
    with closing(SqlLedger(tmp_path / "ledger.sqlite3", Clock())) as ledger, refused:
        ledger.lock("staging", OURS)
