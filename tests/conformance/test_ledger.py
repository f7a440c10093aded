"""What every Ledger does: the double in memory, SQLite, and a real PostgreSQL."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

import pytest
from fakes_ledger import START, Clock, MemoryLedger
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from batch_enroll.adapters.ledger_sql import SqlLedger
from batch_enroll.core import catalogue
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Outcome,
    OutcomeKind,
    Owner,
    Place,
    PlannedRow,
    Requests,
    Role,
    RosterRef,
    RunId,
    RunRecord,
    SchoolId,
    SeatState,
    Settled,
    UserId,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def home(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Home:
    return home_of(request.param, clock, request, tmp_path)


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    opened = home.open()
    yield opened
    opened.close()


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
    request = EnrollmentRequest(row_no, a_key(name), action, aim=aim)
    return PlannedRow(row_no, Place("term.csv", row_no + 1), (name, "math-7"), request)


def settled(row: PlannedRow, outcome: Outcome) -> Settled:
    if row.request is None:
        return Settled(row.row_no, None, outcome)
    return Settled(row.row_no, row.request.key, outcome, row.request.aim)


def claimed(ledger: Ledger, row: PlannedRow, name: str = "run-1") -> None:
    if ledger.run(RunId(name)) is None:
        ledger.begin(a_run(name))
    ledger.claim(RunId(name), [row])


def state_of(ledger: Ledger, name: str = "amy") -> SeatState | None:
    entry = ledger.known([a_key(name)]).get(a_key(name))
    return None if entry is None else entry.state


def test_a_run_reads_back_as_it_was_begun_and_finished(ledger: Ledger) -> None:
    begun = replace(a_run(), kind="undo")
    ledger.begin(begun)
    assert ledger.run(begun.run_id) == begun
    ended = replace(
        begun,
        rosters=(RosterRef("term.csv", "ab" * 32, 3), RosterRef("späte.csv", "cd" * 32, 0)),
        requests=Requests(5, 2, 1),
        finished_at=datetime(2025, 9, 1, 8, 30, 0, 123457, tzinfo=timezone(timedelta(hours=2))),
        exit_status=1,
        ending="stopped by SIGTERM",
        dry_run=True,
        facts={"pace": {"rate_per_s": 9.5}, "allowed": ["empty"]},
    )
    ledger.finish(ended)
    assert ledger.run(begun.run_id) == ended


def test_a_second_run_on_the_same_server_is_told_who_is_at_it(home: Home, ledger: Ledger, clock: Clock) -> None:
    ledger.lock("staging", Owner(4711, "roster-box", "run", clock()))
    clock.advance(timedelta(minutes=12))
    other = home.open()
    with pytest.raises(LedgerError, match=r"another run .*process 4711"):
        other.lock("staging", Owner(4712, "roster-box", "run", clock()))
    ledger.close()
    other.lock("staging", Owner(4712, "roster-box", "run", clock()))
    other.close()


def test_runs_on_different_servers_do_not_wait_for_each_other(home: Home, ledger: Ledger) -> None:
    ledger.lock("staging", Owner(4711, "roster-box", "run", START))
    other = home.open()
    other.lock("production", Owner(4712, "roster-box", "run", START))
    other.close()


@pytest.mark.parametrize(("held", "wanted"), [("staging", None), (None, "staging"), (None, None)])
def test_whoever_wants_the_whole_ledger_shares_it_with_nobody(
    home: Home, ledger: Ledger, held: str | None, wanted: str | None
) -> None:
    ledger.lock(held, Owner(4711, "roster-box", "purge", START))
    other = home.open()
    with pytest.raises(LedgerError, match="process 4711"):
        other.lock(wanted, Owner(4712, "roster-box", "run", START))
    other.close()


def test_the_lock_of_a_dead_run_is_taken_over(home: Home, ledger: Ledger) -> None:
    ledger.lock("staging", Owner(4711, "roster-box", "run", START))
    after = home.crash(ledger)
    after.lock("staging", Owner(4712, "roster-box", "run", START))
    after.close()


def test_the_latest_run_is_the_one_begun_last_whatever_its_time(ledger: Ledger) -> None:
    ledger.begin(a_run("run-1"))
    ledger.begin(a_run("run-2", START - timedelta(days=1)))
    latest = ledger.run()
    assert latest is not None
    assert latest.run_id == "run-2"
    assert [run.run_id for run in ledger.runs()] == ["run-2", "run-1"]


def test_an_empty_ledger_knows_no_run_and_no_key(ledger: Ledger) -> None:
    assert ledger.run() is None
    assert ledger.run(RunId("run-1")) is None
    assert list(ledger.runs()) == []
    assert ledger.known([a_key()]) == {}
    assert ledger.known([]) == {}


def test_a_run_cannot_begin_twice(ledger: Ledger) -> None:
    ledger.begin(a_run())
    with pytest.raises(LedgerError, match="run-1 was begun before"):
        ledger.begin(a_run())


def test_rows_of_a_run_that_never_began_are_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="there is no run run-1"):
        ledger.claim(RunId("run-1"), [a_row()])
    with pytest.raises(LedgerError, match="there is no run run-1"):
        list(ledger.results(RunId("run-1")))


def test_a_claimed_key_is_claimed_and_says_by_whom(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    entry = ledger.known([a_key("bob"), a_key()])[a_key()]
    assert (entry.state, entry.run_id, entry.row_no) == (SeatState.CLAIMED, "run-1", 1)
    assert (entry.place, entry.settled_at) == (Place("term.csv", 2), None)


def test_a_claimed_row_without_an_outcome_is_unknown_in_the_results(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    (result,) = ledger.results(RunId("run-1"))
    assert (result.outcome.kind, result.outcome.code) == (OutcomeKind.UNKNOWN, catalogue.INTERRUPTED)
    assert (result.place, result.cells, result.finished_at) == (Place("term.csv", 2), ("amy", "math-7"), None)


def test_a_row_settled_in_the_claim_has_its_outcome_and_claims_no_key(ledger: Ledger, clock: Clock) -> None:
    ledger.begin(a_run())
    ledger.claim(RunId("run-1"), [replace(a_row(), request=None, outcome=INVALID)])
    (result,) = ledger.results(RunId("run-1"))
    assert (result.outcome, result.finished_at) == (INVALID, clock.now)
    assert state_of(ledger) is None


def test_an_outcome_reads_back_with_the_time_it_was_recorded(ledger: Ledger, clock: Clock) -> None:
    claimed(ledger, a_row())
    clock.advance(timedelta(seconds=3, microseconds=7))
    ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED)])
    (result,) = ledger.results(RunId("run-1"))
    assert (result.outcome, result.finished_at) == (ENROLLED, clock.now)
    entry = ledger.known([a_key()])[a_key()]
    assert (entry.state, entry.settled_at) == (SeatState.ENROLLED, clock.now)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (OutcomeKind.ENROLLED, SeatState.ENROLLED),
        (OutcomeKind.ALREADY_ENROLLED, SeatState.ENROLLED),
        (OutcomeKind.UNKNOWN, SeatState.UNKNOWN),
        (OutcomeKind.REJECTED, SeatState.OPEN),
        (OutcomeKind.FAILED, SeatState.OPEN),
        (OutcomeKind.NOT_ATTEMPTED, SeatState.OPEN),
    ],
)
def test_an_outcome_says_what_becomes_of_the_key(ledger: Ledger, kind: OutcomeKind, state: SeatState) -> None:
    claimed(ledger, a_row())
    ledger.settle(RunId("run-1"), [settled(a_row(), Outcome(kind))])
    assert state_of(ledger) is state


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NOT_ATTEMPTED, SeatState.UNKNOWN),
        (Outcome(OutcomeKind.FAILED), SeatState.UNKNOWN),
        (Outcome(OutcomeKind.FAILED, attempts=1), SeatState.OPEN),
        (Outcome(OutcomeKind.REJECTED), SeatState.OPEN),
        (ENROLLED, SeatState.ENROLLED),
    ],
)
def test_a_key_in_doubt_stays_unknown_until_the_server_was_asked(
    ledger: Ledger, outcome: Outcome, state: SeatState
) -> None:
    row = a_row(action=Action.LOOK_UP)
    claimed(ledger, row)
    ledger.settle(RunId("run-1"), [settled(row, outcome)])
    assert state_of(ledger) is state


def test_the_last_claim_of_a_key_counts_and_an_earlier_rows_outcome_leaves_it_alone(ledger: Ledger) -> None:
    claimed(ledger, a_row(), "run-1")
    claimed(ledger, a_row(7), "run-2")
    ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED)])
    entry = ledger.known([a_key()])[a_key()]
    assert (entry.state, entry.run_id, entry.row_no) == (SeatState.CLAIMED, "run-2", 7)


def test_a_row_tried_again_adds_up_its_attempts(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    ledger.settle(RunId("run-1"), [settled(a_row(), Outcome(OutcomeKind.FAILED, attempts=6, status=503))])
    ledger.claim(RunId("run-1"), [a_row()])
    (waiting,) = ledger.results(RunId("run-1"))
    assert (waiting.outcome.kind, waiting.outcome.attempts) == (OutcomeKind.UNKNOWN, 6)
    ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED)])
    (result,) = ledger.results(RunId("run-1"))
    assert result.outcome == replace(ENROLLED, attempts=7)


def test_a_corrected_row_takes_the_place_of_the_old_one(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    ledger.settle(RunId("run-1"), [settled(a_row(), Outcome(OutcomeKind.REJECTED, attempts=1))])
    ledger.claim(RunId("run-1"), [a_row(1, "bob")])
    ledger.settle(RunId("run-1"), [settled(a_row(1, "bob"), ENROLLED)])
    (result,) = ledger.results(RunId("run-1"))
    assert (result.cells, result.outcome.attempts) == (("bob", "math-7"), 2)
    assert (state_of(ledger, "amy"), state_of(ledger, "bob")) == (SeatState.OPEN, SeatState.ENROLLED)


def test_an_outcome_of_a_row_never_claimed_is_refused_with_its_whole_group(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    with pytest.raises(LedgerError, match="never claimed"):
        ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED), settled(a_row(2, "bob"), ENROLLED)])
    assert state_of(ledger) is SeatState.CLAIMED
    (result,) = ledger.results(RunId("run-1"))
    assert result.finished_at is None


def test_an_empty_group_changes_nothing(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    ledger.claim(RunId("run-1"), [])
    ledger.settle(RunId("run-1"), [])
    assert state_of(ledger) is SeatState.CLAIMED
    assert [each.row_no for each in ledger.results(RunId("run-1"))] == [1]


def test_unsettled_rows_come_back_whole_and_to_be_looked_up(ledger: Ledger) -> None:
    request = EnrollmentRequest(
        2,
        replace(a_key("bob"), school_id=None, role=Role.TEACHER),
        begin_date=datetime(2025, 9, 1, 8, tzinfo=timezone(timedelta(hours=-5))),
        sourced_id="e-1",
        metadata={"goals": {"dailyXp": 25.5}, "note": "ß", "tags": ["a", None, True]},
    )
    row = PlannedRow(2, Place("t.xlsx", 9, "Grade 7"), ("bob", "007", ""), request)
    ledger.begin(a_run())
    ledger.claim(RunId("run-1"), [a_row(1), row, replace(a_row(3), request=None, outcome=INVALID)])
    ledger.settle(RunId("run-1"), [settled(a_row(1), ENROLLED)])
    assert list(ledger.unsettled(RunId("run-1"))) == [replace(row, request=replace(request, action=Action.LOOK_UP))]


def test_a_withdrawal_that_never_settled_comes_back_as_one(ledger: Ledger) -> None:
    row = a_row(action=Action.WITHDRAW)
    claimed(ledger, row)
    (left,) = ledger.unsettled(RunId("run-1"))
    assert left.request is not None
    assert (left.request.action, left.request.aim) == (Action.LOOK_UP, Action.WITHDRAW)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (OutcomeKind.WITHDRAWN, SeatState.WITHDRAWN),
        (OutcomeKind.ALREADY_WITHDRAWN, SeatState.WITHDRAWN),
        (OutcomeKind.FAILED, SeatState.UNKNOWN),
        (OutcomeKind.SKIPPED, SeatState.UNKNOWN),
        (OutcomeKind.NOT_ATTEMPTED, SeatState.UNKNOWN),
    ],
)
def test_a_withdrawal_leaves_no_seat_or_one_that_has_to_be_looked_up(
    ledger: Ledger, kind: OutcomeKind, state: SeatState
) -> None:
    row = a_row(action=Action.WITHDRAW)
    claimed(ledger, row)
    ledger.settle(RunId("run-1"), [settled(row, Outcome(kind))])
    assert state_of(ledger) is state


def test_what_a_run_enrolled_itself_comes_back_with_its_requests_the_last_first(ledger: Ledger) -> None:
    ledger.begin(a_run())
    rows = [a_row(row_no, f"user-{row_no}") for row_no in range(1, 1503)]
    ledger.claim(RunId("run-1"), rows)
    kinds = [OutcomeKind.ENROLLED, OutcomeKind.ALREADY_ENROLLED, OutcomeKind.FAILED]
    ends = [Outcome(kinds[row.row_no % 3], enrollment_id=f"e{row.row_no}") for row in rows]
    ledger.settle(RunId("run-1"), [settled(row, end) for row, end in zip(rows, ends, strict=True)])
    made = list(ledger.enrolled(RunId("run-1")))
    assert [row.row_no for _, row in made] == list(range(1500, 0, -3))
    assert all(request == rows[row.row_no - 1].request for request, row in made)
    assert made[0][1].outcome.enrollment_id == "e1500"


def test_results_come_in_input_order_however_they_were_recorded(ledger: Ledger) -> None:
    ledger.begin(a_run())
    rows = [a_row(row_no, f"user-{row_no}") for row_no in range(1, 2501)]
    ledger.claim(RunId("run-1"), rows[1200:])
    ledger.claim(RunId("run-1"), rows[:1200])
    ledger.settle(RunId("run-1"), [settled(row, ENROLLED) for row in reversed(rows)])
    results = list(ledger.results(RunId("run-1")))
    assert [(each.row_no, each.cells[0]) for each in results] == [(row.row_no, row.cells[0]) for row in rows]
    keys = [row.request.key for row in rows if row.request is not None]
    assert ledger.known(keys).keys() == set(keys)


@pytest.mark.parametrize(
    "text", ["", "00123", "NA", "=1+1", "a\0b", "zeile\r\nzwei", "\N{GRINNING FACE}", '"', "\\u0000"]
)
def test_cells_read_back_as_they_were(ledger: Ledger, text: str) -> None:
    ledger.begin(a_run())
    row = replace(a_row(), cells=(text, "x", text))
    ledger.claim(RunId("run-1"), [row])
    (result,) = ledger.results(RunId("run-1"))
    assert result.cells == (text, "x", text)


def test_text_no_database_takes_does_not_stop_a_run(ledger: Ledger) -> None:
    row = replace(a_row(), place=Place("r\udce4ster.csv", 2, "S\0"))
    claimed(ledger, row)
    odd = Outcome(OutcomeKind.ENROLLED, "", "lost\ud800 \0", 1, 201, "id\0\udfff")
    ledger.settle(RunId("run-1"), [settled(row, odd)])
    (result,) = ledger.results(RunId("run-1"))
    assert result.outcome.kind is OutcomeKind.ENROLLED


def test_purge_removes_old_runs_and_keeps_their_seats(ledger: Ledger) -> None:
    claimed(ledger, a_row(), "run-1")
    ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED)])
    ledger.finish(replace(a_run("run-1"), finished_at=START))
    ledger.begin(a_run("run-2", START + timedelta(days=1)))
    ledger.claim(RunId("run-2"), [a_row(1, "bob")])
    assert ledger.purge(START) == 0
    assert ledger.purge(START + timedelta(hours=1)) == 1
    assert ledger.purge(START + timedelta(hours=1)) == 0
    assert [run.run_id for run in ledger.runs()] == ["run-2"]
    assert ledger.run(RunId("run-1")) is None
    with pytest.raises(LedgerError, match="there is no run run-1"):
        list(ledger.results(RunId("run-1")))
    entry = ledger.known([a_key()])[a_key()]
    assert (entry.state, entry.run_id, entry.place.file) == (SeatState.ENROLLED, "run-1", "")


def test_a_run_that_never_ended_is_purged_by_its_start(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    assert ledger.purge(START + timedelta(seconds=1)) == 1
    assert state_of(ledger) is SeatState.CLAIMED


def test_what_a_verb_returned_from_survives_a_crash(home: Home) -> None:
    ledger = home.open()
    claimed(ledger, a_row(1, "amy"))
    ledger.claim(RunId("run-1"), [a_row(2, "bob")])
    ledger.settle(RunId("run-1"), [settled(a_row(1, "amy"), ENROLLED)])
    ledger = home.crash(ledger)
    assert [each.outcome.kind for each in ledger.results(RunId("run-1"))] == [
        OutcomeKind.ENROLLED,
        OutcomeKind.UNKNOWN,
    ]
    assert (state_of(ledger, "amy"), state_of(ledger, "bob")) == (SeatState.ENROLLED, SeatState.CLAIMED)
    assert [row.row_no for row in ledger.unsettled(RunId("run-1"))] == [2]
    ledger.close()


def test_a_reader_that_stops_half_way_leaves_the_ledger_usable(ledger: Ledger) -> None:
    ledger.begin(a_run())
    ledger.claim(RunId("run-1"), [a_row(row_no, f"user-{row_no}") for row_no in range(1, 1500)])
    reading = ledger.results(RunId("run-1"))
    assert next(reading).row_no == 1
    ledger.settle(RunId("run-1"), [settled(a_row(1, "user-1"), ENROLLED)])
    assert state_of(ledger, "user-1") is SeatState.ENROLLED


SEARCH_ONLY = (Phase.explicit, Phase.generate)
NAMES = ["amy", "bob", "cem", "dag"]
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    code=st.sampled_from(["", "E201"]),
    detail=st.sampled_from(["", "näher"]),
    attempts=st.integers(0, 3),
    status=st.sampled_from([None, 201, 503]),
    enrollment_id=st.sampled_from([None, "e-1"]),
)


class SameAsTheDouble(RuleBasedStateMachine):
    """Whatever is recorded, and whenever the process dies, the ledger answers as the double does."""

    def __init__(self, home_at: Callable[[Clock], Home]) -> None:
        super().__init__()
        self.clock = Clock()
        self.double = MemoryLedger(self.clock)
        self.home = home_at(self.clock)
        self.real = self.home.open()
        self.begun = 0
        self.rows: dict[RunId, dict[int, PlannedRow]] = {}

    def nth_run(self, nth: int) -> RunId:
        return list(self.rows)[nth % len(self.rows)]

    @precondition(lambda self: self.begun < 3)
    @rule()
    def begin(self) -> None:
        run = a_run(f"run-{self.begun}", self.clock.now)
        self.begun += 1
        self.rows[run.run_id] = {}
        for ledger in (self.double, self.real):
            ledger.begin(run)

    @precondition(lambda self: self.rows)
    @rule(
        nth=st.integers(0, 2),
        row_nos=st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=4),
        names=st.permutations(NAMES),
        action=st.sampled_from(Action),
        outcome=st.none() | outcomes,
    )
    def claim(self, nth: int, row_nos: list[int], names: list[str], action: Action, outcome: Outcome | None) -> None:
        run_id = self.nth_run(nth)
        rows = [a_row(row_no, name, action) for row_no, name in zip(row_nos, names, strict=False)]
        if outcome is not None:
            rows = [*rows[1:], *(replace(row, request=None, outcome=outcome) for row in rows[:1])]
        self.rows[run_id].update({row.row_no: row for row in rows})
        for ledger in (self.double, self.real):
            ledger.claim(run_id, rows)

    @precondition(lambda self: self.rows)
    @rule(nth=st.integers(0, 2), outcome=outcomes, share=st.integers(1, 3))
    def settle(self, nth: int, outcome: Outcome, share: int) -> None:
        run_id = self.nth_run(nth)
        waiting = [row for row in self.rows[run_id].values() if row.request is not None][::share]
        for ledger in (self.double, self.real):
            ledger.settle(run_id, [settled(row, outcome) for row in waiting])

    @precondition(lambda self: self.rows)
    @rule(nth=st.integers(0, 2))
    def finish(self, nth: int) -> None:
        run = replace(a_run(self.nth_run(nth)), finished_at=self.clock.now, exit_status=0)
        for ledger in (self.double, self.real):
            begun = ledger.run(run.run_id)
            assert begun is not None
            ledger.finish(replace(run, started_at=begun.started_at))

    @rule(minutes=st.integers(0, 90))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @precondition(lambda self: self.begun > 1)
    @rule(minutes=st.integers(0, 60))
    def purge(self, minutes: int) -> None:
        older_than = self.clock.now - timedelta(minutes=minutes)
        assert self.double.purge(older_than) == self.real.purge(older_than)
        self.rows = {run_id: rows for run_id, rows in self.rows.items() if self.double.run(run_id) is not None}

    @rule()
    def reopen(self) -> None:
        self.real.close()
        self.real = self.home.open()

    @rule()
    def crash(self) -> None:
        self.real = self.home.crash(self.real)

    @invariant()
    def gives_the_same_answers(self) -> None:
        keys = [a_key(name) for name in NAMES]
        assert self.real.known(keys) == self.double.known(keys)
        assert list(self.real.runs()) == list(self.double.runs())
        for run_id, rows in self.rows.items():
            results = list(self.real.results(run_id))
            assert [each.row_no for each in results] == sorted(rows)
            assert results == list(self.double.results(run_id))
            assert list(self.real.unsettled(run_id)) == list(self.double.unsettled(run_id))

    def teardown(self) -> None:
        self.real.close()


# A remote ledger takes milliseconds a verb: fewer examples, and a failure is not shrunk there.
@pytest.mark.parametrize(("kind", "examples", "phases"), [("sqlite", 25, tuple(Phase)), ("postgres", 6, SEARCH_ONLY)])
def test_any_sequence_of_verbs_and_crashes_gives_the_doubles_answers(
    kind: str,
    examples: int,
    phases: tuple[Phase, ...],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    class Here(SameAsTheDouble):
        def __init__(self) -> None:
            super().__init__(lambda clock: home_of(kind, clock, request, tmp_path_factory.mktemp("ledger")))

    run_state_machine_as_test(
        Here, settings=settings(max_examples=examples, stateful_step_count=20, phases=phases, deadline=None)
    )
