"""A ledger as version 2 left it, written by hand: what became of its tables since is no business of these lines."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
)
from support.ledgers import a_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

TABLES = MetaData()
META = Table("ledger_meta", TABLES, Column("schema_version", Integer, nullable=False))
RUNS = Table(
    "runs", TABLES, Column("run_no", Integer, primary_key=True), Column("run_id", Text, nullable=False, unique=True),
    *(Column(name, Text, nullable=False) for name in ("environment", "base_url", "scope", "columns")),
    Column("started_at", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("folder", "rosters", "requests")),
    Column("finished_at", BigInteger), Column("exit_status", Integer), Column("ending", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False), Column("outcomes", Text, nullable=False),
    Column("options", Text, nullable=False), Column("purged_at", BigInteger),
    Column("kind", Text, nullable=False, server_default="run"),
    Column("facts", Text, nullable=False, server_default="{}"),
)  # fmt: skip
ROWS = Table(
    "run_rows", TABLES,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("row_no", Integer, primary_key=True, autoincrement=False),
    Column("roster_file", Text, nullable=False), Column("roster_row", Integer, nullable=False),
    Column("roster_sheet", Text), Column("cells", Text, nullable=False), Column("digest", LargeBinary),
    Column("request", Text), Column("kind", Text), Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False), Column("attempts", Integer, nullable=False),
    Column("http_status", Integer), Column("enrollment_id", Text), Column("finished_at", BigInteger),
    sqlite_with_rowid=False,
)  # fmt: skip
SEATS = Table(
    "seats", TABLES, Column("digest", LargeBinary, primary_key=True), Column("run_no", Integer, nullable=False),
    Column("row_no", Integer, nullable=False), Column("state", Text, nullable=False),
    Column("doubt", Boolean, nullable=False), Column("settled_at", BigInteger), sqlite_with_rowid=False,
)  # fmt: skip
OWNERS = Table(
    "owners", TABLES, Column("scope", Text, primary_key=True), Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False), Column("command", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
)  # fmt: skip

SETTLED_AT = 1_756_706_400_000_000  # 2025-09-01 06:00 UTC
PURGED, LATEST = 1, 2


def write(url: str) -> None:
    """Writes one with seats in every state, of rows that are there, purged, and claimed again for somebody else."""
    engine = create_engine(url)
    with closing(engine.connect()) as connection, connection.begin():
        TABLES.create_all(connection)
        connection.execute(insert(META).values(schema_version=2))
        for run_no in (PURGED, LATEST):
            _run(connection, run_no)
        _seat(connection, "gone", PURGED, 1, "enrolled", settled_at=SETTLED_AT)
        _seat(connection, "left", PURGED, 2, "claimed")
        _row(connection, 1, "amy", kind="enrolled", attempts=1, http_status=201, enrollment_id="e1")
        _seat(connection, "amy", LATEST, 1, "enrolled", settled_at=SETTLED_AT)
        _row(connection, 2, "bob", kind=None, attempts=2)
        _seat(connection, "bob", LATEST, 2, "claimed", doubt=True)
        _row(connection, 3, "cem", kind="not_attempted", code="N101")
        _seat(connection, "cem", LATEST, 3, "unknown", doubt=True, settled_at=SETTLED_AT)
        _row(connection, 4, "dag", kind="not_attempted", code="N101")
        _seat(connection, "dag", LATEST, 4, "open", settled_at=SETTLED_AT)
        _row(connection, 5, "eve", kind="enrolled", attempts=1)  # claimed for `old` first, then for `eve`
        _seat(connection, "old", LATEST, 5, "open", settled_at=SETTLED_AT)
        _seat(connection, "eve", LATEST, 5, "enrolled", settled_at=SETTLED_AT)
        _row(connection, 6, None, kind="invalid", code="E101", detail="user_id: it is empty")
        _row(connection, 7, "fay", kind=None)
        _seat(connection, "fay", LATEST, 7, "claimed")
    engine.dispose()


def _run(connection: Connection, run_no: int) -> None:
    purged = run_no == PURGED
    connection.execute(
        insert(RUNS).values(
            run_id=f"run-{run_no}", environment="staging", base_url="" if purged else a_key().scope,
            scope="" if purged else a_key().scope, columns="[]", started_at=SETTLED_AT, folder="", rosters="[]",
            requests="[]", ending="", dry_run=False, outcomes="{}", options="{}",
            purged_at=SETTLED_AT if purged else None,
        )
    )  # fmt: skip


def _row(connection: Connection, row_no: int, name: str | None, **outcome: object) -> None:
    key = None if name is None else a_key(name)
    request = key and json.dumps([key.user_id, key.course_id, key.school_id, "student", None, None, {}])
    values = {"code": "", "detail": "", "attempts": 0, **outcome}
    connection.execute(
        insert(ROWS).values(
            run_no=LATEST, row_no=row_no, roster_file="term.csv", roster_row=row_no + 1, cells=json.dumps([name or ""]),
            digest=key and key.digest(), request=request, **values,
            finished_at=None if values["kind"] is None else SETTLED_AT,
        )
    )  # fmt: skip


def _seat(
    connection: Connection,
    name: str,
    run_no: int,
    row_no: int,
    state: str,
    *,
    doubt: bool = False,
    settled_at: int | None = None,
) -> None:
    connection.execute(
        insert(SEATS).values(
            digest=a_key(name).digest(), run_no=run_no, row_no=row_no, state=state, doubt=doubt, settled_at=settled_at
        )
    )


if sys.platform != "win32":
    import fcntl

    @contextmanager
    def locked_as_before(ledger: Path, scope: str) -> Iterator[None]:
        """Locks a ledger as a run of versions 1 to 3 did: one file shared by all runs, and one for its scope."""
        with ExitStack() as stack:
            for name, how in (("", fcntl.LOCK_SH), (scope, fcntl.LOCK_EX)):
                number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
                file = stack.enter_context((ledger.parent / f"{ledger.name}-{number:016x}.lock").open("w"))
                fcntl.flock(file, how | fcntl.LOCK_NB)
            yield
