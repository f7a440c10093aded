"""The server asked what it has, with lags, refusals and outages."""

from __future__ import annotations

import random  # noqa: TID251 - seeded, so that a run can be repeated
from dataclasses import dataclass

import anyio
import pytest
from support.fakes import LOST, FakeRoster, FakeServer, FakeTokens, Remembering
from support.harness import FIRST_RUN, NOON

from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.model import CourseId, NoReply, Reply, Role, SchoolId, ServerEnrollment, UserEnrollments, UserId
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.planning.verification import CheckedRow, VerificationStatus
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import QueryDependencies, QueryRunner, verify
from batch_enroll.workflows import Comparison

RULES = PlanSettings("test", FIRST_RUN, NOON.date(), Defaults())
pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


@dataclass
class LateServer(FakeServer):
    """Shows seats from a time on."""

    seen_from_s: float = 0.0

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        answer = await super().look_up(user_id, token)
        return answer if anyio.current_time() >= self.seen_from_s else UserEnrollments(())


def rows(count: int, each: int = 1) -> list[dict[str, str]]:
    return [{"user_id": f"u{n}", "course_id": f"c{nth}", "school_id": "s"} for n in range(count) for nth in range(each)]


def seats(count: int, rows: int = 1) -> dict[tuple[str, str, str | None, Role], int]:
    return {(f"u{n}", f"c{row}", "s", Role.STUDENT): 1 for n in range(count) for row in range(rows)}


async def verified(
    server: FakeServer, wanted: list[dict[str, str]], grace_s: float = 0.0, listed: int | None = None
) -> list[CheckedRow]:
    means = QueryDependencies(
        FakeTokens(), FixedPace(PaceLimits(10)), Breaker(BreakerLimits()), Remembering(), Policy(),
        random.Random(1).random, 20,  # noqa: S311 - jitter
    )  # fmt: skip
    with SqliteVerificationStore() as book:
        comparison = Comparison(book, Remembering())
        comparison.read(FakeRoster(wanted).rows(), RULES)
        if listed is not None:
            seat = ServerEnrollment("", CourseId("c0"), SchoolId("s"), Role.STUDENT)
            comparison.compare_lists((UserId(f"u{number}"), seat) for number in range(listed))
        await verify(comparison, QueryRunner(means), server.look_up, grace_s=grace_s)
        return list(book.rows())


async def test_each_user_is_asked_for_once_however_many_rows_there_are() -> None:
    server = FakeServer(enrollments=seats(5, rows=4))
    checked = await verified(server, rows(5, each=4))
    assert [each.found for each in checked] == [VerificationStatus.CONFIRMED] * 20
    assert server.look_ups == 5


async def test_a_seat_that_is_seen_late_is_confirmed_within_the_grace() -> None:
    server = LateServer(enrollments=seats(3), seen_from_s=anyio.current_time() + 5)
    assert {each.found for each in await verified(server, rows(3), grace_s=30)} == {VerificationStatus.CONFIRMED}


async def test_a_seat_that_never_comes_is_missing_and_others_are_not_asked_again() -> None:
    server = FakeServer(enrollments=seats(3))
    began = anyio.current_time()
    checked = await verified(server, rows(4), grace_s=10)
    assert [each.found for each in checked] == [VerificationStatus.CONFIRMED] * 3 + [VerificationStatus.MISSING]
    assert server.look_ups == 4 + 4  # after 1, 3, 7 and 10 seconds
    assert anyio.current_time() - began == pytest.approx(10, abs=1)


async def test_an_unknown_user_misses_every_seat_and_a_refusal_or_an_outage_tells_nothing() -> None:
    server = FakeServer(looking={"u0": [Reply(404)], "u1": [Reply(403)], "u2": [LOST] * 9})
    checked = await verified(server, rows(3))
    assert [(each.found, each.detail) for each in checked] == [
        (VerificationStatus.MISSING, "the server shows no such enrollment"),
        (VerificationStatus.NO_ANSWER, "the look-up was answered 403"),
        (VerificationStatus.NO_ANSWER, "the look-up failed: no answer in time"),
    ]


async def test_lists_have_the_first_word_and_a_users_own_look_up_the_last() -> None:
    server = FakeServer(enrollments=seats(3))
    checked = await verified(server, rows(3), listed=2)
    assert {each.found for each in checked} == {VerificationStatus.CONFIRMED}
    assert server.look_ups == 1  # the one that the lists did not show
