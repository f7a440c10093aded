"""What every Ledger does: the double in memory, SQLite, and a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from support.ledgers import (
    ENROLLED,
    INVALID,
    KINDS,
    NOT_ATTEMPTED,
    Home,
    a_key,
    a_row,
    a_run,
    claimed,
    home_of,
    settled,
    state_of,
)
from support.memory_ledger import START, Clock

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.model import (
    Action,
    EnrollmentRequest,
    EnrollmentState,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Role,
    RowLocation,
    RunId,
)
from batch_enroll.core.run_record import Owner, Requests, RosterRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batch_enroll.ports import Ledger


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
    assert (entry.state, entry.run_id, entry.row_no) == (EnrollmentState.CLAIMED, "run-1", 1)
    assert (entry.location, entry.settled_at) == (RowLocation("term.csv", 2), None)


def test_a_claimed_row_without_an_outcome_is_unknown_in_the_results(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    (result,) = ledger.results(RunId("run-1"))
    assert (result.outcome.kind, result.outcome.code) == (OutcomeKind.UNKNOWN, catalogue.INTERRUPTED)
    assert (result.location, result.cells, result.finished_at) == (RowLocation("term.csv", 2), ("amy", "math-7"), None)


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
    assert (entry.state, entry.settled_at) == (EnrollmentState.ENROLLED, clock.now)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (OutcomeKind.ENROLLED, EnrollmentState.ENROLLED),
        (OutcomeKind.ALREADY_ENROLLED, EnrollmentState.ENROLLED),
        (OutcomeKind.UNKNOWN, EnrollmentState.UNKNOWN),
        (OutcomeKind.REJECTED, EnrollmentState.OPEN),
        (OutcomeKind.FAILED, EnrollmentState.OPEN),
        (OutcomeKind.NOT_ATTEMPTED, EnrollmentState.OPEN),
    ],
)
def test_an_outcome_says_what_becomes_of_the_key(ledger: Ledger, kind: OutcomeKind, state: EnrollmentState) -> None:
    claimed(ledger, a_row())
    ledger.settle(RunId("run-1"), [settled(a_row(), Outcome(kind))])
    assert state_of(ledger) is state


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (NOT_ATTEMPTED, EnrollmentState.UNKNOWN),
        (Outcome(OutcomeKind.FAILED), EnrollmentState.UNKNOWN),
        (Outcome(OutcomeKind.FAILED, attempts=1), EnrollmentState.OPEN),
        (Outcome(OutcomeKind.REJECTED), EnrollmentState.OPEN),
        (ENROLLED, EnrollmentState.ENROLLED),
    ],
)
def test_a_key_in_doubt_stays_unknown_until_the_server_was_asked(
    ledger: Ledger, outcome: Outcome, state: EnrollmentState
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
    assert (entry.state, entry.run_id, entry.row_no) == (EnrollmentState.CLAIMED, "run-2", 7)


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
    assert (state_of(ledger, "amy"), state_of(ledger, "bob")) == (EnrollmentState.OPEN, EnrollmentState.ENROLLED)


def test_an_outcome_of_a_row_never_claimed_is_refused_with_its_whole_group(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    with pytest.raises(LedgerError, match="never claimed"):
        ledger.settle(RunId("run-1"), [settled(a_row(), ENROLLED), settled(a_row(2, "bob"), ENROLLED)])
    assert state_of(ledger) is EnrollmentState.CLAIMED
    (result,) = ledger.results(RunId("run-1"))
    assert result.finished_at is None


def test_an_empty_group_changes_nothing(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    ledger.claim(RunId("run-1"), [])
    ledger.settle(RunId("run-1"), [])
    assert state_of(ledger) is EnrollmentState.CLAIMED
    assert [each.row_no for each in ledger.results(RunId("run-1"))] == [1]


def test_unsettled_rows_come_back_whole_and_to_be_looked_up(ledger: Ledger) -> None:
    request = EnrollmentRequest(
        2,
        a_key("bob")._replace(school_id=None, role=Role.TEACHER),
        begin_date=datetime(2025, 9, 1, 8, tzinfo=timezone(timedelta(hours=-5))),
        sourced_id="e-1",
        metadata={"goals": {"dailyXp": 25.5}, "note": "ß", "tags": ["a", None, True]},
    )
    row = PlannedRow(2, RowLocation("t.xlsx", 9, "Grade 7"), ("bob", "007", ""), request)
    ledger.begin(a_run())
    ledger.claim(RunId("run-1"), [a_row(1), row, replace(a_row(3), request=None, outcome=INVALID)])
    ledger.settle(RunId("run-1"), [settled(a_row(1), ENROLLED)])
    assert list(ledger.unsettled(RunId("run-1"))) == [replace(row, request=replace(request, action=Action.LOOK_UP))]


def test_a_withdrawal_that_never_settled_comes_back_as_one(ledger: Ledger) -> None:
    row = a_row(action=Action.WITHDRAW)
    claimed(ledger, row)
    (left,) = ledger.unsettled(RunId("run-1"))
    assert left.request is not None
    assert (left.request.action, left.request.purpose) == (Action.LOOK_UP, Action.WITHDRAW)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (OutcomeKind.WITHDRAWN, EnrollmentState.WITHDRAWN),
        (OutcomeKind.ALREADY_WITHDRAWN, EnrollmentState.WITHDRAWN),
        (OutcomeKind.FAILED, EnrollmentState.UNKNOWN),
        (OutcomeKind.SKIPPED, EnrollmentState.UNKNOWN),
        (OutcomeKind.NOT_ATTEMPTED, EnrollmentState.UNKNOWN),
    ],
)
def test_a_withdrawal_leaves_no_seat_or_one_that_has_to_be_looked_up(
    ledger: Ledger, kind: OutcomeKind, state: EnrollmentState
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
    "text", ["", "00123", "NA", "=1+1", "a\0b", "zeile\r\nzwei", "\N{GRINNING FACE}", '"', "\\u0000", "lost\ud800"]
)
def test_cells_read_back_as_they_were(ledger: Ledger, text: str) -> None:
    ledger.begin(a_run())
    row = replace(a_row(), cells=(text, "x", text))
    ledger.claim(RunId("run-1"), [row])
    (result,) = ledger.results(RunId("run-1"))
    assert result.cells == (text, "x", text)


def test_text_no_database_takes_does_not_stop_a_run(ledger: Ledger) -> None:
    row = replace(a_row(), location=RowLocation("r\udce4ster.csv", 2, "S\0"))
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
    assert (entry.state, entry.run_id, entry.location.file) == (EnrollmentState.ENROLLED, "run-1", "")


def test_a_run_that_never_ended_is_purged_by_its_start(ledger: Ledger) -> None:
    claimed(ledger, a_row())
    assert ledger.purge(START + timedelta(seconds=1)) == 1
    assert state_of(ledger) is EnrollmentState.CLAIMED


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
    assert (state_of(ledger, "amy"), state_of(ledger, "bob")) == (EnrollmentState.ENROLLED, EnrollmentState.CLAIMED)
    assert [row.row_no for row in ledger.unsettled(RunId("run-1"))] == [2]
    ledger.close()


def test_a_reader_that_stops_half_way_leaves_the_ledger_usable(ledger: Ledger) -> None:
    ledger.begin(a_run())
    ledger.claim(RunId("run-1"), [a_row(row_no, f"user-{row_no}") for row_no in range(1, 1500)])
    reading = ledger.results(RunId("run-1"))
    assert next(reading).row_no == 1
    ledger.settle(RunId("run-1"), [settled(a_row(1, "user-1"), ENROLLED)])
    assert state_of(ledger, "user-1") is EnrollmentState.ENROLLED
