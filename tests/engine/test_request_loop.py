"""One request from its token to what its answer teaches, on virtual time."""

from __future__ import annotations

import anyio
import pytest
from support.fakes import FakeTokens, Remembering

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.events import PaceChanged
from batch_enroll.core.model import Meaning, NoReply, Reply
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine.request_loop import RequestLoop

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]

CREATED = Reply(201, Meaning.ENROLLMENT)
LOST = NoReply("no answer in time", sent=True)


class Sending:
    """A request loop with one start at a time."""

    def __init__(self, limits: BreakerLimits | None = None) -> None:
        self.tokens = FakeTokens()
        self.pace = FixedPace(PaceLimits(max_in_flight=1))
        self.sink = Remembering()
        self.outages: list[tuple[str, object]] = []
        breaker = Breaker(limits or BreakerLimits())
        self.loop = RequestLoop(self.tokens, self.pace, breaker, self.sink, lambda *why: self.outages.append(why))

    async def send(self, answer: Reply | NoReply, subject: int = 1, *, repeated: bool = False) -> float:
        """Sends a request that takes a second, and returns the seconds that it took."""

        async def request() -> Reply | NoReply:
            await anyio.sleep(1)  # noqa: TID251 - virtual time
            return answer

        grant = await self.loop.acquire()
        got, took_s = await self.loop.perform(request(), grant, subject, repeated=repeated)
        assert got is answer
        return took_s


async def test_a_grant_without_waiting_needs_a_token_and_a_free_start() -> None:
    sending = Sending()
    assert sending.loop.try_acquire() is None
    await sending.tokens.current()
    assert sending.loop.try_acquire() is not None
    assert sending.loop.try_acquire() is None


async def test_the_answer_comes_with_its_seconds_and_proves_the_token() -> None:
    sending = Sending()
    assert sending.loop.proven_token is None
    assert await sending.send(CREATED) == pytest.approx(1.0)
    assert sending.loop.proven_token == "t1"


async def test_requests_are_counted_with_their_repeats_and_throttles() -> None:
    sending = Sending()
    await sending.send(CREATED)
    await sending.send(Reply(429))
    await sending.send(CREATED, repeated=True)
    assert sending.loop.requests == Requests(sent=3, retried=1, throttled=1)
    assert sending.sink.of(PaceChanged)


async def test_a_request_that_is_cancelled_gives_its_start_back() -> None:
    sending = Sending()
    with anyio.move_on_after(0.5):
        await sending.send(CREATED)
    assert sending.pace.in_flight == 0
    assert await sending.send(CREATED) == pytest.approx(1.0)


async def test_after_a_stop_nothing_more_starts() -> None:
    sending = Sending()
    await sending.send(CREATED)
    sending.loop.stop()
    with pytest.raises(RunStoppedError):
        await sending.loop.acquire()


async def test_a_stop_releases_those_who_wait_for_a_start() -> None:
    sending = Sending()
    ended: list[float] = []

    async def wait() -> None:
        with pytest.raises(RunStoppedError):
            await sending.loop.acquire()
        ended.append(anyio.current_time())

    await sending.tokens.current()
    assert sending.loop.try_acquire() is not None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.sleep(3)  # noqa: TID251 - virtual time
        stopped_at = anyio.current_time()
        sending.loop.stop()
    assert ended == [stopped_at]
    assert sending.pace.in_flight == 1


async def test_only_five_different_subjects_prove_an_outage() -> None:
    sending = Sending()
    for _ in range(20):
        await sending.send(LOST, subject=1)
    assert not sending.loop.is_down
    for subject in range(2, 5):
        await sending.send(LOST, subject)
    assert not sending.loop.is_down
    await sending.send(LOST, subject=5)
    assert sending.loop.is_down
    await sending.send(CREATED)
    assert not sending.loop.is_down


async def test_failures_in_an_outage_cost_nothing_of_the_retry_budget() -> None:
    sending = Sending(BreakerLimits(budget=5, patience_s=10_000.0, first_patience_s=10_000.0))
    await sending.send(CREATED)
    for subject in range(30):
        await sending.send(LOST, subject)
    assert sending.outages == []


async def test_the_reason_to_give_up_is_passed_on_with_the_last_answer() -> None:
    sending = Sending(BreakerLimits(first_patience_s=2.5))
    for _ in range(4):
        await sending.send(Reply(503))
    assert sending.outages[0] == ("nothing succeeded for 2 s", Reply(503))
