"""The lock between processes: who is told what, and what a killed process leaves behind."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.memory_ledger import START, Clock

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.run_record import Owner

if TYPE_CHECKING:
    from pathlib import Path

OURS = Owner(1, "here", "run", START + timedelta(hours=3, minutes=5))
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.run_record import Owner
start = datetime(2025, 9, 1, 6, 0, tzinfo=UTC)
ledger = SqlLedger(Path(sys.argv[1]), lambda: start)
ledger.lock("staging", Owner(4711, "there", "run", start))
print("locked", flush=True)
sys.stdin.read()
"""


def holder(ledger: Path) -> subprocess.Popen[bytes]:
    """Another process that holds the lock until its stdin ends or it is killed."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
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
    assert list(tmp_path.glob("*.lock")) == []


def test_a_folder_without_room_for_a_lock_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(SqlLedger(state / "ledger.sqlite3", Clock())) as ledger:
        for path in state.iterdir():
            path.rename(tmp_path / path.name)
        state.rmdir()
        with pytest.raises(LedgerError, match="cannot be made"):
            ledger.lock("staging", OURS)
