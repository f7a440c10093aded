"""Which rows may go now: one canary first, then one probe for each course and school, then everybody.

The canary finds a wrong address or refused credentials with one request. A course or school that the server does not
know fails its rows once, not five thousand times; and the first enrollment of a course, which creates its class, never
races with a second one (contract 7.3: a race is not proven either way; the guard costs one round trip a course).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import SUCCESS_KINDS, Action, OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import CourseId, EnrollmentRequest, Outcome, SchoolId, UserId

# An outcome that says nothing of the course (an unknown user, a lost answer) leaves the next row to probe. After so
# many of them the group is opened, or a course whose users are all wrong would be sent one by one.
_PROBES: Final = 20
_CANARIES: Final = 3
_ABOUT_THE_GROUP: Final = frozenset({catalogue.UNKNOWN_COURSE, catalogue.UNKNOWN_SCHOOL})
_TELLS_NOTHING: Final = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN})

Group: TypeAlias = "tuple[CourseId, SchoolId | None]"
Seats: TypeAlias = "tuple[UserId, CourseId]"


class Admitted(NamedTuple):
    """A row whose turn has come: to be sent, or to be settled with the outcome of its group."""

    request: EnrollmentRequest
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Queue:
    """Rows that wait for the one of them that was sent ahead; `sent_ahead` counts those that told nothing too."""

    busy: bool = False
    sent_ahead: int = 0
    waiting: deque[EnrollmentRequest] = field(default_factory=deque)


class ProbeGate:
    """Holds rows back until their group is known. With `probing` off, every row may go at once."""

    def __init__(self, *, probing: bool) -> None:
        self._probing = probing
        self._canary: _Queue | None = _Queue() if probing else None
        self._probed: dict[Group, _Queue] = {}
        self._good: set[Group] = set()
        self._bad: dict[Group, Outcome] = {}
        self._under_way: dict[Seats, deque[EnrollmentRequest] | None] = {}
        self.held = 0

    def admit(self, request: EnrollmentRequest) -> Admitted | None:
        """The row if its turn has come; None if it was kept for later.

        Rows of one user and course go one after the other, in the roster's order: what is withdrawn takes every role
        along (contract 1.1), and what is enrolled in its place must come after it.
        """
        seats = request.key.user_id, request.key.course_id
        if seats in self._under_way:
            waiting = self._under_way[seats] = self._under_way[seats] or deque()
            waiting.append(request)
            self.held += 1
            return None
        self._under_way[seats] = None
        if self._canary is None and (request.key.course_id, request.key.school_id) in self._good:
            return Admitted(request)  # as nearly every one
        return self._let_in(request)

    def _let_in(self, request: EnrollmentRequest) -> Admitted | None:
        if self._canary is not None and self._kept(self._canary, request):
            return None
        return self._admit_to_group(request)

    def settled(self, request: EnrollmentRequest, outcome: Outcome) -> list[Admitted]:
        """Notes how an admitted row ended; the rows whose turn has come because of it."""
        key, released = request.key, []
        if (probed := self._probed.get((key.course_id, key.school_id))) is not None:
            released += self._probe_settled(request, probed, outcome)
        if self._canary is not None:
            released += self._canary_settled(self._canary, outcome)
        seats = key.user_id, key.course_id
        if waiting := self._under_way.pop(seats, None):
            self._under_way[seats] = waiting
            self.held -= 1
            if (admitted := self._let_in(waiting.popleft())) is not None:
                released.append(admitted)
        return released

    def _admit_to_group(self, request: EnrollmentRequest) -> Admitted | None:
        group = _group(request)
        if not self._probing or group in self._good:
            return Admitted(request)
        if group in self._bad:
            # A row in doubt may have its seat from before the course was gone: it is looked up all the same.
            return Admitted(request, None if request.action is Action.LOOK_UP else self._bad[group])
        if self._kept(self._probed.setdefault(group, _Queue()), request):
            return None
        return Admitted(request)

    def drain(self) -> list[EnrollmentRequest]:
        """Every row that still waits; they will not be admitted any more."""
        queues = [*self._probed.values(), *(() if self._canary is None else (self._canary,))]
        behind = [request for waiting in self._under_way.values() if waiting for request in waiting]
        self.held -= len(behind)
        return [*(request for queue in queues for request in self._all(queue)), *behind]

    def _kept(self, queue: _Queue, request: EnrollmentRequest) -> bool:
        if not queue.busy:
            queue.busy = True
            return False
        queue.waiting.append(request)
        self.held += 1
        return True

    def _probe_settled(self, request: EnrollmentRequest, probed: _Queue, outcome: Outcome) -> list[Admitted]:
        group = _group(request)
        probed.sent_ahead += 1
        if outcome.kind in SUCCESS_KINDS or probed.sent_ahead >= _PROBES:
            self._good.add(group)
        elif outcome.code in _ABOUT_THE_GROUP:
            self._bad[group] = replace(outcome, attempts=0, status=None)
        else:
            return [Admitted(one) for one in self._next(probed)]
        del self._probed[group]
        return [admitted for one in self._all(probed) if (admitted := self._admit_to_group(one)) is not None]

    def _canary_settled(self, canary: _Queue, outcome: Outcome) -> list[Admitted]:
        canary.sent_ahead += 1
        if outcome.kind in _TELLS_NOTHING and canary.sent_ahead < _CANARIES:
            waiting = self._next(canary)
        else:
            self._canary = None
            waiting = self._all(canary)
        return [admitted for one in waiting if (admitted := self._admit_to_group(one)) is not None]

    def _next(self, queue: _Queue) -> list[EnrollmentRequest]:
        """The next row to be sent ahead, if any waits."""
        queue.busy = bool(queue.waiting)
        if not queue.waiting:
            return []
        self.held -= 1
        return [queue.waiting.popleft()]

    def _all(self, queue: _Queue) -> list[EnrollmentRequest]:
        self.held -= len(queue.waiting)
        return list(queue.waiting)


def _group(request: EnrollmentRequest) -> Group:
    return request.key.course_id, request.key.school_id
