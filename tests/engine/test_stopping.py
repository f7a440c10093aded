"""Stopping by the clock, and what is in flight when it strikes, on virtual time."""

from __future__ import annotations

from collections import Counter
from signal import SIGTERM

import anyio
import pytest
from support.fakes import FakeRoster, FakeServer, SignalsAt, students
from support.harness import Harness

from batch_enroll.core.codes import catalogue
from batch_enroll.core.events import Stopping
from batch_enroll.core.model import Action
from batch_enroll.core.verdict.attempt_state import HaltReason

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


async def test_a_deadline_finishes_what_is_in_flight_and_leaves_the_rest_not_attempted() -> None:
    run = Harness(FakeRoster(students(900)), FakeServer(latency_s=1.0), deadline_s=20.5)
    ending = await run.run()
    kinds = Counter(run.kinds())
    assert ending.halted is HaltReason.DEADLINE
    assert not ending.aborted
    assert kinds.keys() == {"enrolled", "not_attempted"}
    assert kinds["enrolled"] == run.server.writes.total() > 100
    assert {outcome.code for outcome in run.outcomes()} == {"", catalogue.DEADLINE}
    assert [event.reason for event in run.sink.of(Stopping)] == ["deadline"]
    assert anyio.current_time() < 22


async def test_a_deadline_after_the_last_row_changes_nothing() -> None:
    run = Harness(deadline_s=3_600.0)
    ending = await run.run()
    assert ending.halted is None
    assert run.kinds() == ["enrolled"] * 20
    assert anyio.current_time() < 10


async def test_a_signal_before_the_deadline_is_the_reason_that_stands() -> None:
    run = Harness(FakeRoster(students(900)), signals=SignalsAt([(1.0, SIGTERM)]), deadline_s=1.02)
    ending = await run.run()
    assert (ending.halted, ending.signal) == (HaltReason.INTERRUPTED, SIGTERM)


@pytest.mark.parametrize("by_signal", [True, False])
async def test_what_outlasts_the_grace_time_is_let_go_and_stays_claimed(*, by_signal: bool) -> None:
    run = Harness(
        FakeRoster(students(400)),
        FakeServer(latency_s=1_000.0),
        signals=SignalsAt([(5.0, SIGTERM)] if by_signal else []),
        deadline_s=None if by_signal else 5.0,
        grace_s=3.0,
        probing=False,
    )
    ending = await run.run()
    assert 8.0 <= anyio.current_time() < 9.0
    assert not ending.aborted  # every row has its line, so the results are written
    assert Counter(run.kinds()) == {"unknown": 10, "not_attempted": 390}
    left = list(run.ledger.unsettled(run.run_id))
    assert len(left) == run.server.most_in_flight == 10
    assert {row.request.action for row in left if row.request is not None} == {Action.LOOK_UP}


async def test_what_ends_within_the_grace_time_is_settled() -> None:
    run = Harness(FakeRoster(students(400)), FakeServer(latency_s=4.0), deadline_s=5.0, grace_s=3.5, probing=False)
    await run.run()
    assert Counter(run.kinds()) == {"enrolled": 20, "not_attempted": 380}


async def test_without_any_grace_requests_are_let_go_at_once() -> None:
    run = Harness(FakeRoster(students(40)), FakeServer(latency_s=4.0), deadline_s=1.0, grace_s=0.0, probing=False)
    await run.run()
    assert anyio.current_time() < 1.5
    assert Counter(run.kinds()) == {"unknown": 10, "not_attempted": 30}


async def test_rows_that_wait_behind_a_canary_let_go_are_not_attempted() -> None:
    run = Harness(FakeRoster(students(40)), FakeServer(latency_s=1_000.0), deadline_s=1.0, grace_s=1.0)
    await run.run()
    assert Counter(run.kinds()) == {"unknown": 1, "not_attempted": 39}
