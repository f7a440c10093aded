"""Faults as plain values, and the seeded injector that decides which request meets one. Pure: time is an argument."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import blake2b
from math import ceil, log
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from batch_enroll.sandbox.behaviors import RetryAfter

GATEWAY_STATUSES: Final = (500, 502, 503, 504)
_ROUNDING: Final = (
    1e-9  # of a token; a client that waits exactly as long as required is not refused for a rounding error
)


class FaultKind(Enum):
    """The effect of a fault on a request."""

    THROTTLED = auto()
    ERROR = auto()
    FORBIDDEN = auto()
    REFUSED_TOKEN = auto()
    LOST = auto()
    TRUNCATED = auto()
    HTML = auto()


class RequestKind(Enum):
    """The requests to which a rule applies."""

    ALL = auto()
    WRITES = auto()
    READS = auto()


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A fault that meets some of the requests.

    Args:
        name: separates the random draws of this rule from those of others.
        percent: share of the requests, 0-100.
        kind: effect on the request.
        statuses: the response has one of them; empty for the status of the handler.
        after: true if the request is carried out before the fault.
        applies_to: the requests that it can meet.
        run: number of consecutive requests that it meets once it has started.
        retry_after: form of Retry-After; None for that of the behaviors.
    """

    name: str
    percent: float
    kind: FaultKind
    statuses: tuple[int, ...] = ()
    after: bool = False
    applies_to: RequestKind = RequestKind.ALL
    run: int = 1
    retry_after: RetryAfter | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Time that a response takes: log-normal around the median, or always the median if `sigma` is 0."""

    median_s: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """Every fault that a server can be configured to have.

    Args:
        rules: faults that occur at random.
        rate_per_s: accepted requests a second; 0 for no limit.
        burst: requests accepted at once.
        in_flight_cap: requests accepted at the same time; 0 for no limit.
        outage_s: start after the first API request, and length, in seconds.
        outage_requests: requests accepted before the outage, and requests refused by it.
        latency: latency of the API; None for no delay.
        token_latency_s: latency of the token endpoint.
        token_5xx_percent: share of the token requests that fail.
        token_lifetime_s: lifetime of tokens; None for that of the server.
        refuse_client: true if the token endpoint refuses every client.
        unknown_users, unknown_courses, unknown_schools: percentages of the ids.
    """

    rules: tuple[FaultRule, ...] = ()
    rate_per_s: float = 0.0
    burst: int = 1
    in_flight_cap: int = 0
    outage_s: tuple[float, float] | None = None
    outage_requests: tuple[int, int] | None = None
    latency: Latency | None = None
    token_latency_s: float = 0.0
    token_5xx_percent: float = 0.0
    token_lifetime_s: float | None = None
    refuse_client: bool = False
    unknown_users: float = 0.0
    unknown_courses: float = 0.0
    unknown_schools: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault that a request has met.

    Args:
        kind: effect on the request.
        status: status of the response, if the fault decides it.
        wait_s: seconds that a throttled client should wait.
        retry_after: form of Retry-After; None for that of the behaviors.
    """

    kind: FaultKind
    status: int = 0
    wait_s: float = 0.0
    retry_after: RetryAfter | None = None


class Bucket:
    """A token bucket that refuses requests that come too early, without charging for them.

    Args:
        rate_per_s: tokens added a second.
        burst: capacity.
    """

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate_per_s, self._burst = rate_per_s, burst
        self._level, self._filled_at = float(burst), 0.0

    def take(self, now_s: float) -> float:
        """Returns 0 if the request may pass, otherwise the seconds until one could."""
        gained = max(0.0, now_s - self._filled_at) * self._rate_per_s
        self._level, self._filled_at = min(self._burst, self._level + gained), now_s
        if self._level >= 1 - _ROUNDING:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate_per_s


class RandomDraw:
    """The random numbers of a request: the same for the n-th arrival of the same request, in any order of requests.

    Args:
        seed: seed of the injector.
        request: method and path.
        time: number of arrivals of that request, this one included.
    """

    __slots__ = ("_text",)

    def __init__(self, seed: int, request: str, time: int) -> None:
        self._text = f"{seed}:{time}:{request}"

    def fraction(self, purpose: str) -> float:
        """Returns a number from [0, 1) for a purpose, independent of the numbers for other purposes."""
        drawn = blake2b(f"{purpose}:{self._text}".encode(errors="surrogateescape"), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


class FaultSampler:
    """Samples one rule on its own, so that adding another rule does not change the result."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self._left = 0

    def sample(self, draw: RandomDraw, *, writes: bool) -> Fault | None:
        """Returns the fault of a request, if any. A run that has started meets every request that follows."""
        rule = self.rule
        if rule.applies_to is not RequestKind.ALL and writes is not (rule.applies_to is RequestKind.WRITES):
            return None
        if self._left == 0 and draw.fraction(rule.name) * 100 < rule.percent:
            self._left = rule.run
        if self._left == 0:
            return None
        self._left -= 1
        statuses = rule.statuses
        status = statuses[int(draw.fraction(f"{rule.name} status") * len(statuses))] if statuses else 0
        return Fault(rule.kind, status, retry_after=rule.retry_after)


class FaultInjector:
    """Decides which fault each request meets.

    Args:
        faults: the possible faults.
        seed: with the same seed, the same requests meet the same random faults, in any order.
    """

    def __init__(self, faults: FaultSettings, seed: int = 0) -> None:
        self.faults = faults
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Returns to the state at the start."""
        faults, seed = self.faults, self._seed
        self._before = [FaultSampler(rule) for rule in faults.rules if not rule.after]
        self._after = [FaultSampler(rule) for rule in faults.rules if rule.after]
        self._times: Counter[int] = Counter()  # by the hash of a request: half a million of them fit
        self._bucket = Bucket(faults.rate_per_s, faults.burst) if faults.rate_per_s else None
        self._random = random.Random(f"{seed}:latency")  # noqa: S311 - a rehearsal that can be repeated
        self._token_sampler = FaultSampler(
            FaultRule("token-5xx", faults.token_5xx_percent, FaultKind.ERROR, GATEWAY_STATUSES)
        )
        self._requests = 0
        self._started_s: float | None = None

    def fault_on_arrival(self, now_s: float, in_flight: int) -> Fault | None:
        """Returns the fault caused by a limiter in front of the API; `in_flight` includes this request."""
        self._requests += 1
        if self._started_s is None:
            self._started_s = now_s
        if self._is_outage(now_s - self._started_s):
            return Fault(FaultKind.ERROR, 503)
        if self.faults.in_flight_cap and in_flight > self.faults.in_flight_cap:
            return Fault(FaultKind.THROTTLED, 429)
        if self._bucket is not None and (wait_s := self._bucket.take(now_s)):
            return Fault(FaultKind.THROTTLED, 429, wait_s)
        return None

    def draw_for(self, request: str) -> RandomDraw:
        """Returns the draw of a request that has reached the API. Call it once for each request."""
        at = hash(request)
        self._times[at] += 1
        return RandomDraw(self._seed, request, self._times[at])

    def fault_before(self, draw: RandomDraw, *, writes: bool) -> Fault | None:
        """Returns the fault that prevents the request from being carried out, if any."""
        return _first(self._before, draw, writes=writes)

    def fault_after(self, draw: RandomDraw, *, writes: bool) -> Fault | None:
        """Returns the fault of the response after the request was carried out, if any."""
        return _first(self._after, draw, writes=writes)

    def token_fault(self) -> Fault | None:
        """Returns the fault of a token request, if any."""
        return self._token_sampler.sample(self.draw_for("token"), writes=True)

    def delay_s(self) -> float:
        """Returns the latency of the next response."""
        latency = self.faults.latency
        if latency is None or not latency.sigma:
            return latency.median_s if latency else 0.0
        return self._random.lognormvariate(log(latency.median_s), latency.sigma) if latency.median_s else 0.0

    def _is_outage(self, since_s: float) -> bool:
        if (window := self.faults.outage_s) is not None and window[0] <= since_s < window[0] + window[1]:
            return True
        refused = self.faults.outage_requests
        return refused is not None and refused[0] < self._requests <= sum(refused)


def _first(samplers: Iterable[FaultSampler], draw: RandomDraw, *, writes: bool) -> Fault | None:
    """Returns the first fault. Every rule is sampled, so that none depends on the result of another."""
    faults = [one.sample(draw, writes=writes) for one in samplers]
    return next((fault for fault in faults if fault is not None), None)


def whole_seconds(wait_s: float, least_s: int) -> int:
    """Returns the seconds for Retry-After: rounded up, so that a client that obeys is not early."""
    return max(least_s, ceil(wait_s))
