"""The crash campaign on virtual time: faults and crash points are drawn, and what must be true is checked each time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.fakes import LOST, NEVER_SENT, FakeServer, students
from support.harness import FIRST_RUN
from support.mortal_world import Crash, World
from support.virtual_time import VirtualTimeLoop

from batch_enroll.core.model import Meaning, Reply

if TYPE_CHECKING:
    from support.fakes import Answered

USERS = ("u1", "u2", "u3", "u4", "u5", "u6")
NOBODY = {("", "c1"), ("", "c2")}
VERBS = ("claim", "claim", "settle", "settle", "submit", "submit", "look_up", "begin", "known", "results")


def scripts(*answers: Answered) -> st.SearchStrategy[dict[str, list[Answered]]]:
    """A few of the answers for some of the users."""
    return st.dictionaries(st.sampled_from(USERS), st.lists(st.sampled_from(answers), min_size=1, max_size=2))


servers = st.builds(
    FakeServer,
    before=scripts(LOST, NEVER_SENT, Reply(503), Reply(429, retry_after_s=0.5)),
    after=scripts(LOST, Reply(502), Reply(200, Meaning.NOT_JSON)),
    looking=scripts(LOST, NEVER_SENT, Reply(500), Reply(429)),
)
rosters = st.lists(
    st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(("", *USERS)),
            "course_id": st.sampled_from(("c1", "c2")),
            "school_id": st.just("s"),
        }
    ),
    min_size=1,
    max_size=16,
)
late = st.none() | st.floats(0, 1.9)  # the next life begins at once
points = st.builds(
    Crash,
    verb=st.sampled_from(VERBS),
    after=st.booleans(),
    nth=st.integers(1, 4),
    acted_s=late,
)
instants = st.builds(Crash, at_s=st.floats(0, 2.5), acted_s=late)
crashes = st.lists(points | instants, min_size=1, max_size=5)


def on_virtual_time(world: World, fate: list[Crash]) -> None:
    """All lives of the world, and one more that has nothing to do."""

    async def lives() -> None:
        for crash in fate:
            await world.live(crash)
        await world.live()
        await anyio.sleep(2)  # noqa: TID251 - virtual; what was under way has arrived
        sent, asked = len(world.server.sent), world.server.look_ups
        await world.live()
        assert (len(world.server.sent), world.server.look_ups) == (sent, asked), "nothing was left to do"

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(lives())


def wanted(fields: list[dict[str, str]]) -> list[str]:
    """What becomes of each row where everybody is let in."""
    seen: set[tuple[str, str]] = set()
    kinds = []
    for row in fields:
        seat = row["user_id"], row["course_id"]
        kinds.append("invalid" if not row["user_id"] else "skipped" if seat in seen else "enrolled")
        seen.add(seat)
    return kinds


def check(world: World) -> None:
    results = list(world.ledger.results(FIRST_RUN))
    assert [row.row_no for row in results] == list(range(1, len(world.fields) + 1))
    assert [row.outcome.kind.value for row in results] == wanted(world.fields)
    assert all(row.finished_at is not None for row in results)
    written = world.server.writes
    assert {seat[:2] for seat in written} == {(row["user_id"], row["course_id"]) for row in world.fields} - NOBODY
    assert max(written.values(), default=1) == 1


@settings(max_examples=200)
@given(fields=rosters, server=servers, fate=crashes)
def test_however_often_it_dies_no_row_is_lost_and_no_seat_is_written_twice(
    fields: list[dict[str, str]], server: FakeServer, fate: list[Crash]
) -> None:
    world = World(fields, server)
    on_virtual_time(world, fate)
    event(f"{world.deaths} deaths")
    check(world)


@settings(max_examples=20)
@given(count=st.integers(60, 700), server=servers, fate=crashes)
def test_rows_that_were_never_read_are_read_by_the_next_life(count: int, server: FakeServer, fate: list[Crash]) -> None:
    world = World(students(count), server)
    on_virtual_time(world, [Crash("claim", after=False, nth=2), *fate])
    check(world)
