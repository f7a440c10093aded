"""What only the ledger in PostgreSQL has: it says the server's state, and neither user nor values."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from support.ledgers import a_key, a_row, a_run, state_of
from support.memory_ledger import START, Clock

from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.model import EnrollmentState, RunId
from batch_enroll.core.run_record import RunRecord

if TYPE_CHECKING:
    from typing import Protocol

    class Server(Protocol):
        def schema_url(self) -> str: ...

        def drop_connections(self) -> None: ...


RUN = RunRecord(RunId("run-1"), "staging", "https://staging.example", "scope", ("user_id",), START, "Lovelace")


def test_a_refusal_of_the_server_is_told_by_its_state(postgres: Server) -> None:
    with closing(SqlLedger(postgres.schema_url(), Clock())) as ledger:
        with ledger._transaction() as connection:
            connection.execute(text("DROP TABLE runs"))
        with pytest.raises(LedgerError, match="the server reports SQLSTATE 42P01") as caught:
            ledger.begin(RUN)
    assert "Lovelace" not in f"{caught.value}{caught.value.__cause__}"
    assert "postgres@" not in str(caught.value)


def test_a_lost_connection_stops_the_verb_and_loses_nothing_recorded(postgres: Server) -> None:
    with closing(SqlLedger(postgres.schema_url(), Clock())) as ledger:
        ledger.begin(RUN)
        postgres.drop_connections()
        with pytest.raises(LedgerError):
            ledger.run()
        assert ledger.run() == RUN


def test_a_claim_waits_for_one_that_is_being_made_so_that_their_numbers_appear_in_order(postgres: Server) -> None:
    url = postgres.schema_url()
    with closing(SqlLedger(url, Clock())) as ledger, closing(SqlLedger(url, Clock())) as other:
        ledger.begin(a_run())
        with other._transaction() as connection:
            connection.execute(text("SET SESSION lock_timeout = '10ms'"))
        with ledger._transaction() as connection:
            ledger._lately.add(connection, 1, [(a_key().digest(), 1)])
            with pytest.raises(LedgerError, match="SQLSTATE 55P03"):
                other.claim(RUN.run_id, [a_row(2, "bob")])
        other.claim(RUN.run_id, [a_row(2, "bob")])
        assert state_of(ledger, "bob") is EnrollmentState.CLAIMED


def test_a_url_without_the_driver_s_name_is_the_same_ledger(postgres: Server) -> None:
    url = postgres.schema_url()
    with closing(SqlLedger(url, Clock())) as ledger:
        ledger.begin(RUN)
    with closing(SqlLedger(url.replace("+psycopg", ""), Clock())) as ledger:
        assert ledger.run() == RUN
