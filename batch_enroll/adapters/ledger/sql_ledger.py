"""The ledger's verbs. Each is one transaction: when it returns, what it recorded is on disk."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from batch_enroll.adapters.ledger import codec, run_lock
from batch_enroll.adapters.ledger.claim_log import Lately
from batch_enroll.adapters.ledger.connection import enable_wal, engine_for, ledger_url, name_of
from batch_enroll.adapters.ledger.error_translation import translate_errors
from batch_enroll.adapters.ledger.schema import MIGRATIONS, OUTCOMES, ROWS, RUNS, SEATS, is_behind, prepare
from batch_enroll.adapters.ledger.statements import (
    ENROLLED,
    LAST_ROW,
    LET_GO,
    REOPEN,
    RESULTS,
    RUNS_LATEST_FIRST,
    UNSETTLED,
    batches_for,
    plain_rows,
)
from batch_enroll.core.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Select

    from batch_enroll.adapters.ledger.schema import Migration
    from batch_enroll.core.model import (
        EnrollmentKey,
        EnrollmentRequest,
        LedgerEntry,
        PlannedRow,
        ResultRow,
        RunId,
        SettledRow,
    )
    from batch_enroll.core.run_record import Owner, RunRecord

_ROWS_AT_ONCE: Final = 900  # old SQLite builds take 999 parameters


class SqlLedger:
    """The Ledger in a SQLite file (a path) or in PostgreSQL (a URL); created, or brought to this version, on opening.

    Raises:
        LedgerError: it is damaged, newer than this program, locked, or cannot be made; no data was touched.
        UsageError: the URL cannot be used.
    """

    def __init__(
        self,
        where: Path | str,
        utc_now: Callable[[], datetime],
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        url = ledger_url(where)
        self._name = name_of(url)
        self._utc_now = utc_now
        self._run_nos: dict[RunId, int] = {}
        self._digests: dict[EnrollmentKey, bytes] = {}  # of the keys that were asked for last: they are claimed next
        self._engine = engine_for(url)
        self._unlock: Callable[[], None] | None = None
        with translate_errors(self._name):
            self._connection = self._engine.connect()
        self._batches = batches_for(self._connection.dialect)
        self._lately = Lately(self._batches)
        self._locks = run_lock.make_locks(self._connection)
        try:
            self._prepare(migrations)
            with translate_errors(self._name):
                enable_wal(self._connection)
        except BaseException:
            self.close()
            raise

    def begin(self, run: RunRecord) -> None:
        """Records a run before its first row.

        Raises:
            LedgerError: the ledger has a run of that id, or cannot be written.
        """
        with self._transaction() as connection:
            try:
                connection.execute(RUNS.insert(), codec.run_columns(run))
            except IntegrityError as error:
                raise LedgerError(f"{self._name}: run {run.run_id} was begun before") from error

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        """The last word on those of `keys` that were ever claimed. A purged row's place has no file."""
        self._digests = {key: key.digest() for key in keys}
        by_digest = {digest: key for key, digest in self._digests.items()}
        with self._transaction() as connection:
            self._lately.seat(connection, by_digest)
            known = map(codec.entry_from, self._batches.known.run(connection, list(by_digest)))
            return {by_digest[digest]: entry for digest, entry in known}

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        """Records rows with their intent or outcome. A row claimed again keeps the attempts it has had."""
        if not rows:
            return
        now = codec.micros(self._utc_now())
        with self._transaction() as connection:
            run_no = self._run_no(connection, run_id)
            lines = [codec.row_line(run_no, row) for row in rows]
            last = connection.execute(LAST_ROW, {"of_run": run_no}).scalar() or 0
            again = {row.row_no: line[-2] for row, line in zip(rows, lines, strict=True) if row.row_no <= last}
            if again:
                self._reopen(connection, run_no, again)
            self._batches.rows.run(connection, lines)
            ended = [codec.ended_line(run_no, row.row_no, row.outcome, now) for row in rows if row.outcome is not None]
            self._batches.outcomes.run(connection, ended)
            wanted = [(self._digest(row.request.key), row.row_no) for row in rows if row.request is not None]
            self._lately.add(connection, run_no, wanted)

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        """Records outcomes of claimed rows, and what they make of their keys; attempts add up over all tries.

        Raises:
            LedgerError: a row was never claimed, or the ledger cannot be written; nothing of the group is recorded.
        """
        if not settled:
            return
        now = codec.micros(self._utc_now())
        with self._transaction() as connection:
            run_no = self._run_no(connection, run_id)
            try:
                self._batches.outcomes.run(connection, [codec.settled_line(run_no, each, now) for each in settled])
            except IntegrityError as error:
                raise LedgerError(
                    f"{self._name}: run {run_id} settles rows it never claimed; please report this"
                ) from error

    def finish(self, run: RunRecord) -> None:
        """Records the end of a run: its counts, exit status and time."""
        with self._transaction() as connection:
            run_no = self._run_no(connection, run.run_id)
            connection.execute(update(RUNS).where(RUNS.c.run_no == run_no).values(codec.end_columns(run)))

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        """Every row of the run in input order; a claimed row that never settled is UNKNOWN (E402)."""
        return chain.from_iterable(map(codec.result_from, rows) for rows in self._pieces_of(run_id, RESULTS))

    def enrolled(self, run_id: RunId) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
        """The rows that the run enrolled itself, the last one first, each with its request and its result."""
        scope = self._scope(run_id)
        for *line, request in chain.from_iterable(self._pieces_of(run_id, ENROLLED, latest_first=True)):
            yield codec.request_from(line[0], request, scope), codec.result_from(line)

    def unsettled(self, run_id: RunId) -> Iterator[PlannedRow]:
        """The rows that were claimed and never settled, in input order, to be looked up first."""
        scope = self._scope(run_id)
        for line in chain.from_iterable(self._pieces_of(run_id, UNSETTLED)):
            yield codec.unsettled_from(line, scope)

    def run(self, run_id: RunId | None = None) -> RunRecord | None:
        """One run, or the latest; None if there is none, or it was purged."""
        query = RUNS_LATEST_FIRST if run_id is None else RUNS_LATEST_FIRST.where(RUNS.c.run_id == run_id)
        with self._transaction() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else codec.run_from(row)

    def runs(self) -> Iterable[RunRecord]:
        """All runs that were not purged, latest first."""
        with self._transaction() as connection:
            rows = connection.execute(RUNS_LATEST_FIRST).all()
        return [codec.run_from(row) for row in rows]

    def purge(self, older_than: datetime) -> int:
        """Removes runs that ended before `older_than`, with all their rows, and returns how many runs that were.

        A run that never ended counts from its start. What stays are digests of the seats, so that a nightly run
        still skips them, and the runs' ids.
        """
        ended = func.coalesce(RUNS.c.finished_at, RUNS.c.started_at)
        self._run_nos.clear()
        old = and_(ended < codec.micros(older_than), RUNS.c.purged_at.is_(None))
        with self._transaction() as connection:
            self._lately.seat_all(connection)
            run_nos = select(RUNS.c.run_no).where(old)
            connection.execute(LET_GO.where(SEATS.c.run_no.in_(run_nos)))
            for table in (OUTCOMES, ROWS):
                connection.execute(delete(table).where(table.c.run_no.in_(run_nos)))
            emptied = update(RUNS).where(old).values(_purged(codec.micros(self._utc_now())))
            return connection.execute(emptied).rowcount

    def lock(self, scope: str | None, owner: Owner) -> None:
        """Keeps every other run on `scope` out, with None every other run, until `close` or the end of the process.

        Raises:
            LedgerError: somebody else is at it; the text says who, since when, and what to do.
        """
        with translate_errors(self._name):
            run_lock.acquire_run_lock(self._connection, self._locks, scope, owner)
        self._unlock = partial(run_lock.release, self._connection, self._locks, scope)

    def close(self) -> None:
        """Lets go of the file, and of the lock."""
        if self._unlock is not None:
            self._unlock()
        self._connection.close()
        self._engine.dispose()

    def _prepare(self, migrations: Sequence[Migration]) -> None:
        """Makes the tables, or brings them to this version; a run of an earlier program must not meet them half-way."""
        with self._transaction() as connection:
            behind = is_behind(connection, self._name, migrations)
        alone = run_lock.exclusive(self._connection, self._locks, self._utc_now()) if behind else nullcontext()
        with translate_errors(self._name), alone, self._transaction() as connection:
            prepare(connection, self._name, migrations)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with translate_errors(self._name), self._connection.begin():
                yield self._connection
        except BaseException:
            self._lately.forget()
            raise

    def _reopen(self, connection: Connection, run_no: int, requests: Mapping[int, object]) -> None:
        """Forgets the outcomes of rows that were claimed before."""
        row_nos = list(requests)
        for first in range(0, len(row_nos), _ROWS_AT_ONCE):
            asked = row_nos[first : first + _ROWS_AT_ONCE]
            mine = and_(ROWS.c.run_no == run_no, ROWS.c.row_no.in_(asked))
            before = plain_rows(connection, select(ROWS.c.row_no, ROWS.c.request).where(mine))
            changed = [(row_no, request) for row_no, request in before if request not in {None, requests[row_no]}]
            if changed:
                self._let_go(connection, run_no, changed)
            connection.execute(REOPEN.where(OUTCOMES.c.run_no == run_no, OUTCOMES.c.row_no.in_(asked)))

    def _let_go(self, connection: Connection, run_no: int, requests: Iterable[tuple[int, str]]) -> None:
        """Lets seats keep what they are although their rows ask for others from now on."""
        self._lately.seat_all(connection)
        scope = self._scope_of(connection, run_no)
        for row_no, request in requests:
            digest = codec.request_from(row_no, request, scope).key.digest()
            held = and_(SEATS.c.digest == digest, SEATS.c.run_no == run_no, SEATS.c.row_no == row_no)
            connection.execute(LET_GO.where(held))

    def _digest(self, key: EnrollmentKey) -> bytes:
        return self._digests.get(key) or key.digest()

    def _run_no(self, connection: Connection, run_id: RunId) -> int:
        found = self._run_nos.get(run_id)
        if found is None:
            named = select(RUNS.c.run_no).where(RUNS.c.run_id == run_id, RUNS.c.purged_at.is_(None))
            found = connection.execute(named).scalar_one_or_none()
            if found is None:
                raise LedgerError(f"{self._name}: there is no run {run_id}")
            self._run_nos[run_id] = found
        return found

    def _scope(self, run_id: RunId) -> str:
        with self._transaction() as connection:
            return self._scope_of(connection, self._run_no(connection, run_id))

    def _scope_of(self, connection: Connection, run_no: int) -> str:
        return str(connection.execute(select(RUNS.c.scope).where(RUNS.c.run_no == run_no)).scalar_one())

    def _pieces_of(
        self, run_id: RunId, query: Select[*tuple[Any, ...]], *, latest_first: bool = False
    ) -> Iterator[Sequence[codec.PlainRow]]:
        """The run's rows that `query` selects, in input order, in pieces: memory stays flat, writers get turns."""
        row_no, last = ROWS.c.row_no, None
        while True:
            with self._transaction() as connection:
                mine = query.where(ROWS.c.run_no == self._run_no(connection, run_id))
                if last is not None:
                    mine = mine.where(row_no < last if latest_first else row_no > last)
                ordered = mine.order_by(row_no.desc() if latest_first else row_no).limit(_ROWS_AT_ONCE)
                rows = plain_rows(connection, ordered)
            yield rows
            if len(rows) < _ROWS_AT_ONCE:
                return
            last = rows[-1][0]


def _purged(now: int) -> dict[str, str | int]:
    empty_list = {"columns": "[]", "rosters": "[]", "requests": "[]", "options": "{}", "outcomes": "{}", "facts": "{}"}
    return {**empty_list, "base_url": "", "scope": "", "folder": "", "ending": "", "purged_at": now}
