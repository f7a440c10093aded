"""What goes wrong on the way, as plain values, and the seeded weather that lets it. Pure: time is an argument."""

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
_ROUNDING: Final = 1e-9  # of a token; a client that waits exactly as long as it must is not refused for float dust


class Kind(Enum):
    """What becomes of one request."""

    THROTTLED = auto()
    ERROR = auto()
    FORBIDDEN = auto()
    REFUSED_TOKEN = auto()
    LOST = auto()
    TRUNCATED = auto()
    HTML = auto()


class Reach(Enum):
    """Which requests a mishap can meet."""

    ALL = auto()
    WRITES = auto()
    READS = auto()


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that goes wrong for some of the requests.

    Args:
        name: tells its dice from another's.
        percent: of the requests, 0-100.
        kind: what becomes of the request.
        statuses: one of them is answered; empty for the handler's own.
        after: whether the request was carried out before.
        reach: which requests it can meet.
        run: how many requests in a row it meets once it began.
        retry_after: the form of Retry-After instead of the switch's.
    """

    name: str
    percent: float
    kind: Kind
    statuses: tuple[int, ...] = ()
    after: bool = False
    reach: Reach = Reach.ALL
    run: int = 1
    retry_after: RetryAfter | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long an answer takes: log-normal around the median, and always the median when `sigma` is 0."""

    median_s: float
    sigma: float = 0.0


@dataclass(frozen=True, slots=True)
class Faults:
    """All that a server can be asked to do wrong.

    Args:
        mishaps: by chance.
        rate_per_s: requests a second that it takes; 0 is without limit.
        burst: how many at once.
        in_flight_cap: how many at the same time; 0 is without limit.
        outage_s: start after the first API request, and length, in seconds.
        outage_requests: how many requests pass before the outage, and how many it swallows.
        latency: of the API.
        token_latency_s: of the token endpoint.
        token_5xx_percent: of the token requests.
        token_lifetime_s: instead of the server's own.
        refuse_client: the token endpoint refuses everybody.
        unknown_users, unknown_courses, unknown_schools: percent of the ids.
    """

    mishaps: tuple[Mishap, ...] = ()
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
class Trouble:
    """What befell one request.

    Args:
        kind: of trouble.
        status: of the answer, if the trouble decides that.
        wait_s: how long a throttled client had better wait.
        retry_after: how it is told, if not as the switch says.
    """

    kind: Kind
    status: int = 0
    wait_s: float = 0.0
    retry_after: RetryAfter | None = None


class Bucket:
    """A token bucket that refuses what comes too early and charges nothing for it.

    Args:
        rate_per_s: how fast it fills.
        burst: how much it holds.
    """

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate_per_s, self._burst = rate_per_s, burst
        self._level, self._filled_at = float(burst), 0.0

    def take(self, now_s: float) -> float:
        """0 when the request may pass; else the seconds until one could."""
        gained = max(0.0, now_s - self._filled_at) * self._rate_per_s
        self._level, self._filled_at = min(self._burst, self._level + gained), now_s
        if self._level >= 1 - _ROUNDING:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate_per_s


class Lot:
    """What fate holds for one request: the same for the same request at its same how-manieth time, in any order.

    Args:
        seed: of the weather.
        request: method and path.
        time: how often that request has come, this one included.
    """

    __slots__ = ("_text",)

    def __init__(self, seed: int, request: str, time: int) -> None:
        self._text = f"{seed}:{time}:{request}"

    def draw(self, what: str) -> float:
        """A number from [0, 1) for one question, which no other question's answer depends on."""
        drawn = blake2b(f"{what}:{self._text}".encode(errors="surrogateescape"), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


class Dice:
    """One mishap's own dice, so that adding another changes nothing for this one."""

    def __init__(self, mishap: Mishap) -> None:
        self.mishap = mishap
        self._left = 0

    def meets(self, lot: Lot, *, writes: bool) -> Trouble | None:
        """What it does to a request. A run of them, once begun, meets those that come next, whichever they are."""
        mishap = self.mishap
        if mishap.reach is not Reach.ALL and writes is not (mishap.reach is Reach.WRITES):
            return None
        if self._left == 0 and lot.draw(mishap.name) * 100 < mishap.percent:
            self._left = mishap.run
        if self._left == 0:
            return None
        self._left -= 1
        statuses = mishap.statuses
        status = statuses[int(lot.draw(f"{mishap.name} status") * len(statuses))] if statuses else 0
        return Trouble(mishap.kind, status, retry_after=mishap.retry_after)


class Weather:
    """Faults with a seed: what befalls each request.

    Args:
        faults: what can go wrong.
        seed: the same seed brings the same troubles by chance to the same requests, in whatever order they come.
    """

    def __init__(self, faults: Faults, seed: int = 0) -> None:
        self.faults = faults
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        faults, seed = self.faults, self._seed
        self._before = [Dice(mishap) for mishap in faults.mishaps if not mishap.after]
        self._after = [Dice(mishap) for mishap in faults.mishaps if mishap.after]
        self._times: Counter[int] = Counter()  # by the hash of a request: half a million of them fit
        self._bucket = Bucket(faults.rate_per_s, faults.burst) if faults.rate_per_s else None
        self._random = random.Random(f"{seed}:latency")  # noqa: S311 - a rehearsal that can be repeated
        self._token_dice = Dice(Mishap("token-5xx", faults.token_5xx_percent, Kind.ERROR, GATEWAY_STATUSES))
        self._requests = 0
        self._began_s: float | None = None

    def arrival(self, now_s: float, in_flight: int) -> Trouble | None:
        """What a limiter before the API does to a request; `in_flight` counts it too."""
        self._requests += 1
        if self._began_s is None:
            self._began_s = now_s
        if self._is_out(now_s - self._began_s):
            return Trouble(Kind.ERROR, 503)
        if self.faults.in_flight_cap and in_flight > self.faults.in_flight_cap:
            return Trouble(Kind.THROTTLED, 429)
        if self._bucket is not None and (wait_s := self._bucket.take(now_s)):
            return Trouble(Kind.THROTTLED, 429, wait_s)
        return None

    def lot(self, request: str) -> Lot:
        """The lot of a request that got as far as the API itself; to be drawn once for each."""
        at = hash(request)
        self._times[at] += 1
        return Lot(self._seed, request, self._times[at])

    def before(self, lot: Lot, *, writes: bool) -> Trouble | None:
        """What keeps the API from doing what was asked."""
        return _first(self._before, lot, writes=writes)

    def after(self, lot: Lot, *, writes: bool) -> Trouble | None:
        """What becomes of the answer when the deed is done."""
        return _first(self._after, lot, writes=writes)

    def token_trouble(self) -> Trouble | None:
        """What befalls a token request."""
        return self._token_dice.meets(self.lot("token"), writes=True)

    def delay_s(self) -> float:
        """How long the next answer takes."""
        latency = self.faults.latency
        if latency is None or not latency.sigma:
            return latency.median_s if latency else 0.0
        return self._random.lognormvariate(log(latency.median_s), latency.sigma) if latency.median_s else 0.0

    def _is_out(self, since_s: float) -> bool:
        if (window := self.faults.outage_s) is not None and window[0] <= since_s < window[0] + window[1]:
            return True
        swallowed = self.faults.outage_requests
        return swallowed is not None and swallowed[0] < self._requests <= sum(swallowed)


def _first(dice: Iterable[Dice], lot: Lot, *, writes: bool) -> Trouble | None:
    """The first trouble. Every die is thrown, so that none depends on another's luck."""
    troubles = [one.meets(lot, writes=writes) for one in dice]
    return next((trouble for trouble in troubles if trouble is not None), None)


def whole_seconds(wait_s: float, least_s: int) -> int:
    """What Retry-After says: rounded up, so that a client that obeys is not early."""
    return max(least_s, ceil(wait_s))
