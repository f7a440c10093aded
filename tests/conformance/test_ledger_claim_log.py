"""Claims wait before they become seats; nobody can tell, whatever process asks."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from support.ledgers import ENROLLED, a_key, a_row, a_run, settled, state_of
from support.memory_ledger import Clock

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.model import EnrollmentState, RunId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

RUN = RunId("run-1")


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger(url, Clock())) as opened:
        opened.begin(a_run("run-1"))
        yield opened


@pytest.fixture
def other(url: str, ledger: SqlLedger) -> Iterator[SqlLedger]:
    """Another process's, opened when nothing was claimed."""
    with closing(SqlLedger(url, Clock())) as opened:
        assert state_of(opened) is None
        yield opened
    assert ledger.run() is not None


@contextmanager
def broken_off(ledger: SqlLedger) -> Iterator[Connection]:
    """A transaction that fails at its end."""
    with suppress(TimeoutError), ledger._transaction() as connection:
        yield connection
        raise TimeoutError


def waiting(ledger: SqlLedger) -> int:
    with ledger._transaction() as connection:
        return int(connection.execute(text("SELECT count(*) FROM lately")).scalar_one())


def test_what_one_process_claims_the_other_knows(ledger: SqlLedger, other: SqlLedger) -> None:
    ledger.claim(RUN, [a_row(1, "amy")])
    assert state_of(other) is EnrollmentState.CLAIMED
    ledger.claim(RUN, [a_row(2, "bob")])
    ledger.settle(RUN, [settled(a_row(2, "bob"), ENROLLED)])
    assert (state_of(other, "bob"), state_of(ledger, "bob"), state_of(ledger)) == (
        EnrollmentState.ENROLLED,
        EnrollmentState.ENROLLED,
        EnrollmentState.CLAIMED,
    )


def test_claims_wait_until_somebody_asks_for_one_of_them(ledger: SqlLedger) -> None:
    ledger.claim(RUN, [a_row(1, "amy"), a_row(2, "bob")])
    assert state_of(ledger, "cem") is None
    assert waiting(ledger) == 2
    assert state_of(ledger, "bob") is EnrollmentState.CLAIMED
    assert waiting(ledger) == 0


def test_whoever_asks_finds_no_more_than_some_thousands_of_claims_waiting(ledger: SqlLedger) -> None:
    for first in range(1, 20_002, 2_000):
        ledger.claim(RUN, [a_row(row_no, f"user-{row_no}") for row_no in range(first, first + 2_000)])
    assert waiting(ledger) == 22_000
    assert state_of(ledger, "somebody else") is None
    assert waiting(ledger) == 0
    ledger.claim(RUN, [a_row(22_001, "late")])
    assert state_of(ledger, "somebody else") is None
    assert waiting(ledger) == 1
    wanted = {a_key(f"user-{row_no}"): row_no for row_no in range(1, 22_001)}
    assert {key: entry.row_no for key, entry in ledger.known(list(wanted)).items()} == wanted


def test_a_transaction_that_failed_has_shown_nothing(ledger: SqlLedger, other: SqlLedger) -> None:
    with broken_off(ledger) as connection:
        ledger._lately.add(connection, 1, [(a_key("bob").digest(), 2)])
    other.claim(RUN, [a_row(1, "amy")])  # under the number that the failed one had
    assert (state_of(ledger, "amy"), state_of(ledger, "bob")) == (EnrollmentState.CLAIMED, None)


def test_claims_that_were_on_their_way_when_the_move_failed_still_become_seats(ledger: SqlLedger) -> None:
    ledger.claim(RUN, [a_row(1, "amy")])
    with broken_off(ledger) as connection:
        ledger._lately.seat_all(connection)
    assert state_of(ledger, "amy") is EnrollmentState.CLAIMED
