"""The ledger's tables, their version, and the way from an older version to this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    update,
)

from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    Migration: TypeAlias = Callable[[Connection], None]

TABLES: Final = MetaData()

META: Final = Table("ledger_meta", TABLES, Column("schema_version", Integer, nullable=False))

# Times are microseconds since 1970 in UTC, lists and mappings are JSON text: both dialects store them alike, and
# neither a type of the driver nor a NUL in a cell can get in the way.
RUNS: Final = Table(
    "runs",
    TABLES,
    Column("run_no", Integer, primary_key=True, autoincrement=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("environment", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("folder", Text, nullable=False),
    Column("rosters", Text, nullable=False),
    Column("requests", Text, nullable=False),
    Column("finished_at", BigInteger),
    Column("exit_status", Integer),
    Column("ending", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("outcomes", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("purged_at", BigInteger),  # a purged run keeps its number and id, because seats name it, and nothing else
    Column("kind", Text, nullable=False, server_default="run"),
    Column("facts", Text, nullable=False, server_default="{}"),
)

# One line for each row of a run, written when it is claimed.
ROWS: Final = Table(
    "run_rows",
    TABLES,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("row_no", Integer, primary_key=True, autoincrement=False),
    Column("roster_file", Text, nullable=False),
    Column("roster_row", Integer, nullable=False),
    Column("roster_sheet", Text),
    Column("cells", Text, nullable=False),
    Column("request", Text),
    Column("doubt", Integer, nullable=False),  # 1: to be looked up first, since the server may have had the seat before
    sqlite_with_rowid=False,  # one tree, in input order: no second index to keep
)

# What came of a row. None: claimed and not settled. A row that is claimed again keeps its line for the attempts it has
# had; `kind` is null until it settles. `seat` is what its seat is now; null: what it was when the row was claimed.
OUTCOMES: Final = Table(
    "outcomes",
    TABLES,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("row_no", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("http_status", Integer),
    Column("enrollment_id", Text),
    Column("finished_at", BigInteger),
    Column("seat", Text),
    ForeignKeyConstraint(["run_no", "row_no"], ["run_rows.run_no", "run_rows.row_no"]),
    sqlite_with_rowid=False,
)

# One line for each key ever claimed but lately, with the row that claimed it last. A digest tells nothing of a person.
# What the seat is, its row's outcome tells, so that settling a row touches no scattered lines; `state` and `settled_at`
# hold it only once that row is purged, or was claimed again for another key.
SEATS: Final = Table(
    "seats",
    TABLES,
    Column("digest", LargeBinary, primary_key=True),
    Column("run_no", Integer, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("state", Text),
    Column("settled_at", BigInteger),
    sqlite_with_rowid=False,
)

# Claims on their way to the seats, in their order.
LATELY: Final = Table(
    "lately",
    TABLES,
    Column("claim_no", Integer, primary_key=True),
    Column("run_no", Integer, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_autoincrement=True,  # a number is never given twice
)

# Who holds the lock of a scope (empty: of everything), for the message to the next one; the lock itself is elsewhere.
OWNERS: Final = Table(
    "owners",
    TABLES,
    Column("scope", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
)


def _add_kind_and_facts(connection: Connection) -> None:
    """Version 2: what a run was for, and what it found out; earlier ones were all of `batch-enroll run`."""
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'run'")
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'")


def _part_rows_and_outcomes(connection: Connection) -> None:
    """Version 3: outcomes have a table of their own, and a seat's state is told by the outcome of its row.

    It makes today's tables. Whoever changes them next writes down here what they were.
    """
    for table in ("run_rows", "seats"):
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_2")
    TABLES.create_all(connection)
    for step in _PARTED:
        connection.exec_driver_sql(step)


_PARTED: Final = (
    """
    INSERT INTO run_rows (run_no, row_no, roster_file, roster_row, roster_sheet, cells, request, doubt)
    SELECT a.run_no, a.row_no, a.roster_file, a.roster_row, a.roster_sheet, a.cells, a.request,
        CASE WHEN b.doubt THEN 1 ELSE 0 END
    FROM run_rows_2 a LEFT JOIN seats_2 b ON b.digest = a.digest AND b.run_no = a.run_no AND b.row_no = a.row_no
    """,
    """
    INSERT INTO outcomes
        (run_no, row_no, kind, code, detail, attempts, http_status, enrollment_id, finished_at, seat)
    SELECT a.run_no, a.row_no, a.kind, a.code, a.detail, a.attempts, a.http_status, a.enrollment_id, a.finished_at,
        CASE WHEN a.kind IS NULL THEN NULL ELSE b.state END
    FROM run_rows_2 a LEFT JOIN seats_2 b ON b.digest = a.digest AND b.run_no = a.run_no AND b.row_no = a.row_no
    WHERE a.kind IS NOT NULL OR a.attempts > 0
    """,
    """
    INSERT INTO seats (digest, run_no, row_no, state, settled_at)
    SELECT b.digest, b.run_no, b.row_no,
        CASE WHEN a.digest IS NULL THEN b.state END, CASE WHEN a.digest IS NULL THEN b.settled_at END
    FROM seats_2 b LEFT JOIN run_rows_2 a ON a.digest = b.digest AND a.run_no = b.run_no AND a.row_no = b.row_no
    """,
    "DROP TABLE run_rows_2",
    "DROP TABLE seats_2",
)

# MIGRATIONS[n - 1] lifts version n to n + 1; a fresh ledger starts at the newest.
MIGRATIONS: Final[tuple[Migration, ...]] = (_add_kind_and_facts, _part_rows_and_outcomes)

_ADVISORY_LOCK: Final = 0x62656E72  # any number will do; ours spells "benr"


def is_behind(connection: Connection, where: str, migrations: Sequence[Migration]) -> bool:
    """Whether the tables are older than this program.

    Raises:
        LedgerError: they are newer, or are no ledger; nothing was changed.
    """
    version, newest = _version(connection, where), 1 + len(migrations)
    if version is not None and version > newest:
        raise LedgerError(
            f"{where} has schema version {version}, this program knows {newest}; upgrade batch-enroll, or choose "
            "another place with --state; no data was touched"
        )
    return version is not None and version < newest


def prepare(connection: Connection, where: str, migrations: Sequence[Migration]) -> None:
    """Brings the tables to the newest version, inside the caller's transaction. Raises as `is_behind`."""
    if connection.dialect.name == "postgresql":  # on SQLite the transaction itself holds the only write lock
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    version, newest = _version(connection, where), 1 + len(migrations)
    if version is None:
        TABLES.create_all(connection)
        connection.execute(insert(META).values(schema_version=newest))
    elif is_behind(connection, where, migrations):
        for migration in migrations[version - 1 :]:
            migration(connection)
        connection.execute(update(META).values(schema_version=newest))


def _version(connection: Connection, where: str) -> int | None:
    names = set(inspect(connection).get_table_names())
    if META.name in names:
        found = connection.execute(select(META.c.schema_version)).scalar()
        if isinstance(found, int) and found > 0:
            return found
    elif not (names if connection.dialect.name == "sqlite" else names & TABLES.tables.keys()):
        return None
    raise LedgerError(
        f"{where} holds tables that are no ledger of batch-enroll; choose another place with --state; "
        "no data was touched"
    )
