"""A gate that lets rows pass in turn: one canary first, then one probe for each course and school, then all others.

The canary finds a wrong address or refused credentials with one request. A course or school that is unknown
to the server costs one request, not five thousand; and the first enrollment of a course, which creates its class, never
races with a second one (contract 7.3 leaves the race open; avoiding it costs one round trip for each course).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import SUCCESS_KINDS, Action, OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import CourseId, EnrollmentRequest, Outcome, SchoolId, UserId

# After an outcome that says nothing about the course (an unknown user, a lost answer) the next row is the probe. After
# so many of them the group is opened, or a course whose users are all wrong would be sent one by one.
_PROBES: Final = 20
_CANARIES: Final = 3
_ABOUT_THE_GROUP: Final = frozenset({catalogue.UNKNOWN_COURSE, catalogue.UNKNOWN_SCHOOL})
_INCONCLUSIVE: Final = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN})

Group: TypeAlias = "tuple[CourseId, SchoolId | None]"
UserAndCourse: TypeAlias = "tuple[UserId, CourseId]"


class Admitted(NamedTuple):
    """A row to be sent now, or to be settled with the outcome of its group."""

    request: EnrollmentRequest
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Queue:
    """Rows that wait for the one that was sent ahead; `sent_ahead` also counts those with an inconclusive outcome."""

    busy: bool = False
    sent_ahead: int = 0
    waiting: deque[EnrollmentRequest] = field(default_factory=deque)


class ProbeGate:
    """Holds rows back until their group is known. Without `probing`, every row passes at once."""

    def __init__(self, *, probing: bool) -> None:
        self._probing = probing
        self._canary: _Queue | None = _Queue() if probing else None
        self._probed: dict[Group, _Queue] = {}
        self._good: set[Group] = set()
        self._bad: dict[Group, Outcome] = {}
        self._in_progress: dict[UserAndCourse, deque[EnrollmentRequest] | None] = {}
        self.held = 0

    def admit(self, request: EnrollmentRequest) -> Admitted | None:
        """Returns the row if it may go now; None if it is held back.

        Rows of one user and course go one after the other, in the order of the roster: a withdrawal ends every role
        (contract 1.1), so the enrollment that replaces it must come after it.
        """
        user_course = request.key.user_id, request.key.course_id
        if user_course in self._in_progress:
            waiting = self._in_progress[user_course] = self._in_progress[user_course] or deque()
            waiting.append(request)
            self.held += 1
            return None
        self._in_progress[user_course] = None
        if self._canary is None and (request.key.course_id, request.key.school_id) in self._good:
            return Admitted(request)  # nearly every row
        return self._admit_past_canary(request)

    def _admit_past_canary(self, request: EnrollmentRequest) -> Admitted | None:
        if self._canary is not None and self._hold_if_busy(self._canary, request):
            return None
        return self._admit_to_group(request)

    def note_outcome(self, request: EnrollmentRequest, outcome: Outcome) -> list[Admitted]:
        """Notes the outcome of an admitted row and returns the rows that may go because of it."""
        key, released = request.key, []
        if (probed := self._probed.get((key.course_id, key.school_id))) is not None:
            released += self._note_probe(request, probed, outcome)
        if self._canary is not None:
            released += self._note_canary(self._canary, outcome)
        user_course = key.user_id, key.course_id
        if waiting := self._in_progress.pop(user_course, None):
            self._in_progress[user_course] = waiting
            self.held -= 1
            if (admitted := self._admit_past_canary(waiting.popleft())) is not None:
                released.append(admitted)
        return released

    def _admit_to_group(self, request: EnrollmentRequest) -> Admitted | None:
        group = _group_of(request)
        if not self._probing or group in self._good:
            return Admitted(request)
        if group in self._bad:
            # A row in doubt may have been enrolled before the course disappeared, so it is looked up all the same.
            return Admitted(request, None if request.action is Action.LOOK_UP else self._bad[group])
        if self._hold_if_busy(self._probed.setdefault(group, _Queue()), request):
            return None
        return Admitted(request)

    def drain(self) -> list[EnrollmentRequest]:
        """Returns the rows that still wait; they will not be admitted any more."""
        queues = [*self._probed.values(), *(() if self._canary is None else (self._canary,))]
        behind = [request for waiting in self._in_progress.values() if waiting for request in waiting]
        self.held -= len(behind)
        return [*(request for queue in queues for request in self._take_all(queue)), *behind]

    def _hold_if_busy(self, queue: _Queue, request: EnrollmentRequest) -> bool:
        if not queue.busy:
            queue.busy = True
            return False
        queue.waiting.append(request)
        self.held += 1
        return True

    def _note_probe(self, request: EnrollmentRequest, probed: _Queue, outcome: Outcome) -> list[Admitted]:
        group = _group_of(request)
        probed.sent_ahead += 1
        if outcome.kind in SUCCESS_KINDS or probed.sent_ahead >= _PROBES:
            self._good.add(group)
        elif outcome.code in _ABOUT_THE_GROUP:
            self._bad[group] = replace(outcome, attempts=0, status=None)
        else:
            return [Admitted(one) for one in self._take_next(probed)]
        del self._probed[group]
        return [admitted for one in self._take_all(probed) if (admitted := self._admit_to_group(one)) is not None]

    def _note_canary(self, canary: _Queue, outcome: Outcome) -> list[Admitted]:
        canary.sent_ahead += 1
        if outcome.kind in _INCONCLUSIVE and canary.sent_ahead < _CANARIES:
            waiting = self._take_next(canary)
        else:
            self._canary = None
            waiting = self._take_all(canary)
        return [admitted for one in waiting if (admitted := self._admit_to_group(one)) is not None]

    def _take_next(self, queue: _Queue) -> list[EnrollmentRequest]:
        """Returns the next row to send ahead, if one waits."""
        queue.busy = bool(queue.waiting)
        if not queue.waiting:
            return []
        self.held -= 1
        return [queue.waiting.popleft()]

    def _take_all(self, queue: _Queue) -> list[EnrollmentRequest]:
        self.held -= len(queue.waiting)
        return list(queue.waiting)


def _group_of(request: EnrollmentRequest) -> Group:
    return request.key.course_id, request.key.school_id
