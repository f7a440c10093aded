"""A roster counted ahead, and stopped before a course takes too many students."""

from __future__ import annotations

from itertools import islice

import pytest
from support.fakes import FakeRoster, students
from support.harness import Harness

from batch_enroll.core.errors import RosterError
from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats
from batch_enroll.core.guards.rules import GuardStoppedError, capacity_guard
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.workflows import CapacityGuard, PreparedRoster, count_first_rows
from batch_enroll.workflows.capacity_guard import ROWS_AHEAD

SMALL = GuardLimits(course_students=30)


def test_a_small_roster_is_counted_to_its_end() -> None:
    census, rows = count_first_rows(FakeRoster(students(7)), Defaults(), SMALL, whole=False)
    assert (census.rows, rows) == (7, 7)


def test_of_a_large_one_the_first_rows_are_counted_and_the_rest_is_estimated() -> None:
    roster = FakeRoster(students(ROWS_AHEAD + 100))
    census, rows = count_first_rows(roster, Defaults(), SMALL, whole=False)
    assert (census.rows, rows) == (ROWS_AHEAD, ROWS_AHEAD + 100)
    assert count_first_rows(roster, Defaults(), SMALL, whole=True)[0].rows == ROWS_AHEAD + 100


def test_a_roster_that_breaks_off_is_counted_so_far() -> None:
    census, rows = count_first_rows(FakeRoster(students(40), breaks_at=36), Defaults(), SMALL, whole=True)
    assert (census.rows, rows) == (35, 35)
    assert capacity_guard(census) is not None


def test_a_roster_that_was_looked_at_is_read_once() -> None:
    source = FakeRoster(students(ROWS_AHEAD + 100))
    kept = PreparedRoster(source, keeps_first_rows=True)
    assert len(list(islice(kept.rows(), 100))) == 100  # what its columns hold
    assert count_first_rows(kept, Defaults(), SMALL, whole=False)[0].rows == ROWS_AHEAD
    assert [row.fields for row in kept.rows()] == source.fields
    assert source.rows_given == ROWS_AHEAD + 100
    assert [row.fields for row in kept.rows()] == source.fields  # a later reader gets all of it, too


def test_a_small_roster_is_read_once_however_often_it_is_looked_at() -> None:
    source = FakeRoster(students(30))
    kept = PreparedRoster(source, keeps_first_rows=True)
    for _ in range(3):
        assert count_first_rows(kept, Defaults(), SMALL, whole=True)[0].rows == 30
        assert [row.fields for row in kept.rows()] == source.fields
    assert source.rows_given == 30


def test_a_look_at_all_of_a_large_roster_keeps_none_of_it() -> None:
    source = FakeRoster(students(ROWS_AHEAD + 100))
    kept = PreparedRoster(source, keeps_first_rows=True)
    early = kept.rows()
    first = [next(early).fields for _ in range(10)]
    assert count_first_rows(kept, Defaults(), SMALL, whole=True)[0].rows == ROWS_AHEAD + 100
    assert [row.fields for row in kept.rows()] == source.fields
    assert source.rows_given == 2 * (ROWS_AHEAD + 100)
    assert [*first, *(row.fields for row in early)] == source.fields  # a reader that began before gets the rest


def test_a_roster_that_broke_off_in_the_look_breaks_off_at_the_same_row_when_it_is_read() -> None:
    kept = PreparedRoster(FakeRoster(students(40), breaks_at=36), keeps_first_rows=True)
    count_first_rows(kept, Defaults(), SMALL, whole=False)
    read: list[int] = []
    with pytest.raises(RosterError, match="row 37: a quote is never closed"):
        read.extend(row.location.row for row in kept.rows())
    assert read == list(range(2, 37))


def test_rows_that_were_counted_ahead_are_not_counted_again() -> None:
    source = FakeRoster(students(40))
    census, _ = count_first_rows(FakeRoster(students(20)), Defaults(), SMALL, whole=False)
    rows = CapacityGuard(census).watch(source.rows())
    assert len(list(islice(rows, 30))) == 30
    assert census.rows == 30
    with pytest.raises(GuardStoppedError, match="takes more than 30 students"):
        next(rows)
    assert len(list(rows)) == 10  # a reader that continues gets the others


@pytest.mark.asyncio
@pytest.mark.virtual_time
async def test_a_course_that_fills_up_late_stops_the_run_before_the_first_row_too_many() -> None:
    roster = FakeRoster([*students(10, "c1"), *students(40, "c2")])
    harness = Harness(roster, guard=CapacityGuard(RosterStats(Defaults(), SMALL)))
    ending = await harness.run()
    assert ending.halted is HaltReason.GUARD
    assert 'course "c2" at school "s1" takes more than 30 students' in ending.detail
    kinds = harness.kinds()
    assert len(kinds) == 50  # every row has an outcome, those behind the guard too
    assert set(kinds) <= {"enrolled", "not_attempted"}
    assert kinds[40:] == ["not_attempted"] * 10
    assert harness.server.writes.total() == kinds.count("enrolled")
