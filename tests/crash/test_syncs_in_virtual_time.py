"""Whatever the server has and the roster wants: after a sync they are equal, however often it dies on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from crash.test_crashes_in_virtual_time import crashes, on_virtual_time
from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.fakes import FakeServer
from support.mortal_world import RULES, World

from batch_enroll.adapters.enrollment_diff import diff_enrollments
from batch_enroll.core.model import Action, ClassId, CourseId, Role, SchoolId, ServerEnrollment, UserEnrollments, UserId
from batch_enroll.core.planning.protected_enrollments import WHOLE_PLACES
from batch_enroll.core.planning.sync_planner import (
    DesiredEnrollment,
    EnrollmentIdentity,
    SyncRoute,
    express_as_rows,
    find_in_several_classes,
    plan_sync,
    select_in_scope,
)
from batch_enroll.core.verdict.attempt_state import Policy

if TYPE_CHECKING:
    from collections.abc import Collection

    from support.mortal_world import Crash

    from batch_enroll.core.model import EnrollmentRequest, NoReply, Reply

SYNC = replace(RULES, withdraw=True, recheck=True, kept=WHOLE_PLACES)
BY_CLASS = replace(SYNC, by_class=True)
PLACES: Final = st.sampled_from([("c1", "a"), ("c1", "b"), ("c2", "d"), ("elsewhere", "z")])  # a class is of one course
SEATS: Final = st.sets(
    st.builds(
        lambda user, place, role: EnrollmentIdentity(user, CourseId(place[0]), SchoolId("s"), role, ClassId(place[1])),
        st.sampled_from([UserId(f"u{n}") for n in range(4)]),
        PLACES,
        st.sampled_from([Role.STUDENT, Role.TEACHER, Role.PROCTOR]),
    ),
    max_size=12,
)
PAIRS: Final = frozenset({(CourseId("c1"), SchoolId("s")), (CourseId("c2"), SchoolId("s"))})


@dataclass
class ClassServer(FakeServer):
    """A server that is told classes, and withdraws the seat of one."""

    rooms: dict[EnrollmentIdentity, None] = field(default_factory=dict)

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        await super().look_up(user_id, token)
        return UserEnrollments(
            tuple(
                ServerEnrollment(f"e{nth}", room.course_id, room.school_id, room.role, class_id=room.class_id)
                for nth, room in enumerate(self.rooms)
                if room.user_id == user_id
            )
        )

    def act(self, request: EnrollmentRequest) -> None:
        key = request.key
        room = EnrollmentIdentity(key.user_id, key.course_id, key.school_id or SchoolId(""), key.role, key.class_id)
        if request.purpose is Action.WITHDRAW:
            self.rooms.pop(room, None)
        else:
            self.rooms[room] = None


def steps(
    wanted: Collection[EnrollmentIdentity], there: Collection[EnrollmentIdentity], *, by_class: bool
) -> list[dict[str, str]]:
    """The rows of a sync with withdrawals."""
    wishes = {seat: DesiredEnrollment({**seat._asdict(), "class_id": seat.class_id or ""}, "") for seat in wanted}
    named = express_as_rows(there, wishes, by_class=by_class)
    route = SyncRoute(by_class, find_in_several_classes(there))
    found = plan_sync(diff_enrollments(list(wanted), select_in_scope(named, PAIRS)), wishes, route, withdraw=True)
    return [step.as_row() for step in found.steps]


def seats_of(server: FakeServer) -> set[EnrollmentIdentity]:
    """What the server has now."""
    return {
        EnrollmentIdentity(UserId(user), CourseId(course), SchoolId(school or ""), role)
        for user, course, school, role in server.enrollments
    }


@settings(max_examples=40)
@given(wanted=SEATS, there=SEATS, fate=crashes)
def test_after_a_sync_the_scope_is_the_roster_and_nothing_else_has_changed(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity], fate: list[Crash]
) -> None:
    wanted, there = ({seat._replace(class_id=None) for seat in seats} for seats in (wanted, there))
    wanted = set(select_in_scope(wanted, PAIRS))
    server = FakeServer(enrollments={seat[:4]: number for number, seat in enumerate(there)})
    rows = steps(wanted, there, by_class=False)
    event(f"{min(len(rows), 5)} steps")
    if rows:
        on_virtual_time(World(rows, server, rules=SYNC), fate)
    left = seats_of(server)
    assert left == wanted | (there - set(select_in_scope(there, PAIRS)))
    assert steps(wanted, left, by_class=False) == []


@settings(max_examples=40)
@given(wanted=SEATS, there=SEATS, fate=crashes)
def test_after_a_sync_by_class_every_class_in_the_scope_is_as_the_roster_says(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity], fate: list[Crash]
) -> None:
    wanted = set(select_in_scope(wanted, PAIRS))
    server = ClassServer(rooms=dict.fromkeys(there))
    rows = steps(wanted, there, by_class=True)
    if rows:
        on_virtual_time(World(rows, server, rules=BY_CLASS, policy=Policy(withdraws_all_in_course=False)), fate)
    left = set(server.rooms)
    assert left == wanted | (there - set(select_in_scope(there, PAIRS)))
    assert steps(wanted, left, by_class=True) == []
