"""Where the ledgers of the suite live, and what is recorded in them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Protocol

from support.memory_ledger import START, Clock, MemoryLedger

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    EnrollmentState,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Role,
    RowLocation,
    RunId,
    SchoolId,
    SettledRow,
    UserId,
)
from batch_enroll.core.run_record import RunRecord

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pytest

    from batch_enroll.ports import Ledger

ENROLLED = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201, enrollment_id="enr-1")
INVALID = Outcome(OutcomeKind.INVALID, catalogue.MISSING_USER, "user_id: it is empty")
NOT_ATTEMPTED = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.STOPPED)


class Home(Protocol):
    """Where a ledger lives while processes come and go."""

    def open(self) -> Ledger:
        """Opens the ledger as a new process would."""

    def crash(self, ledger: Ledger) -> Ledger:
        """What a new process finds after the one that held `ledger` died without a word."""


class MemoryHome:
    def __init__(self, clock: Clock) -> None:
        self._ledger = MemoryLedger(clock)

    def open(self) -> Ledger:
        return self._ledger

    def crash(self, ledger: Ledger) -> Ledger:
        ledger.close()  # which for this one is only to let go of the lock
        return ledger


class SqliteHome:
    def __init__(self, clock: Clock, folder: Path) -> None:
        self._clock = clock
        self._folder = folder
        self._crashes = 0

    @property
    def _file(self) -> Path:
        return self._folder / f"state{self._crashes}" / "ledger.db"

    def open(self) -> Ledger:
        return SqlLedger(self._file, self._clock)

    def crash(self, ledger: Ledger) -> Ledger:
        before = self._file.parent
        self._crashes += 1
        # The files as they are on disk now, taken before the connection can tidy up.
        shutil.copytree(before, self._file.parent)
        ledger.close()
        shutil.rmtree(before)
        return self.open()


class Server(Protocol):
    def schema_url(self) -> str: ...

    def drop_connections(self) -> None: ...


class PostgresHome:
    def __init__(self, clock: Clock, server: Server) -> None:
        self._clock = clock
        self._server = server
        self._url = server.schema_url()

    def open(self) -> Ledger:
        return SqlLedger(self._url, self._clock)

    def crash(self, ledger: Ledger) -> Ledger:
        self._server.drop_connections()
        ledger.close()
        return self.open()


KINDS = ["memory", "sqlite", "postgres"]


def home_of(kind: str, clock: Clock, request: pytest.FixtureRequest, folder: Path) -> Home:
    if kind == "memory":
        return MemoryHome(clock)
    if kind == "sqlite":
        return SqliteHome(clock, folder)
    return PostgresHome(clock, request.getfixturevalue("postgres"))


def a_run(name: str = "run-1", started_at: datetime = START) -> RunRecord:
    return RunRecord(
        run_id=RunId(name),
        environment="staging",
        base_url="https://staging.example",
        scope="https://staging.example",
        columns=("user_id", "course_id", "Läuft\nweiter"),
        started_at=started_at,
        folder="batch-enroll-runs/x",
        options={"course_id": None, "map": {"user_id": "Schüler"}, "limit": 3},
    )


def a_key(name: str = "amy") -> EnrollmentKey:
    return EnrollmentKey(
        "https://staging.example", UserId(name), CourseId("math-7"), SchoolId("school-1"), Role.STUDENT
    )


def a_row(row_no: int = 1, name: str = "amy", action: Action = Action.ENROLL) -> PlannedRow:
    aim = Action.WITHDRAW if action is Action.WITHDRAW else Action.ENROLL
    request = EnrollmentRequest(row_no, a_key(name), action, purpose=aim)
    return PlannedRow(row_no, RowLocation("term.csv", row_no + 1), (name, "math-7"), request)


def settled(row: PlannedRow, outcome: Outcome) -> SettledRow:
    if row.request is None:
        return SettledRow(row.row_no, None, outcome)
    return SettledRow(row.row_no, row.request.key, outcome, row.request.purpose)


def claimed(ledger: Ledger, row: PlannedRow, name: str = "run-1") -> None:
    if ledger.run(RunId(name)) is None:
        ledger.begin(a_run(name))
    ledger.claim(RunId(name), [row])


def state_of(ledger: Ledger, name: str = "amy") -> EnrollmentState | None:
    entry = ledger.known([a_key(name)]).get(a_key(name))
    return None if entry is None else entry.state
