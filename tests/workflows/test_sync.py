"""What a roster wants of its schools, and what they list."""

from __future__ import annotations

import random  # noqa: TID251 - seeded, so that a run can be repeated

import pytest
from support.fakes import LOST, FakeRoster, FakeTokens, Remembering, students
from support.harness import FIRST_RUN, NOON

from batch_enroll.core.errors import RosterError, RunStoppedError, UsageError
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import CourseId, NoReply, Reply, Role, SchoolId, UserId
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.planning.sync_planner import EnrollmentIdentity, EnrollmentPage
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.verdict.attempt_state import Policy
from batch_enroll.core.verdict.circuit_breaker import Breaker, BreakerLimits
from batch_enroll.engine import QueryDependencies, QueryRunner
from batch_enroll.workflows import list_enrollments, read_desired_state

RULES = PlanSettings("test", FIRST_RUN, NOON.date(), Defaults(), withdraw=True)


def seat(user: str) -> EnrollmentIdentity:
    return EnrollmentIdentity(UserId(user), CourseId("c1"), SchoolId("s1"), Role.STUDENT)


def asking() -> QueryRunner:
    dice = random.Random(1)  # noqa: S311 - jitter
    return QueryRunner(
        QueryDependencies(
            FakeTokens(), FixedPace(PaceLimits(4)), Breaker(BreakerLimits()), Remembering(), Policy(), dice.random, 8
        )
    )


def test_a_roster_wants_each_seat_once_and_takes_back_what_it_marks() -> None:
    rows = [*students(2), *students(1), {**students(3)[2], "status": "tobedeleted"}, {"user_id": "", "course_id": "c"}]
    found = read_desired_state(FakeRoster(rows).rows(), RULES, withdraw=False)
    assert [(one.user_id, wish.row) for one, wish in found.enrollments.items()] == [
        ("u1", "term.csv row 2"),
        ("u2", "term.csv row 3"),
    ]
    assert found.withdrawals == {seat("u3"): 1}
    assert (found.unusable, found.courses) == (1, {("c1", "s1")})


def test_a_row_that_cannot_be_read_may_keep_a_seat_so_nothing_is_withdrawn() -> None:
    with pytest.raises(RosterError, match="it is not known which enrollment this row keeps"):
        read_desired_state(FakeRoster([{"user_id": "", "course_id": "c"}]).rows(), RULES, withdraw=True)


def test_a_row_without_school_cannot_be_compared() -> None:
    with pytest.raises(UsageError, match="names no school"):
        read_desired_state(FakeRoster([{"user_id": "u", "course_id": "c"}]).rows(), RULES, withdraw=False)


@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_a_short_page_is_not_the_end() -> None:
    pages = {0: EnrollmentPage((seat("a"), seat("b")), 3, 4, unidentified=1), 3: EnrollmentPage((seat("c"),), 1, 4)}

    async def page(_school: SchoolId, offset: int, _token: str) -> EnrollmentPage:
        return pages[offset]

    told = Remembering()
    listed = await list_enrollments([SchoolId("s1")], asking(), page, told)
    assert [(event.done, event.total, event.unit) for event in told.of(LookingUp)] == [(3, 4, "rows"), (4, 4, "rows")]
    assert (listed.enrollments, listed.unattributed) == ([seat("a"), seat("b"), seat("c")], 1)


@pytest.mark.asyncio
@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Reply(403), "answered 403; the client needs read access"),
        (LOST, "could not be listed: no answer in time"),
        (EnrollmentPage((), 0, 7), "ended before all were listed"),
    ],
)
async def test_a_list_that_is_not_whole_is_none(answer: EnrollmentPage | Reply | NoReply, says: str) -> None:
    async def page(_school: SchoolId, _offset: int, _token: str) -> EnrollmentPage | Reply | NoReply:
        return answer

    with pytest.raises(RunStoppedError, match=says):
        await list_enrollments([SchoolId("s1")], asking(), page, Remembering())
