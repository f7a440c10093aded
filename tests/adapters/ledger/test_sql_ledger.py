"""What only the SQL ledger has: files, versions, damage, locks, and errors in words."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from support.memory_ledger import START, Clock

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.adapters.ledger.schema import MIGRATIONS
from batch_enroll.core.errors import LedgerError, UsageError
from batch_enroll.core.model import (
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Role,
    RowLocation,
    RunId,
    SettledRow,
    UserId,
)
from batch_enroll.core.run_record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

RUN = RunRecord(RunId("run-1"), "staging", "https://staging.example", "scope", ("user_id",), START, "runs/1")
ENROLLED = Outcome(OutcomeKind.ENROLLED, attempts=1)
NEWEST = 1 + len(MIGRATIONS)


def a_row(row_no: int) -> PlannedRow:
    key = EnrollmentKey("scope", UserId(f"user-{row_no}"), CourseId("math-7"), None, Role.STUDENT)
    cells = (f"user-{row_no}", "Ada Lovelace")
    return PlannedRow(row_no, RowLocation("term.csv", row_no + 1), cells, EnrollmentRequest(row_no, key))


def outcome_of(row: PlannedRow) -> SettledRow:
    return SettledRow(row.row_no, None if row.request is None else row.request.key, ENROLLED)


def fill(path: Path, rows: int = 400) -> None:
    with closing(SqlLedger(path, Clock())) as ledger:
        ledger.begin(RUN)
        ledger.claim(RUN.run_id, [a_row(row_no) for row_no in range(1, rows + 1)])


def planted(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("SELECT schema_version FROM ledger_meta").fetchone()
    return int(version)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqlLedger]:
    with closing(SqlLedger(path, Clock())) as opened:
        opened.begin(RUN)
        yield opened


def test_only_the_owner_can_read_the_folder_and_every_file_in_it(ledger: SqlLedger, path: Path) -> None:
    ledger.claim(RUN.run_id, [a_row(1)])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_a_closed_ledger_is_one_file(path: Path) -> None:
    fill(path)
    assert [file.name for file in path.parent.iterdir()] == ["ledger.db"]


def test_a_url_names_the_same_file_as_a_path(path: Path) -> None:
    fill(path)
    with closing(SqlLedger(f"sqlite:///{path}", Clock())) as ledger:
        assert ledger.run() == RUN


@pytest.mark.parametrize("name", ["50% of term?.db", "späte Kurse #1.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0


def test_other_threads_may_use_it_one_at_a_time(ledger: SqlLedger) -> None:
    thread = threading.Thread(target=ledger.claim, args=(RUN.run_id, [a_row(1)]))
    thread.start()
    thread.join()
    assert [result.row_no for result in ledger.results(RUN.run_id)] == [1]


def test_another_process_can_read_while_a_run_writes(ledger: SqlLedger, path: Path) -> None:
    with closing(SqlLedger(path, Clock())) as reader:
        results = reader.results(RUN.run_id)
        ledger.claim(RUN.run_id, [a_row(row_no) for row_no in range(1, 1500)])
        assert next(results).row_no == 1
        ledger.settle(RUN.run_id, [outcome_of(a_row(1))])
        assert next(reader.results(RUN.run_id)).outcome.kind is OutcomeKind.ENROLLED


def test_commits_wait_for_the_disk_and_what_is_deleted_is_overwritten(ledger: SqlLedger) -> None:
    with ledger._transaction() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1


def test_a_purge_leaves_no_trace_of_a_person_in_the_file(path: Path) -> None:
    fill(path)
    assert b"Lovelace" in path.read_bytes()
    with closing(SqlLedger(path, Clock())) as ledger:
        assert ledger.purge(START.replace(year=2026)) == 1
    assert b"Lovelace" not in path.read_bytes()
    assert b"user-1" not in path.read_bytes()


def test_an_older_ledger_is_brought_to_this_version_with_all_its_rows(path: Path) -> None:
    fill(path, 3)

    def add_shoe_size(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE runs ADD COLUMN shoe_size INTEGER"))

    def fill_shoe_size(connection: Connection) -> None:
        connection.execute(text("UPDATE runs SET shoe_size = 43"))

    for _ in range(2):
        with closing(SqlLedger(path, Clock(), migrations=(*MIGRATIONS, add_shoe_size, fill_shoe_size))) as ledger:
            assert len(list(ledger.results(RUN.run_id))) == 3
            with ledger._transaction() as connection:
                assert connection.execute(text("SELECT shoe_size FROM runs")).scalar() == 43
    assert version_of(path) == NEWEST + 2


def test_a_migration_that_fails_half_way_leaves_the_older_ledger(path: Path) -> None:
    fill(path, 3)

    def break_off(connection: Connection) -> None:
        connection.execute(text("DROP TABLE seats"))
        connection.execute(text("ALTER TABLE nowhere ADD COLUMN x INTEGER"))

    with pytest.raises(LedgerError, match="cannot be used"):
        SqlLedger(path, Clock(), migrations=(*MIGRATIONS, break_off))
    assert version_of(path) == NEWEST
    with closing(SqlLedger(path, Clock())) as ledger:
        key = a_row(1).request
        assert key is not None
        assert ledger.known([key.key]).keys() == {key.key}


def test_a_newer_ledger_is_refused_untouched_with_both_versions(path: Path) -> None:
    fill(path)
    planted(path, "UPDATE ledger_meta SET schema_version = 9")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"schema version 9, this program knows 3; upgrade.*no data was touched"):
        SqlLedger(path, Clock())
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE photos (id)", "CREATE TABLE ledger_meta (schema_version); CREATE TABLE runs (id)"]
)
def test_a_database_of_something_else_is_refused_untouched(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "photos.db"
    planted(path, sql)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"photos\.db holds tables that are no ledger.*no data was touched"):
        SqlLedger(path, Clock())
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 500)
    with pytest.raises(LedgerError, match=r"notes\.txt is damaged or no ledger.*no data was touched"):
        SqlLedger(path, Clock())
    assert path.read_text() == "buy milk\n" * 500


def test_a_truncated_ledger_is_refused_untouched(path: Path) -> None:
    fill(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LedgerError, match=r"ledger\.db is damaged.*no data was touched"):
        SqlLedger(path, Clock())
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_page_of_garbage_is_told_when_it_is_met(path: Path) -> None:
    fill(path)
    with path.open("r+b") as file:
        for page in range(6, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    with closing(SqlLedger(path, Clock())) as ledger, pytest.raises(LedgerError, match=r"ledger\.db is damaged"):
        list(ledger.results(RUN.run_id))


def test_a_locked_ledger_says_so(path: Path) -> None:
    fill(path)
    with closing(SqlLedger(path, Clock())) as ledger, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        raw = ledger._connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA busy_timeout = 1").close()
        with pytest.raises(LedgerError, match="is locked by another process"):
            ledger.claim(RUN.run_id, [a_row(1)])


def test_a_read_only_ledger_says_so(ledger: SqlLedger) -> None:
    raw = ledger._connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("PRAGMA query_only = ON").close()
    with pytest.raises(LedgerError, match="it is read-only"):
        ledger.claim(RUN.run_id, [a_row(1)])


def test_a_full_disk_says_so_and_keeps_what_was_recorded(ledger: SqlLedger) -> None:
    ledger.claim(RUN.run_id, [a_row(1)])
    if sys.platform == "win32":
        pytest.skip("needs limits on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(LedgerError, match="full"):
            ledger.claim(RUN.run_id, [a_row(row_no) for row_no in range(2, 5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    ledger.settle(RUN.run_id, [outcome_of(a_row(1))])
    assert [result.outcome.kind for result in ledger.results(RUN.run_id)] == [OutcomeKind.ENROLLED]


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(LedgerError, match=r"cannot be made: (Not a directory|File exists).*--state"):
        SqlLedger(tmp_path / "state" / "deep" / "ledger.db", Clock())


def test_a_folder_in_the_files_place_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        SqlLedger(tmp_path, Clock())


def test_no_error_tells_the_values_it_was_about(ledger: SqlLedger) -> None:
    with ledger._transaction() as connection:
        connection.execute(text("DROP TABLE run_rows"))
    with pytest.raises(LedgerError) as caught:
        ledger.claim(RUN.run_id, [a_row(1)])
    assert "Lovelace" not in f"{caught.value}{caught.value.__cause__}"


def test_a_closed_ledger_says_that_it_cannot_be_used(path: Path) -> None:
    ledger = SqlLedger(path, Clock())
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match=r"ledger\.db cannot be used: ResourceClosedError"):
        ledger.run()


def test_without_the_driver_for_postgresql_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from batch_enroll.adapters.ledger import SqlLedger\n"
        "SqlLedger('postgresql://host/db', lambda: None)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own script
    assert "UsageError: a ledger in PostgreSQL needs: pip install 'batch-enroll[postgres]'" in ended.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://host/db", "not in 'mysql'"),
        ("sqlite://", "not in 'sqlite'"),
        ("sqlite:///:memory:", "not in 'sqlite'"),
        ("sqlite+aiosqlite:///x.db", r"not in 'sqlite\+aiosqlite'"),
        ("postgresql://bob:pa55@host:many/db", "cannot be read"),
        ("just words", "cannot be read"),
    ],
)
def test_a_url_that_is_no_ledger_is_a_usage_error(url: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        SqlLedger(url, Clock())
    assert "pa55" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_without_user_and_password(tmp_path: Path) -> None:
    url = f"postgresql://bob:pa55@/school?host={tmp_path}"
    with pytest.raises(LedgerError, match=r"ledger database school .* cannot be reached") as caught:
        SqlLedger(url, Clock())
    assert "bob" not in str(caught.value)
    assert "pa55" not in str(caught.value)
