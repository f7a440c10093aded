"""The crash campaign on virtual time for withdrawals, alone and beside enrollments."""

from __future__ import annotations

from dataclasses import replace

from crash.test_crashes_in_virtual_time import USERS, crashes, on_virtual_time, servers
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.fakes import FakeRoster, FakeServer
from support.harness import FIRST_RUN, NOON
from support.memory_ledger import MemoryLedger
from support.mortal_world import RULES, Crash, World

from batch_enroll.core.model import Role
from batch_enroll.workflows import count_withdrawals

WITHDRAWING = replace(RULES, withdraw=True)
courses = st.sampled_from(("c1", "c2"))
rosters = st.lists(
    st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(USERS),
            "course_id": courses,
            "school_id": st.just("s"),
            "status": st.sampled_from(("", "tobedeleted", "tobedeleted")),
        }
    ),
    min_size=1,
    max_size=16,
)
seats = st.sets(st.tuples(st.sampled_from((*USERS, "stranger")), courses))


def after(fields: list[dict[str, str]], before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Who sits where in the end: a row that wants its seat has the last word."""
    wanted = {(row["user_id"], row["course_id"]) for row in fields if not row["status"]}
    gone = {(row["user_id"], row["course_id"]) for row in fields if row["status"]}
    return (before - gone) | wanted


@settings(max_examples=150)
@given(fields=rosters, before=seats, server=servers, fate=crashes)
def test_however_often_it_dies_exactly_the_seats_that_should_be_there_are(
    fields: list[dict[str, str]], before: set[tuple[str, str]], server: FakeServer, fate: list[Crash]
) -> None:
    server.enrollments = {(user, course, "s", Role.STUDENT): nth for nth, (user, course) in enumerate(sorted(before))}
    ledger = MemoryLedger(lambda: NOON)
    kept = count_withdrawals(FakeRoster(fields).rows, WITHDRAWING, ledger).protected
    world = World(fields, server, ledger, rules=replace(WITHDRAWING, kept=kept))
    on_virtual_time(world, fate)
    event(f"{world.deaths} deaths")
    assert {(user, course) for user, course, _, _ in server.enrollments} == after(fields, before)
    results = list(ledger.results(FIRST_RUN))
    assert [row.row_no for row in results] == list(range(1, len(fields) + 1))
    for row, field in zip(results, fields, strict=True):
        sits = (field["user_id"], field["course_id"]) in after(fields, before)
        fine = {"enrolled", "already_enrolled"} if sits else {"withdrawn", "already_withdrawn"}
        assert row.outcome.kind.value in fine | {"skipped"}
