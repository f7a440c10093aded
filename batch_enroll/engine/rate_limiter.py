"""Where workers wait for their turn to send."""

from __future__ import annotations

import time
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Final

import anyio
from anyio.lowlevel import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.pace import Pace, Sample, Turn

_SAME_CLOCK_S: Final = 0.1
_LATEST_S: Final = 0.002  # more than this is a busy loop, not a coarse timer
_COARSE_S: Final = 5e-5  # timers better than this need no help


class RateLimiter:
    """Lets workers through one by one, as the pace allows; first come, first served.

    Timers wake up to a millisecond late, which a strict server would notice: once there is a limit to keep, the last
    stretch of a wait, as long as timers were late before, is spent looking at the clock while other tasks run.
    `changed` is called after a sample changed how fast anybody may go.
    """

    def __init__(self, pace: Pace, changed: Callable[[Sample], None]) -> None:
        self._pace = pace
        self._tell = changed
        self._order = anyio.Lock(fast_acquire=True)
        self._look_again = anyio.Event()
        self._waiting = False
        self._no_limit = False
        self._late_s = 0.0
        self._clock: Callable[[], float] = self._found_clock

    def let_all_through(self) -> None:
        """Lets everybody through at once from now on: the run has stopped and nobody will send."""
        self._no_limit = True
        self._wake()

    def try_acquire(self) -> Turn | None:
        """A turn if the pace has one now and nobody waits for it. Pair with `release` or `release_unused`.

        Those in line who are only about to be woken do not count: to go behind them would keep the line up for ever.
        """
        if not self._waiting and (at := self._pace.start_at(now := self._clock())) is not None and at <= now:
            return self._pace.started(now)
        return None

    async def acquire(self) -> Turn:
        """Waits for this worker's turn. Pair with `release` or `release_unused`."""
        if (turn := self.try_acquire()) is not None:
            return turn
        async with self._order:
            return await self._first_in_line()

    async def _first_in_line(self) -> Turn:
        self._waiting = True
        try:
            while (at := self._pace.start_at(now := self._clock())) is None or at > now:
                if self._no_limit:
                    break
                await self._wait(at, now)
        finally:
            self._waiting = False
        return self._pace.started(now)

    def release(self, turn: Turn, sample: Sample, retry_after_s: float | None) -> float:
        """Gives the turn back, with what the request told of the server; the seconds it took."""
        now = self._clock()
        if self._pace.ended(turn, now, sample, retry_after_s):
            self._tell(sample)
        if self._waiting:
            self._wake()
        return now - turn.at

    def release_unused(self, turn: Turn) -> None:
        """Gives the turn back; nothing was sent, or nobody heard what came of it."""
        self._pace.unused(turn)
        self._wake()

    async def _wait(self, at: float | None, now: float) -> None:
        """Waits until about `at`, or until something has changed."""
        if at is None:
            await self._look_again.wait()
        elif at - now <= (late_s := 0.0 if self._pace.rate_per_s is None else self._late_s):
            await checkpoint()
        else:
            wake_at = at - late_s
            with anyio.move_on_after(wake_at - now) as timer:
                await self._look_again.wait()
            if timer.cancelled_caught:
                late_s = self._clock() - wake_at
                self._late_s = min(_LATEST_S, max(late_s, 0.99 * self._late_s)) if late_s > _COARSE_S else 0.0

    def _found_clock(self) -> float:
        """The loop's clock; the one behind it if that is finer (uvloop's has milliseconds)."""
        finer = abs(time.monotonic() - anyio.current_time()) < _SAME_CLOCK_S
        self._clock = time.monotonic if finer else get_running_loop().time
        return self._clock()

    def _wake(self) -> None:
        if self._waiting:
            self._look_again.set()
            self._look_again = anyio.Event()
