"""What the server saw of its clients, for tests."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS_KEPT: Final = 1_000_000  # a bound for servers that run for days
LOST: Final = 0  # counted as the status of an answer that was never sent


@dataclass(slots=True)
class Visit:
    """One API request; `status` is what it was answered with."""

    route: str
    status: int = LOST


@dataclass(slots=True)
class Observed:
    """Counters over all API requests.

    Args:
        routes: requests by route.
        statuses: answers by route and status; status 0 is an answer that was never sent.
        token_requests: of the token endpoint, by status.
        tokens_issued: how many.
        in_flight: API requests at this moment.
        max_in_flight: the most there ever were.
        enroll_starts: when enroll requests came, in seconds of the loop's clock; the last million.
    """

    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    token_requests: Counter[int] = field(default_factory=Counter)
    tokens_issued: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    enroll_starts: deque[float] = field(default_factory=lambda: deque(maxlen=STARTS_KEPT))

    @contextmanager
    def visit(self, route: str, now_s: float) -> Iterator[Visit]:
        """Counts one API request from its arrival to its end."""
        visit = Visit(route)
        self.routes[route] += 1
        if route == "enroll":
            self.enroll_starts.append(now_s)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            yield visit
        finally:
            self.in_flight -= 1
            self.statuses[route, visit.status] += 1

    def clear(self) -> None:
        """Forgets all but what is in flight."""
        self.routes.clear()
        self.statuses.clear()
        self.token_requests.clear()
        self.enroll_starts.clear()
        self.tokens_issued, self.max_in_flight = 0, self.in_flight

    def told(self) -> dict[str, object]:
        """The counters as JSON has them."""
        return {
            "routes": dict(self.routes),
            "statuses": {f"{route} {status or 'lost'}": count for (route, status), count in self.statuses.items()},
            "token_requests": {str(status): count for status, count in self.token_requests.items()},
            "tokens_issued": self.tokens_issued,
            "max_in_flight": self.max_in_flight,
        }
