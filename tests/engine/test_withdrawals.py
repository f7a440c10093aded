"""Withdrawals carried by the real engine, on virtual time."""

from __future__ import annotations

import pytest
from support.fakes import LOST, NEVER_SENT, FakeRoster, FakeServer, students
from support.harness import Harness

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import EnrollmentState, NoReply, Reply, Role, RunId

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


def leaving(count: int) -> list[dict[str, str]]:
    return [{**row, "status": "tobedeleted"} for row in students(count)]


def seated(count: int) -> FakeServer:
    return FakeServer(enrollments={(f"u{nth}", "c1", "s1", Role.STUDENT): nth for nth in range(1, count + 1)})


def withdrawing(count: int, server: FakeServer) -> Harness:
    return Harness(FakeRoster(leaving(count)), server, withdraw=True)


async def test_every_seat_is_withdrawn_once() -> None:
    run = withdrawing(50, seated(50))
    await run.run()
    assert run.kinds() == ["withdrawn"] * 50
    assert (run.server.enrollments, run.server.withdrawals) == ({}, 50)


async def test_without_withdraw_nothing_is_asked_or_sent() -> None:
    run = Harness(FakeRoster(leaving(3)), seated(3))
    ending = await run.run()
    assert run.kinds() == ["skipped"] * 3
    assert (len(run.server.enrollments), ending.requests.sent) == (3, 0)


@pytest.mark.parametrize("trouble", [LOST, NEVER_SENT, Reply(503), Reply(429)])
async def test_trouble_before_the_withdrawal_was_acted_on_is_survived(trouble: Reply | NoReply) -> None:
    run = withdrawing(5, seated(5))
    run.server.before = {f"u{nth}": [trouble, trouble] for nth in range(1, 6)}
    await run.run()
    assert run.kinds() == ["withdrawn"] * 5
    assert run.server.enrollments == {}


async def test_a_lost_answer_is_looked_up_and_not_sent_again() -> None:
    run = withdrawing(5, seated(5))
    run.server.after = {f"u{nth}": [LOST] for nth in range(1, 6)}
    await run.run()
    assert {outcome.code for outcome in run.outcomes()} == {catalogue.GONE_AFTER_LOSS}
    assert run.server.withdrawals == 5


async def test_a_seat_in_another_role_is_left_alone() -> None:
    server = seated(2)
    server.enrollments["u1", "c1", "s1", Role.TEACHER] = 9
    run = withdrawing(2, server)
    await run.run()
    assert run.kinds() == ["skipped", "withdrawn"]
    assert {seat[3] for seat in server.enrollments} == {Role.STUDENT, Role.TEACHER}


async def test_a_seat_that_was_withdrawn_is_enrolled_again_by_a_later_run() -> None:
    first = withdrawing(3, seated(3))
    await first.run()
    again = Harness(FakeRoster(students(3)), first.server, ledger=first.ledger, run_id=RunId("r2"), withdraw=True)
    await again.run()
    assert again.kinds() == ["enrolled"] * 3
    once_more = Harness(FakeRoster(leaving(3)), first.server, ledger=first.ledger, run_id=RunId("r3"), withdraw=True)
    await once_more.run()
    assert once_more.kinds() == ["withdrawn"] * 3
    assert first.server.enrollments == {}
    keys = [request.key for _, request in first.server.sent]
    assert {entry.state for entry in first.ledger.known(keys).values()} == {EnrollmentState.WITHDRAWN}
