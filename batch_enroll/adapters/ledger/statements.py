"""The statements of the verbs, built once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, case, func, literal_column, null, select, true, update
from sqlalchemy.dialects import sqlite

from batch_enroll.adapters.ledger.schema import LATELY, OUTCOMES, ROWS, RUNS, SEATS
from batch_enroll.core.model import EnrollmentState, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect, Select, Table
    from sqlalchemy.dialects import postgresql

    from batch_enroll.adapters.ledger.codec import AnyRow, Line, PlainRow

_ITS_OUTCOME: Final = and_(OUTCOMES.c.run_no == ROWS.c.run_no, OUTCOMES.c.row_no == ROWS.c.row_no)
_LINES: Final = ROWS.outerjoin(OUTCOMES, _ITS_OUTCOME)
_PLACE: Final = (ROWS.c.roster_file, ROWS.c.roster_row, ROWS.c.roster_sheet)

RESULTS: Final = select(
    ROWS.c.row_no,
    *_PLACE,
    ROWS.c.cells,
    OUTCOMES.c.kind,
    OUTCOMES.c.code,
    OUTCOMES.c.detail,
    OUTCOMES.c.attempts,
    OUTCOMES.c.http_status,
    OUTCOMES.c.enrollment_id,
    OUTCOMES.c.finished_at,
).select_from(_LINES)

ENROLLED: Final = RESULTS.add_columns(ROWS.c.request).where(OUTCOMES.c.kind == OutcomeKind.ENROLLED.value)
UNSETTLED: Final = (
    select(ROWS.c.row_no, *_PLACE, ROWS.c.cells, ROWS.c.request).select_from(_LINES).where(OUTCOMES.c.kind.is_(None))
)


def _text(state: EnrollmentState) -> ColumnElement[str]:
    return literal_column(f"'{state}'")


# A seat that was in doubt when it was claimed stays so until somebody has asked the server.
_STATE: Final = case(
    (OUTCOMES.c.kind.is_(None), _text(EnrollmentState.CLAIMED)),
    (OUTCOMES.c.seat.is_not(None), OUTCOMES.c.seat),
    (ROWS.c.doubt == literal_column("1"), _text(EnrollmentState.UNKNOWN)),
    else_=_text(EnrollmentState.OPEN),
)
_ITS_ROW: Final = and_(ROWS.c.run_no == SEATS.c.run_no, ROWS.c.row_no == SEATS.c.row_no)
_ON_ITS_OWN: Final = SEATS.c.state.is_not(None)

# Seats that keep what they are on their own from now on, whatever becomes of their rows; to be narrowed down.
LET_GO: Final = (
    update(SEATS)
    .where(~_ON_ITS_OWN)
    .values(
        state=select(_STATE).select_from(_LINES).where(_ITS_ROW).scalar_subquery(),
        settled_at=select(OUTCOMES.c.finished_at).select_from(_LINES).where(_ITS_ROW).scalar_subquery(),
    )
)

# Outcomes of rows that are claimed again; to be narrowed down.
REOPEN: Final = update(OUTCOMES).values(
    kind=None, code="", detail="", http_status=None, enrollment_id=None, finished_at=None, seat=None
)

# Built once, since building one takes longer than running it.
LAST_ROW: Final = select(func.max(ROWS.c.row_no)).where(ROWS.c.run_no == bindparam("of_run"))
NEWEST_CLAIM: Final = select(func.max(LATELY.c.claim_no))
NEWER_CLAIMS: Final = (
    select(LATELY.c.claim_no, LATELY.c.digest).where(LATELY.c.claim_no > bindparam("seen")).order_by(LATELY.c.claim_no)
)

RUNS_LATEST_FIRST: Final = select(RUNS).where(RUNS.c.purged_at.is_(None)).order_by(RUNS.c.run_no.desc())

# SQLite's driver looks for an adapter for each None, in vain, at ten times the cost of handing over a text. So an empty
# text or a zero stands for null on the way there.
_EMPTY: Final = {
    ROWS.c.roster_sheet: "''",
    ROWS.c.request: "''",
    OUTCOMES.c.http_status: "0",
    OUTCOMES.c.enrollment_id: "''",
    OUTCOMES.c.seat: "''",
}

# Old SQLite builds take 999 parameters, and a line of OUTCOMES has ten.
_LINES_A_STEP: Final = 90
_KEYS_AT_ONCE: Final = 500
_KEYS: Final = [f"digest_{nth}" for nth in range(_KEYS_AT_ONCE)]

_KNOWN: Final = (
    select(
        SEATS.c.digest,
        SEATS.c.row_no,
        case((_ON_ITS_OWN, SEATS.c.state), else_=_STATE),
        case((_ON_ITS_OWN, SEATS.c.settled_at), else_=OUTCOMES.c.finished_at),
        RUNS.c.run_id,
        *_PLACE,
    )
    .join_from(SEATS, RUNS, RUNS.c.run_no == SEATS.c.run_no)
    .outerjoin(ROWS, _ITS_ROW)
    .outerjoin(OUTCOMES, _ITS_OUTCOME)
    .where(SEATS.c.digest.in_([bindparam(key) for key in _KEYS]))
)


def plain_rows(
    connection: Connection, query: Select[*tuple[Any, ...]], parameters: Mapping[str, int] | None = None
) -> Sequence[PlainRow]:
    """The lines that `query` finds, as the driver makes them: the library's own cost a third of reading them."""
    with closing(connection.execute(query, parameters)) as found:
        return found.cursor.fetchall()


class Insert:
    """An insert of many lines, from tuples in the order of the table's columns.

    The library builds the text once. Running it as text halves the time of a verb: the library would otherwise look
    at each value of each line, which here are plain already. On SQLite each step takes many lines, since it lets go
    of the interpreter's lock and has to win it back from the event loop.
    """

    def __init__(self, statement: sqlite.Insert | postgresql.Insert, dialect: Dialect) -> None:
        compiled = dialect.statement_compiler(dialect, statement)
        self._text = str(compiled)
        self._names = None if compiled.positiontup is not None else list(compiled.params)
        before, opening, rest = self._text.partition(" VALUES (")
        values, conflict, after = rest.partition(") ON CONFLICT")
        line = values if conflict else values.removesuffix(")")
        self._text_of_many = f"{before}{opening}{f'{line}), (' * (_LINES_A_STEP - 1)}{values}{conflict}{after}"

    def run(self, connection: Connection, lines: Sequence[Line]) -> None:
        """Writes `lines`."""
        if not lines:
            return
        if self._names is not None:  # PostgreSQL's driver takes mappings
            names = self._names
            connection.exec_driver_sql(self._text, [dict(zip(names, line, strict=True)) for line in lines])
            return
        whole = len(lines) - len(lines) % _LINES_A_STEP
        for first in range(0, whole, _LINES_A_STEP):
            values = tuple(chain.from_iterable(lines[first : first + _LINES_A_STEP]))
            connection.exec_driver_sql(self._text_of_many, values)
        if whole < len(lines):
            connection.exec_driver_sql(self._text, list(lines[whole:]))


class Lookup:
    """The question for what is known of some digests, as text for the same reason."""

    def __init__(self, dialect: Dialect) -> None:
        compiled = dialect.statement_compiler(dialect, _KNOWN)
        self._text = str(compiled)
        self._positional = compiled.positiontup is not None

    def run(self, connection: Connection, digests: Sequence[bytes]) -> Iterator[AnyRow]:
        """A line for each of `digests` that is known."""
        for first in range(0, len(digests), _KEYS_AT_ONCE):
            asked = digests[first : first + _KEYS_AT_ONCE]
            asked = (*asked, *[asked[-1]] * (_KEYS_AT_ONCE - len(asked)))  # one text for any number
            values = tuple(map(bytearray, asked)) if self._positional else dict(zip(_KEYS, asked, strict=True))
            yield from connection.exec_driver_sql(self._text, values)


_CLAIM: Final = ("digest", "run_no", "row_no")
_ON_NO_OWN: Final = {"state": null(), "settled_at": null()}


@dataclass(frozen=True, slots=True)
class Batches:
    """What is run over many keys or rows at once; `move` makes seats of the claims in `lately`."""

    known: Lookup
    rows: Insert
    outcomes: Insert
    lately: Insert
    move: sqlite.Insert | postgresql.Insert


def batches_for(dialect: Dialect) -> Batches:
    """The batches in the words of `dialect`."""
    insert = _insert_of(dialect.name)
    # A row that is there takes everything from the new claim; attempts add up.
    rows = insert(ROWS).values(_values(ROWS))
    outcomes = insert(OUTCOMES).values(_values(OUTCOMES))
    attempts = {"attempts": OUTCOMES.c.attempts + outcomes.excluded.attempts}
    return Batches(
        known=Lookup(dialect),
        rows=Insert(_or_replace(rows, ROWS, {}), dialect),
        outcomes=Insert(_or_replace(outcomes, OUTCOMES, attempts), dialect),
        lately=Insert(insert(LATELY).values(_values(LATELY)).inline(), dialect),
        move=_or_replace(insert(SEATS).from_select(_CLAIM, _last_claims(dialect.name)), SEATS, _ON_NO_OWN),
    )


def _last_claims(dialect: str) -> Select[*tuple[Any, ...]]:
    claims = select(*(LATELY.c[name] for name in _CLAIM)).order_by(LATELY.c.digest, LATELY.c.claim_no)
    if dialect != "postgresql":  # here each claim replaces the one before; `true` keeps ON CONFLICT from being a join's
        return claims.where(true())
    return claims.where(LATELY.c.claim_no.in_(select(func.max(LATELY.c.claim_no)).group_by(LATELY.c.digest)))


def _or_replace(
    statement: sqlite.Insert | postgresql.Insert, table: Table, given: Mapping[str, ColumnElement[Any]]
) -> sqlite.Insert | postgresql.Insert:
    new = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_={**new, **given})


def _values(table: Table) -> dict[str, ColumnElement[Any]]:
    values: dict[str, ColumnElement[Any]] = {}
    for column in table.c:
        given = bindparam(column.name, type_=column.type)
        empty = _EMPTY.get(column)
        if column is not table.autoincrement_column:
            values[column.name] = given if empty is None else func.nullif(given, literal_column(empty))
    return values


def _insert_of(dialect: str) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    if dialect != "postgresql":
        return sqlite.insert
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - takes a tenth of the start, for few

    return postgresql.insert
