"""The statements of the verbs, built once; parameters that start with `of_` say which line is meant."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, bindparam, case, literal_column, null, select, update
from sqlalchemy.dialects import sqlite

from batch_enroll.adapters.ledger_sql.schema import ROWS, RUNS, SEATS
from batch_enroll.core.model import OutcomeKind, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ClauseElement, ColumnElement, Connection, Dialect, Row, Table
    from sqlalchemy.dialects import postgresql

    from batch_enroll.adapters.ledger_sql.encoding import Params

_MY_ROW: Final = and_(ROWS.c.run_no == bindparam("of_run"), ROWS.c.row_no == bindparam("of_row"))

_SETTLE_ROW: Final = (
    update(ROWS)
    .where(_MY_ROW)
    .values(
        kind=bindparam("kind"),
        code=bindparam("code"),
        detail=bindparam("detail"),
        attempts=ROWS.c.attempts + bindparam("tried"),
        http_status=bindparam("http_status"),
        enrollment_id=bindparam("enrollment_id"),
        finished_at=bindparam("now"),
    )
)

# A seat that was in doubt when it was claimed stays so until somebody has asked the server. The row's own digest is
# read back instead of computed again: that is cheaper than hashing the key.
_SETTLE_SEAT: Final = (
    update(SEATS)
    .where(
        SEATS.c.digest == select(ROWS.c.digest).where(_MY_ROW).scalar_subquery(),
        SEATS.c.run_no == bindparam("of_run"),
        SEATS.c.row_no == bindparam("of_row"),
    )
    .values(
        state=case(
            (and_(SEATS.c.doubt, bindparam("untried", type_=Boolean)), literal_column(f"'{SeatState.UNKNOWN}'")),
            else_=bindparam("state"),
        ),
        settled_at=bindparam("now"),
    )
)

_PLACE: Final = (ROWS.c.roster_file, ROWS.c.roster_row, ROWS.c.roster_sheet)

RESULTS: Final = select(
    ROWS.c.row_no,
    *_PLACE,
    ROWS.c.cells,
    ROWS.c.kind,
    ROWS.c.code,
    ROWS.c.detail,
    ROWS.c.attempts,
    ROWS.c.http_status,
    ROWS.c.enrollment_id,
    ROWS.c.finished_at,
)

ENROLLED: Final = RESULTS.add_columns(ROWS.c.request).where(ROWS.c.kind == OutcomeKind.ENROLLED.value)

# Columns of what is claimed and not settled. They stand in the statement: SQLite's driver looks for an adapter for each
# None, in vain, at ten times the cost of handing over a text.
_OPEN_ROW: Final = {
    "kind": null(),
    "code": literal_column("''"),
    "detail": literal_column("''"),
    "attempts": literal_column("0"),
    "http_status": null(),
    "enrollment_id": null(),
    "finished_at": null(),
}
_OPEN_SEAT: Final = {"state": literal_column(f"'{SeatState.CLAIMED}'"), "settled_at": null()}

# Old SQLite builds take 999 parameters, and a row of ROWS has 15.
_ROWS_A_STEP: Final = 60
_KEYS_AT_ONCE: Final = 500
_KEYS: Final = [f"digest_{nth}" for nth in range(_KEYS_AT_ONCE)]

_KNOWN: Final = (
    select(SEATS.c.digest, SEATS.c.row_no, SEATS.c.state, SEATS.c.settled_at, RUNS.c.run_id, *_PLACE)
    .join(RUNS, RUNS.c.run_no == SEATS.c.run_no)
    .outerjoin(ROWS, and_(ROWS.c.run_no == SEATS.c.run_no, ROWS.c.row_no == SEATS.c.row_no))
    .where(SEATS.c.digest.in_([bindparam(key) for key in _KEYS]))
)

RUNS_LATEST_FIRST: Final = select(RUNS).where(RUNS.c.purged_at.is_(None)).order_by(RUNS.c.run_no.desc())


class Batch:
    """A statement run over many rows at once, from mappings of column to value.

    The library builds the text once. Running it as text halves the time of a verb: the library would otherwise look
    at each value of each row, which here are plain already.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = dialect.statement_compiler(dialect, statement)
        self._text = str(compiled)
        # SQLite's driver is faster with tuples; PostgreSQL's takes the mappings themselves.
        self._as_tuple = None if compiled.positiontup is None else itemgetter(*compiled.positiontup)

    def run(self, connection: Connection, rows: Sequence[Params]) -> int:
        """Runs the statement over `rows` and returns how many lines of the table it touched."""
        if not rows:
            return 0
        values = list(rows) if self._as_tuple is None else [self._as_tuple(row) for row in rows]
        return connection.exec_driver_sql(self._text, values).rowcount


class Insert(Batch):
    """An insert, of many rows with each step of SQLite.

    Each step lets go of the interpreter's lock and has to win it back from the event loop.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        super().__init__(statement, dialect)
        before, opening, rest = self._text.partition(" VALUES (")
        values, closing, after = rest.partition(")")
        self._text_of_many = f"{before}{opening}{f'{values}), (' * (_ROWS_A_STEP - 1)}{values}{closing}{after}"

    def run(self, connection: Connection, rows: Sequence[Params]) -> int:
        """Runs the statement over `rows` and returns how many lines of the table it touched."""
        if self._as_tuple is None:
            return super().run(connection, rows)
        whole = len(rows) - len(rows) % _ROWS_A_STEP
        for first in range(0, whole, _ROWS_A_STEP):
            values = chain.from_iterable(map(self._as_tuple, rows[first : first + _ROWS_A_STEP]))
            connection.exec_driver_sql(self._text_of_many, tuple(values))
        return whole + super().run(connection, rows[whole:])


class Lookup:
    """The question for what is known of some digests, as text for the same reason."""

    def __init__(self, dialect: Dialect) -> None:
        compiled = dialect.statement_compiler(dialect, _KNOWN)
        self._text = str(compiled)
        self._positional = compiled.positiontup is not None

    def run(self, connection: Connection, digests: Sequence[bytes]) -> Iterator[Row[*tuple[Any, ...]]]:
        """A line for each of `digests` that is known."""
        for first in range(0, len(digests), _KEYS_AT_ONCE):
            asked = digests[first : first + _KEYS_AT_ONCE]
            asked = (*asked, *[asked[-1]] * (_KEYS_AT_ONCE - len(asked)))  # one text for any number
            values = tuple(map(bytearray, asked)) if self._positional else dict(zip(_KEYS, asked, strict=True))
            yield from connection.exec_driver_sql(self._text, values)


@dataclass(frozen=True, slots=True)
class Batches:
    """What `known`, `claim` and `settle` run; `record_rows` is for rows that come with their outcome."""

    known: Lookup
    claim_rows: Batch
    record_rows: Batch
    claim_seats: Batch
    settle_rows: Batch
    settle_seats: Batch


def batches_for(dialect: Dialect) -> Batches:
    """The batches in the words of `dialect`."""
    return Batches(
        known=Lookup(dialect),
        claim_rows=Insert(_claim_rows(dialect.name, _OPEN_ROW), dialect),
        record_rows=Insert(_claim_rows(dialect.name, {}), dialect),
        claim_seats=Insert(_claim_seats(dialect.name), dialect),
        settle_rows=Batch(_SETTLE_ROW, dialect),
        settle_seats=Batch(_SETTLE_SEAT, dialect),
    )


def _claim_rows(dialect: str, given: Mapping[str, ColumnElement[Any]]) -> sqlite.Insert | postgresql.Insert:
    # A row that is there already takes everything from the new claim and adds up its attempts.
    statement = _insert(dialect, ROWS, given)
    attempts = {"attempts": ROWS.c.attempts + statement.excluded["attempts"]}
    return statement.on_conflict_do_update(
        index_elements=list(ROWS.primary_key), set_={**_replaced(statement, ROWS), **attempts}
    )


def _claim_seats(dialect: str) -> sqlite.Insert | postgresql.Insert:
    # The last claim of a key counts.
    statement = _insert(dialect, SEATS, _OPEN_SEAT)
    return statement.on_conflict_do_update(index_elements=list(SEATS.primary_key), set_=_replaced(statement, SEATS))


def _replaced(statement: sqlite.Insert | postgresql.Insert, table: Table) -> dict[str, ColumnElement[Any]]:
    return {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}


def _insert(dialect: str, table: Table, given: Mapping[str, ColumnElement[Any]]) -> sqlite.Insert | postgresql.Insert:
    values = {column.name: given.get(column.name, bindparam(column.name)) for column in table.c}
    if dialect != "postgresql":
        return sqlite.insert(table).values(values)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - takes a tenth of the start, for few

    return postgresql.insert(table).values(values)
