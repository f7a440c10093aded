"""Where workers wait for their turn to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.pace import Pace, Sample


class Turnstile:
    """Lets workers through one by one, as the pace allows; first come, first served.

    `changed` is called after a sample changed how fast anybody may go.
    """

    def __init__(self, pace: Pace, changed: Callable[[Sample], None]) -> None:
        self._pace = pace
        self._tell = changed
        self._order = anyio.Lock(fast_acquire=True)
        self._look_again = anyio.Event()
        self._waiting = False
        self._open = False

    def open(self) -> None:
        """Lets everybody through at once from now on: the run has stopped and nobody will send."""
        self._open = True
        self._wake()

    async def enter(self) -> float:
        """Waits for this worker's turn; the time of its start. Pair with `leave` or `leave_unused`."""
        async with self._order:
            self._waiting = True
            while (at := self._pace.start_at(now := anyio.current_time())) is None or at > now:
                if self._open:
                    break
                with anyio.move_on_after(None if at is None else at - now):
                    await self._look_again.wait()
            self._waiting = False
            self._pace.started(now)
            return now

    def leave(self, started_at: float, sample: Sample, retry_after_s: float | None) -> None:
        """Gives the turn back, with what the request told of the server."""
        if self._pace.ended(started_at, anyio.current_time(), sample, retry_after_s):
            self._tell(sample)
        self._wake()

    def leave_unused(self) -> None:
        """Gives the turn back; nothing was sent, or nobody heard what came of it."""
        self._pace.unused()
        self._wake()

    def _wake(self) -> None:
        if self._waiting:
            self._look_again.set()
            self._look_again = anyio.Event()
