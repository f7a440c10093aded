"""Models of servers with limits, for the laboratory.

A new model is a class with `arrive`, which says what becomes of a request that arrives `now`, and `capacity`, which
says how many requests a second an oracle that knows everything gets answered at that time:

    class EveryTenth(Server):
        def __init__(self) -> None:
            self.count = 0

        def arrive(self, now: float) -> Decision:
            self.count += 1
            return Decision(201 if self.count % 10 else 429)

`self.in_flight` (this request included) and `self.random` (seeded) are there. Register it in MODELS.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DUST_S: Final = 5e-6  # of rounding in times, which no real clock would show
CEILING: Final = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request: its status (0: no answer at all), the time it takes, and Retry-After."""

    status: int = 201
    latency_s: float = 0.1
    retry_after_s: float | None = None


class Server:
    """A server's limits. Subclasses say what arrives and what an oracle gets."""

    latency_s = 0.1
    refusal_s = 0.03
    retry_after_s: float | None = None
    token_s = 0.2
    token_lifetime_s = 3600.0
    in_flight = 0
    random = Random(0)

    def arrive(self, now: float) -> Decision:
        """Returns the answer to a request that arrives now."""
        raise NotImplementedError

    def capacity(self, now: float) -> float:
        """Requests a second that can be answered at this time."""
        raise NotImplementedError

    def refused(self) -> Decision:
        return Decision(429, self.refusal_s, self.retry_after_s)

    def oracle_s(self, rows: int) -> float:
        """Returns the time that an oracle takes."""
        step, now, left = 0.1, 0.0, float(rows)
        while left > 0.0:
            got = self.capacity(now) * step
            if got >= left:
                return now + step * left / got + self.latency_s
            now, left = now + step, left - got
        return now


class Bucket(Server):
    """A token bucket: `rate` a second, `burst` at once; a refused request takes nothing out."""

    def __init__(
        self, rate: float, burst: float = 1.0, retry_after_s: float | None = None, latency_s: float = 0.1
    ) -> None:
        self.rate, self.burst, self.retry_after_s, self.latency_s = rate, burst, retry_after_s, latency_s
        self.tokens, self.at = burst, 0.0

    def arrive(self, now: float) -> Decision:
        rate = self.capacity(now)
        self.tokens = min(self.burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens < 1.0 - DUST_S * rate:
            return self.refused()
        self.tokens -= 1.0
        return Decision(latency_s=self.answer_s(self.random))

    def answer_s(self, draws: Random) -> float:
        """Returns the time that an answer takes."""
        return self.latency_s * draws.uniform(0.9, 1.1)

    def capacity(self, now: float) -> float:
        return self.rate


class TimeOfDay(Bucket):
    """A bucket whose rate is another one every few minutes."""

    def __init__(self, rates: tuple[float, ...], every_s: float, burst: float = 5.0) -> None:
        super().__init__(rates[0], burst)
        self.rates, self.every_s = rates, every_s

    def capacity(self, now: float) -> float:
        return self.rates[int(now / self.every_s) % len(self.rates)]


class HeavyTail(Bucket):
    """Latencies whose slowest percent takes thirty times the median, behind a bucket."""

    def answer_s(self, draws: Random) -> float:
        return min(20.0, self.latency_s * math.exp(draws.gauss(0.0, 1.2)))

    def oracle_s(self, rows: int) -> float:
        """Knowing the limit does not make the last answers come sooner: an oracle has the same luck."""
        draws = Random()
        draws.setstate(self.random.getstate())
        return max(max(0.0, nth - self.burst) / self.rate + self.answer_s(draws) for nth in range(1, rows + 1))


class Outages(Bucket):
    """A bucket that answers 503 to everybody from time to time."""

    def __init__(self, rate: float, every_s: float, lasting_s: float, burst: float = 5.0) -> None:
        super().__init__(rate, burst)
        self.every_s, self.lasting_s = every_s, lasting_s

    def down(self, now: float) -> bool:
        return now % self.every_s >= self.every_s - self.lasting_s

    def arrive(self, now: float) -> Decision:
        return Decision(503, self.refusal_s) if self.down(now) else super().arrive(now)

    def capacity(self, now: float) -> float:
        return 0.0 if self.down(now) else self.rate


class InFlightCap(Server):
    """At most `most` at once, whatever the rate; latencies vary."""

    def __init__(self, most: int, latency_s: float = 0.3, sigma: float = 0.4) -> None:
        self.most, self.latency_s, self.sigma = most, latency_s, sigma

    def arrive(self, now: float) -> Decision:
        if self.in_flight > self.most:
            return self.refused()
        return Decision(latency_s=self.latency_s * math.exp(self.random.gauss(0.0, self.sigma)))

    def capacity(self, now: float) -> float:
        return min(self.most, CEILING) / (self.latency_s * math.exp(self.sigma**2 / 2.0))


class Workers(Server):
    """M/G/c: `workers` serve one after the other, first come, first served; no request is refused, all wait."""

    def __init__(self, workers: int, service_s: float, sigma: float = 0.5) -> None:
        self.workers, self.service_s, self.sigma = workers, service_s, sigma
        self.free_at = [0.0] * workers
        self.latency_s = service_s

    def arrive(self, now: float) -> Decision:
        done = max(now, heapq.heappop(self.free_at)) + self.service_s * math.exp(self.random.gauss(0.0, self.sigma))
        heapq.heappush(self.free_at, done)
        latency_s = done - now
        return Decision(0, 30.0) if latency_s > 30.0 else Decision(latency_s=latency_s)

    def capacity(self, now: float) -> float:
        return self.workers / (self.service_s * math.exp(self.sigma**2 / 2.0))


class Knee(Server):
    """Beyond `knee` in flight every answer gets slower, by a power: more at once is less a second."""

    def __init__(self, knee: int, latency_s: float = 0.2, power: float = 2.0) -> None:
        self.knee, self.latency_s, self.power = knee, latency_s, power

    def arrive(self, now: float) -> Decision:
        load = max(1.0, self.in_flight / self.knee)
        return Decision(latency_s=self.latency_s * load**self.power * self.random.uniform(0.8, 1.2))

    def capacity(self, now: float) -> float:
        return self.knee / self.latency_s


class WindowCounter(Bucket):
    """So many in each fixed span of time; a request that comes too late is refused with the time until the next one."""

    def __init__(self, most: int, span_s: float) -> None:
        super().__init__(most / span_s)
        self.most, self.span_s, self.taken, self.span = most, span_s, 0, 0

    def arrive(self, now: float) -> Decision:
        if (span := int(now / self.span_s)) != self.span:
            self.taken, self.span = 0, span
        if self.taken >= self.most:
            return Decision(429, self.refusal_s, float(math.ceil((span + 1) * self.span_s - now)))
        self.taken += 1
        return Decision(latency_s=self.latency_s)


class Jittery(Bucket):
    """A strict bucket behind a network that delays each request by up to some milliseconds."""

    def arrive(self, now: float) -> Decision:
        return super().arrive(max(self.at, now + self.random.expovariate(1.0 / 0.001)))


class PenaltyBox(Bucket):
    """A bucket that refuses everything for a while after the third refusal in a row."""

    def __init__(self, rate: float, burst: float, penalty_s: float) -> None:
        super().__init__(rate, burst)
        self.penalty_s, self.row, self.shut_until = penalty_s, 0, 0.0

    def arrive(self, now: float) -> Decision:
        if now < self.shut_until:
            return self.refused()
        decision = super().arrive(now)
        self.row = self.row + 1 if decision.status == 429 else 0
        if self.row == 3:
            self.shut_until, self.row = now + self.penalty_s, 0
        return decision


class Dropping(Workers):
    """Workers with a short queue: a request that finds it full gets no answer at all, and times out."""

    def arrive(self, now: float) -> Decision:
        if min(self.free_at) - now > 1.0:
            return Decision(0, 10.0)
        return super().arrive(now)


class Noisy(Bucket):
    """A bucket that refuses one in a hundred for no reason."""

    def arrive(self, now: float) -> Decision:
        return self.refused() if self.random.random() < 0.01 else super().arrive(now)


class SlowTokens(Bucket):
    """A bucket whose tokens live a minute and take five seconds to get."""

    token_s = 5.0
    token_lifetime_s = 65.0

    def oracle_s(self, rows: int) -> float:
        return super().oracle_s(rows) + self.token_s


NOT_TARGETED = frozenset({"300 in 10 s windows", "jittery strict bucket, 50/s", "refuses at random"})  # see `lab`
MODELS: dict[str, Callable[[], Server]] = {
    "strict bucket, 50/s": lambda: Bucket(50.0),
    "strict bucket, 200/s, Retry-After": lambda: Bucket(200.0, retry_after_s=1.0),
    "bucket of 20, 50/s": lambda: Bucket(50.0, 20.0),
    "bucket of 100, 100/s, Retry-After": lambda: Bucket(100.0, 100.0, retry_after_s=1.0),
    "slow bucket, 5/s": lambda: Bucket(5.0, 2.0, latency_s=0.5),
    "10 in flight": lambda: InFlightCap(10),
    "40 in flight": lambda: InFlightCap(40),
    "8 workers": lambda: Workers(8, 0.15),
    "1 worker": lambda: Workers(1, 0.1),
    "knee at 30": lambda: Knee(30),
    "by time of day": lambda: TimeOfDay((50.0, 100.0, 25.0), 300.0),
    "outages": lambda: Outages(50.0, 200.0, 20.0),
    "heavy tail, 60/s": lambda: HeavyTail(60.0, 10.0, latency_s=0.2),
    "300 in 10 s windows": lambda: WindowCounter(300, 10.0),
    "jittery strict bucket, 50/s": lambda: Jittery(50.0),
    "penalty box": lambda: PenaltyBox(50.0, 10.0, 5.0),
    "drops silently": lambda: Dropping(10, 0.2),
    "refuses at random": lambda: Noisy(50.0, 10.0),
    "slow tokens": lambda: SlowTokens(50.0, 5.0),
}
