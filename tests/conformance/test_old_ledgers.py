"""A ledger of an older version tells the same as before, and goes on from there."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from support import old_ledgers
from support.ledgers import NOT_ATTEMPTED, a_key, a_row, settled, state_of
from support.memory_ledger import START, Clock

from batch_enroll.adapters.ledger import SqlLedger, run_lock
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.model import Action, EnrollmentState, Outcome, OutcomeKind, RunId
from batch_enroll.core.run_record import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATES = {
    "gone": EnrollmentState.ENROLLED,
    "left": EnrollmentState.CLAIMED,
    "amy": EnrollmentState.ENROLLED,
    "bob": EnrollmentState.CLAIMED,
    "cem": EnrollmentState.UNKNOWN,
    "dag": EnrollmentState.OPEN,
    "old": EnrollmentState.OPEN,
    "eve": EnrollmentState.ENROLLED,
    "fay": EnrollmentState.CLAIMED,
}
LATEST = RunId("run-2")


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    old_ledgers.write(url)
    with closing(SqlLedger(url, Clock())) as opened:
        yield opened


def test_each_seat_is_what_it_was(ledger: SqlLedger) -> None:
    entries = ledger.known([a_key(name) for name in STATES])
    assert {key.user_id: entry.state for key, entry in entries.items()} == STATES
    settled_then = {key.user_id for key, entry in entries.items() if entry.settled_at == START}
    assert settled_then == {"gone", "amy", "cem", "dag", "old", "eve"}
    assert {entry.settled_at for entry in entries.values()} == {START, None}
    gone, amy = entries[a_key("gone")], entries[a_key("amy")]
    assert (gone.run_id, gone.row_no, gone.location.file) == ("run-1", 1, "")
    assert (amy.run_id, amy.row_no, str(amy.location)) == ("run-2", 1, "term.csv row 2")


def test_each_row_has_the_result_it_had(ledger: SqlLedger) -> None:
    results = [(each.cells[0], each.outcome.kind.value, each.outcome.attempts) for each in ledger.results(LATEST)]
    assert results == [
        ("amy", "enrolled", 1),
        ("bob", "unknown", 2),
        ("cem", "not_attempted", 0),
        ("dag", "not_attempted", 0),
        ("eve", "enrolled", 1),
        ("", "invalid", 0),
        ("fay", "unknown", 0),
    ]
    assert [row.cells[0] for row in ledger.unsettled(LATEST)] == ["bob", "fay"]
    assert [row.outcome.enrollment_id for _, row in ledger.enrolled(LATEST)] == [None, "e1"]


def test_a_seat_in_doubt_stays_so_when_its_row_settles_now(ledger: SqlLedger) -> None:
    in_doubt, sure = a_row(2, "bob", Action.LOOK_UP), a_row(7, "fay")
    ledger.settle(LATEST, [settled(in_doubt, NOT_ATTEMPTED), settled(sure, NOT_ATTEMPTED)])
    assert (state_of(ledger, "bob"), state_of(ledger, "fay")) == (EnrollmentState.UNKNOWN, EnrollmentState.OPEN)


def test_rows_are_claimed_again_and_attempts_add_up(ledger: SqlLedger) -> None:
    row = a_row(2, "bob", Action.LOOK_UP)
    ledger.claim(LATEST, [row])
    ledger.settle(LATEST, [settled(row, Outcome(OutcomeKind.ENROLLED, attempts=1))])
    (bob,) = [each for each in ledger.results(LATEST) if each.row_no == 2]
    assert bob.outcome.attempts == 3
    assert state_of(ledger, "bob") is EnrollmentState.ENROLLED


def test_its_latest_run_is_purged_with_every_seat_kept(ledger: SqlLedger) -> None:
    assert ledger.purge(START.replace(year=2026)) == 1
    assert {name: state_of(ledger, name) for name in STATES} == STATES


def test_while_a_run_of_the_earlier_program_goes_on_it_stays_as_it_is(url: str) -> None:
    old_ledgers.write(url)
    engine = create_engine(url)
    with closing(engine.connect()) as connection:
        locks = run_lock.make_locks(connection)
        run_lock.acquire_run_lock(connection, locks, "staging", Owner(4711, "roster-box", "run", START))
        with pytest.raises(LedgerError, match=r"another run .* batch-enroll run, process 4711 on roster-box"):
            SqlLedger(url, Clock())
        with connection.begin():
            assert connection.execute(text("SELECT schema_version FROM ledger_meta")).scalar() == 2
        run_lock.release(connection, locks, "staging")
    engine.dispose()
    with closing(SqlLedger(url, Clock())) as ledger:
        ledger.lock("staging", Owner(4712, "roster-box", "run", START))
        assert len(list(ledger.results(LATEST))) == 7


if sys.platform != "win32":  # where the earlier program did not run

    def test_the_lock_files_of_the_earlier_program_are_respected(tmp_path: Path) -> None:
        path = tmp_path / "ledger.db"
        old_ledgers.write(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("INSERT INTO owners VALUES ('staging', 4711, 'roster-box', 'run', 1756706400000000)")
        refused = pytest.raises(LedgerError, match=r"another run .* batch-enroll run, process 4711 on roster-box")
        with old_ledgers.locked_as_before(path, "staging"), refused:
            SqlLedger(path, Clock())
        with closing(SqlLedger(path, Clock())) as ledger:
            ledger.lock("staging", Owner(4712, "roster-box", "run", START))


def test_the_old_tables_are_gone(ledger: SqlLedger, url: str) -> None:
    ledger.close()
    engine = create_engine(url)
    with closing(engine.connect()) as connection, pytest.raises(Exception, match="run_rows_2"):
        connection.execute(text("SELECT 1 FROM run_rows_2"))
    engine.dispose()


def test_the_first_version_had_no_kind_and_no_facts_and_its_runs_are_read_as_plain_runs(url: str) -> None:
    old_ledgers.write(url)
    engine = create_engine(url)
    with closing(engine.connect()) as connection, connection.begin():
        connection.execute(text("ALTER TABLE runs DROP COLUMN kind"))
        connection.execute(text("ALTER TABLE runs DROP COLUMN facts"))
        connection.execute(text("UPDATE ledger_meta SET schema_version = 1"))
    engine.dispose()
    with closing(SqlLedger(url, Clock())) as ledger:
        run = ledger.run()
        assert run is not None
        assert (run.run_id, run.kind, run.facts) == ("run-2", "run", {})
        assert len(list(ledger.results(LATEST))) == 7
