"""Questions are put until they are answered or refused, on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest
from support.fakes import LOST, FakeServer, FakeTokens, Remembering

from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.events import PaceChanged
from batch_enroll.core.model import NoReply, Reply, UserEnrollments, UserId
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.run_record import Requests
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import QueryDependencies, QueryRunner

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


@dataclass
class Survey:
    """Asks a server for the seats of users; remembers what each question came to."""

    server: FakeServer = field(default_factory=FakeServer)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    sink: Remembering = field(default_factory=Remembering)
    pace: PaceLimits = field(default_factory=lambda: PaceLimits(max_in_flight=5))
    answers: dict[str, UserEnrollments | Reply | NoReply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        breaker = Breaker(BreakerLimits(budget=20))
        means = QueryDependencies(
            self.tokens, FixedPace(self.pace), breaker, self.sink, Policy(), lambda: 0.5, workers=8
        )
        self.asking = QueryRunner(means)

    async def of(self, users: Iterable[str]) -> Requests:
        await self.asking.for_each(users, self._put)
        return self.asking.requests

    async def _put(self, user: str) -> None:
        self.answers[user] = await self.asking.query(partial(self.server.look_up, UserId(user)))


def users(count: int) -> list[str]:
    return [f"u{number}" for number in range(count)]


async def test_every_question_is_asked_once_and_no_more_at_once_than_the_pace_allows() -> None:
    survey = Survey()
    assert await survey.of(users(40)) == Requests(sent=40)
    assert survey.answers.keys() == set(users(40))
    assert set(survey.answers.values()) == {UserEnrollments(())}
    assert survey.server.most_in_flight == 5


async def test_a_lost_answer_and_a_failing_server_are_asked_again() -> None:
    survey = Survey()
    survey.server.looking = {"u1": [LOST, Reply(503)], "u2": [Reply(429, retry_after_s=2.0)]}
    assert await survey.of(users(4)) == Requests(sent=7, retried=3, throttled=1)
    assert set(survey.answers.values()) == {UserEnrollments(())}
    assert survey.sink.of(PaceChanged)


async def test_a_refusal_is_an_answer() -> None:
    survey = Survey()
    survey.server.looking = {"u1": [Reply(404)]}
    assert await survey.of(users(2)) == Requests(sent=2)
    assert survey.answers == {"u0": UserEnrollments(()), "u1": Reply(404)}


async def test_a_server_that_fails_one_question_for_ever_is_given_up_for_that_question_only() -> None:
    survey = Survey()
    survey.server.looking = {"u1": [Reply(500)] * 6}
    await survey.of(users(9))
    assert survey.answers["u1"] == Reply(500)
    assert list(survey.answers.values()).count(UserEnrollments(())) == 8


async def test_a_token_that_expires_is_renewed_and_the_question_repeated_once() -> None:
    survey = Survey(FakeServer(good_tokens={"t2"}))
    assert await survey.of(["u0"]) == Requests(sent=2, retried=1)
    assert survey.answers == {"u0": UserEnrollments(())}


async def test_a_token_that_expires_while_a_turn_is_waited_for_is_not_sent() -> None:
    survey = Survey(FakeServer(), FakeTokens(lifetime_s=0.9), pace=PaceLimits(5, rate_per_s=1.0))
    assert await survey.of(users(3)) == Requests(sent=3)
    assert survey.tokens.fetched > 1


async def test_a_client_whose_fresh_tokens_are_refused_stops_everything() -> None:
    survey = Survey(FakeServer(good_tokens=set()))
    with pytest.raises(AuthRefusedError, match="401 to a fresh token"):
        await survey.of(users(50))
    assert survey.answers == {}


async def test_one_question_for_which_a_good_client_is_refused_is_a_refusal() -> None:
    survey = Survey(pace=PaceLimits(1))
    survey.server.looking = {"u1": [Reply(401), Reply(401)]}
    await survey.of(users(3))
    assert survey.answers == {"u0": UserEnrollments(()), "u1": Reply(401), "u2": UserEnrollments(())}


async def test_a_client_that_is_refused_from_some_question_on_stops_everything() -> None:
    survey = Survey(pace=PaceLimits(1))
    survey.server.looking = {user: [Reply(401), Reply(401)] for user in users(50)[3:]}
    with pytest.raises(AuthRefusedError):
        await survey.of(users(50))
    assert list(survey.answers.values()) == [UserEnrollments(())] * 3 + [Reply(401)] * 4


async def test_an_api_that_is_down_ends_it() -> None:
    survey = Survey()
    survey.server.limit = lambda _: Reply(502)
    with pytest.raises(RunStoppedError, match="the API is down"):
        await survey.of(users(50))


async def test_whoever_is_cancelled_while_asking_gives_the_turn_back() -> None:
    survey = Survey(FakeServer(latency_s=10.0), pace=PaceLimits(1))
    with anyio.move_on_after(5.0):
        await survey.of(["u0"])
    await survey.of(["u1"])
    assert survey.answers == {"u1": UserEnrollments(())}
