"""Whatever the server has and the roster wants: after a sync they are equal, however often it dies on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from crash.mortal import RULES, World
from crash.test_crashes_in_virtual_time import crashes, on_virtual_time
from fakes import FakeServer
from hypothesis import event, given, settings
from hypothesis import strategies as st

from batch_enroll.adapters.differences import differences
from batch_enroll.core.keeping import WHOLE_PLACES
from batch_enroll.core.model import CourseId, Role, SchoolId, UserId
from batch_enroll.core.sync import Route, SeatKey, Wish, in_scope, synced

if TYPE_CHECKING:
    from collections.abc import Collection

    from crash.mortal import Crash

SYNC = replace(RULES, withdraw=True, recheck=True, kept=WHOLE_PLACES)
SEATS: Final = st.sets(
    st.builds(
        SeatKey,
        st.sampled_from([UserId(f"u{n}") for n in range(4)]),
        st.sampled_from([CourseId("c1"), CourseId("c2"), CourseId("elsewhere")]),
        st.just(SchoolId("s")),
        st.sampled_from([Role.STUDENT, Role.TEACHER, Role.PROCTOR]),
    ),
    max_size=12,
)
PAIRS: Final = frozenset({(CourseId("c1"), SchoolId("s")), (CourseId("c2"), SchoolId("s"))})


def steps(wanted: Collection[SeatKey], there: Collection[SeatKey]) -> list[dict[str, str]]:
    """The rows of a sync with withdrawals."""
    wishes = {
        seat: Wish(dict(zip(("user_id", "course_id", "school_id"), seat[:3], strict=True)), "") for seat in wanted
    }
    found = synced(differences(list(wanted), in_scope(there, PAIRS)), wishes, Route(), withdraw=True)
    return [step.as_row() for step in found.steps]


def seats_of(server: FakeServer) -> set[SeatKey]:
    """What the server has now."""
    return {
        SeatKey(UserId(user), CourseId(course), SchoolId(school or ""), role)
        for user, course, school, role in server.seats
    }


@settings(max_examples=150)
@given(wanted=SEATS, there=SEATS, fate=crashes)
def test_after_a_sync_the_scope_is_the_roster_and_nothing_else_has_changed(
    wanted: set[SeatKey], there: set[SeatKey], fate: list[Crash]
) -> None:
    wanted = set(in_scope(wanted, PAIRS))
    server = FakeServer(seats={seat[:4]: number for number, seat in enumerate(there)})
    rows = steps(wanted, there)
    event(f"{min(len(rows), 5)} steps")
    if rows:
        on_virtual_time(World(rows, server, rules=SYNC), fate)
    outside = there - set(in_scope(there, PAIRS))
    left = seats_of(server)
    assert left == wanted | outside
    assert steps(wanted, left) == []
