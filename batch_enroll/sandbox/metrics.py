"""Counters of the requests that the server received, for tests."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STARTS_KEPT: Final = 1_000_000  # limits the memory of servers that run for days
_NEVER_SENT: Final = 0  # counted as the status of a response that was never sent


@dataclass(slots=True)
class RequestRecord:
    """One API request and the status of its response."""

    route: str
    status: int = _NEVER_SENT


@dataclass(slots=True)
class RequestMetrics:
    """Counters over all API requests.

    Args:
        routes: requests by route.
        statuses: responses by route and status; status 0 is a response that was never sent.
        token_requests: requests to the token endpoint, by status.
        tokens_issued: number of issued tokens.
        in_flight: API requests in progress.
        max_in_flight: the largest value of `in_flight` so far.
        enroll_starts: arrival times of enroll requests, in seconds of the loop's clock; the last million.
    """

    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    token_requests: Counter[int] = field(default_factory=Counter)
    tokens_issued: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    enroll_starts: deque[float] = field(default_factory=lambda: deque(maxlen=_STARTS_KEPT))

    @contextmanager
    def record(self, route: str, now_s: float) -> Iterator[RequestRecord]:
        """Counts one API request from its arrival to its end."""
        record = RequestRecord(route)
        self.routes[route] += 1
        if route == "enroll":
            self.enroll_starts.append(now_s)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            yield record
        finally:
            self.in_flight -= 1
            self.statuses[route, record.status] += 1

    def clear(self) -> None:
        """Resets everything except the requests in flight."""
        self.routes.clear()
        self.statuses.clear()
        self.token_requests.clear()
        self.enroll_starts.clear()
        self.tokens_issued, self.max_in_flight = 0, self.in_flight

    def as_json(self) -> dict[str, object]:
        """Returns the counters in the form of the admin route."""
        return {
            "routes": dict(self.routes),
            "statuses": {f"{route} {status or 'lost'}": count for (route, status), count in self.statuses.items()},
            "token_requests": {str(status): count for status, count in self.token_requests.items()},
            "tokens_issued": self.tokens_issued,
            "max_in_flight": self.max_in_flight,
        }
