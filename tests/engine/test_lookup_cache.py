"""One look-up serves all rows of its user, on virtual time."""

from __future__ import annotations

import pytest
from support.fakes import LOST, FakeRoster
from support.harness import Harness

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Reply,
    Role,
    RunId,
    UserEnrollments,
    UserId,
)
from batch_enroll.engine.lookup_cache import SharedLookups

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


def timetable(users: int, courses: int, *, by_course: bool = False) -> list[dict[str, str]]:
    """Every user in every course."""
    rows = [
        {"user_id": f"u{user}", "course_id": f"c{course}", "school_id": "s1"}
        for user in range(users)
        for course in range(courses)
    ]
    return sorted(rows, key=lambda row: row["course_id"]) if by_course else rows


async def enrolled(rows: list[dict[str, str]]) -> Harness:
    run = Harness(FakeRoster(rows))
    await run.run()
    return run


def again(run: Harness) -> Harness:
    return Harness(FakeRoster(run.roster.fields), run.server, ledger=run.ledger, run_id=RunId("r2"), recheck=True)


@pytest.mark.parametrize("by_course", [False, True])
async def test_a_recheck_of_300_rows_of_30_users_asks_30_times(*, by_course: bool) -> None:
    recheck = again(await enrolled(timetable(30, 10, by_course=by_course)))
    ending = await recheck.run()
    assert recheck.server.look_ups == ending.requests.sent == 30
    assert recheck.kinds() == ["already_enrolled"] * 300
    assert {outcome.code for outcome in recheck.outcomes()} == {catalogue.SEEN_BY_LOOK_UP}


async def test_seats_that_are_gone_are_sent_once_each() -> None:
    recheck = again(await enrolled(timetable(10, 6)))
    gone = [seat for seat in recheck.server.enrollments if seat[1] in {"c2", "c4"}]
    for seat in gone:
        del recheck.server.enrollments[seat]
    recheck.server.writes.clear()
    await recheck.run()
    assert recheck.server.writes.keys() == set(gone)
    assert recheck.server.writes.total() == 20
    assert recheck.kinds().count("already_enrolled") == 40


async def test_a_look_up_that_fails_is_not_shared_as_an_answer() -> None:
    recheck = again(await enrolled(timetable(1, 5)))
    recheck.server.looking["u0"] = [Reply(500), LOST]
    await recheck.run()
    assert recheck.server.look_ups == 3
    assert recheck.kinds() == ["already_enrolled"] * 5


async def test_a_row_that_lost_its_answer_asks_for_itself() -> None:
    first = await enrolled(timetable(1, 2))
    rows = timetable(1, 3)
    recheck = Harness(FakeRoster(rows), first.server, ledger=first.ledger, run_id=RunId("r2"), recheck=True)
    recheck.server.after["u0"] = [LOST]
    await recheck.run()
    assert recheck.kinds() == ["already_enrolled", "already_enrolled", "enrolled"]
    assert recheck.outcomes()[2].code == catalogue.FOUND_AFTER_LOSS
    assert recheck.server.writes.total() == 3


async def test_a_row_that_is_never_answered_lets_the_next_one_ask() -> None:
    recheck = again(await enrolled(timetable(2, 4)))
    recheck.server.looking["u0"] = [LOST] * 6
    await recheck.run()
    assert recheck.kinds() == ["unknown"] + ["already_enrolled"] * 7


def asking(row_no: int, user: str = "u1") -> EnrollmentRequest:
    return EnrollmentRequest(row_no, EnrollmentKey("test", UserId(user), CourseId(f"c{row_no}"), None, Role.STUDENT))


async def test_only_so_many_users_are_remembered() -> None:
    look_ups = SharedLookups(kept=2)
    for number in range(3):
        assert await look_ups.get_or_claim(asking(number, f"u{number}")) is None
        look_ups.record(asking(number, f"u{number}"), UserEnrollments(()))
    assert await look_ups.get_or_claim(asking(9, "u2")) == UserEnrollments(())
    assert await look_ups.get_or_claim(asking(9, "u0")) is None


async def test_sending_forgets_what_was_heard() -> None:
    look_ups = SharedLookups()
    assert await look_ups.get_or_claim(asking(1)) is None
    look_ups.record(asking(1), UserEnrollments(()))
    look_ups.forget(asking(2))
    assert await look_ups.get_or_claim(asking(3)) is None
