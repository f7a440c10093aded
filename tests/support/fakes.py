"""Doubles that behave: a server with seats, a token source, a roster, a sink that remembers. They keep virtual time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio

from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    Meaning,
    NoReply,
    Reply,
    Role,
    RowLocation,
    SchoolId,
    ServerEnrollment,
    SourceRow,
    UserEnrollments,
)
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from signal import Signals

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import EnrollmentRequest, UserId

T = TypeVar("T")

Answered = Reply | NoReply
LOST = NoReply("no answer in time", sent=True)
NEVER_SENT = NoReply("no connection", sent=False)


@dataclass
class FakeServer:
    """A Gateway with real seats: what it was told to answer before writing, after writing, or instead of a list.

    `before` answers instead of writing; `after` answers after the seat was written; both by user, in order. `limit`
    decides, given the time, whether a request is refused with 429.
    """

    latency_s: float = 0.05
    enrollments: dict[tuple[str, str, str | None, Role], int] = field(default_factory=dict)
    before: dict[str, list[Answered]] = field(default_factory=dict)
    after: dict[str, list[Answered]] = field(default_factory=dict)
    looking: dict[str, list[Answered]] = field(default_factory=dict)
    limit: Callable[[float], Reply | None] = lambda _: None
    good_tokens: set[str] | None = None
    writes: Counter[tuple[str, str, str | None, Role]] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    sent: list[tuple[float, EnrollmentRequest]] = field(default_factory=list)
    look_ups: int = 0
    withdrawals: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        self.sent.append((anyio.current_time(), request))
        async with self._busy():
            instead = self._refusal(token) or self._next(self.before, request.key.user_id)
            if instead is not None:
                return instead
            self.act(request)
            if request.purpose is Action.WITHDRAW:
                return self._next(self.after, request.key.user_id) or Reply(204)
            return self._next(self.after, request.key.user_id) or Reply(201, Meaning.ENROLLMENT, enrollment_id="e")

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        async with self._busy():
            self.look_ups += 1
            refusal = self._refusal(token) or self._next(self.looking, user_id)
            return refusal or UserEnrollments(
                tuple(
                    ServerEnrollment(f"e{number}", CourseId(course), None if school is None else SchoolId(school), role)
                    for (user, course, school, role), number in self.enrollments.items()
                    if user == user_id
                )
            )

    def act(self, request: EnrollmentRequest) -> None:
        """What the request asks for; a withdrawal takes every role."""
        if request.purpose is Action.WITHDRAW:
            key = request.key
            self.withdrawals += 1
            for seat in [at for at in self.enrollments if at[:3] == (key.user_id, key.course_id, key.school_id)]:
                del self.enrollments[seat]
        else:
            self._write(request.key)

    def _write(self, key: EnrollmentKey) -> None:
        seat = (key.user_id, key.course_id, key.school_id, key.role)
        self.writes[seat] += 1
        self.enrollments.setdefault(seat, len(self.enrollments) + 1)

    def _refusal(self, token: str) -> Reply | None:
        if self.good_tokens is not None and token not in self.good_tokens:
            return Reply(401)
        return self.limit(anyio.current_time())

    @staticmethod
    def _next(script: dict[str, list[Answered]], user: str) -> Answered | None:
        answers = script.get(user)
        return answers.pop(0) if answers else None

    def _busy(self) -> _Busy:
        return _Busy(self)


@dataclass
class _Busy:
    server: FakeServer

    async def __aenter__(self) -> None:
        server = self.server
        server.starts.append(anyio.current_time())
        server.in_flight += 1
        server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            await anyio.sleep(server.latency_s)
        except BaseException:
            server.in_flight -= 1
            raise

    async def __aexit__(self, *exc: object) -> None:
        self.server.in_flight -= 1


@dataclass
class FakeTokens:
    """A TokenSource whose tokens live `lifetime_s`; `refusal` is raised instead of fetching."""

    lifetime_s: float = 3600.0
    refusal: Exception | None = None
    fetched: int = 0
    _expires_at: float = 0.0
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def value(self) -> str:
        return f"t{self.fetched}"

    def ready(self) -> str | None:
        return self.value if self.fetched and anyio.current_time() < self._expires_at else None

    async def current(self) -> str:
        async with self._lock:
            return self.ready() or await self._fetch()

    async def renew(self, stale: str) -> str:
        async with self._lock:
            return await self._fetch() if stale == self.value else self.value

    async def _fetch(self) -> str:
        await anyio.sleep(0.2)
        if self.refusal is not None:
            raise self.refusal
        self.fetched += 1
        self._expires_at = anyio.current_time() + self.lifetime_s
        return self.value


@dataclass
class Remembering:
    """An EventSink that keeps everything."""

    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class FakeRoster:
    """A RosterSource over given fields; unreadable from `breaks_at` (1-based) on."""

    fields: list[dict[str, str]]
    breaks_at: int | None = None
    columns: tuple[str, ...] = ("user_id", "course_id", "school_id")
    rows_given: int = 0

    @property
    def estimated_rows(self) -> int | None:
        return len(self.fields)

    def rows(self) -> Iterator[SourceRow]:
        for number, fields in enumerate(self.fields, 1):
            if number == self.breaks_at:
                raise RosterError(f"term.csv row {number + 1}: a quote is never closed")
            self.rows_given += 1
            cells = tuple(fields.get(column, "") for column in self.columns)
            yield SourceRow(RowLocation("term.csv", number + 1), cells, fields)

    def describe(self) -> tuple[tuple[str, str], ...]:
        return tuple((column, column) for column in self.columns)

    def notes(self) -> tuple[str, ...]:
        return ()

    def refs(self) -> tuple[RosterRef, ...]:
        return (RosterRef("term.csv", "0" * 64, self.rows_given),)


def students(count: int, course: str = "c1") -> list[dict[str, str]]:
    """`count` different students of one course."""
    return [{"user_id": f"u{number}", "course_id": course, "school_id": "s1"} for number in range(1, count + 1)]


@dataclass
class SignalsAt:
    """Signals that arrive at given times, then silence."""

    times: list[tuple[float, Signals]] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[Signals]:
        begun = anyio.current_time()
        for at, signal in self.times:
            await anyio.sleep(begun + at - anyio.current_time())
            yield signal
        await anyio.sleep_forever()


async def struck(at_s: float | None) -> None:
    """Waits for a deadline, for ever if there is none."""
    await anyio.sleep(float("inf") if at_s is None else at_s)


__all__ = [
    "LOST",
    "NEVER_SENT",
    "FakeRoster",
    "FakeServer",
    "FakeTokens",
    "Remembering",
    "SignalsAt",
    "struck",
    "students",
]
