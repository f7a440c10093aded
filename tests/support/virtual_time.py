"""An event loop on virtual time, which moves as soon as nothing is ready to run."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock begins at 0 and jumps to the next timer instead of waiting for it.

    Sockets are served as they are on any loop. A loop with neither a timer nor anything ready waits for them in real
    time. Threads are not waited for: time moves past them.
    """

    def __init__(self) -> None:
        self._now_us = 0  # whole microseconds: sums of them are exact, so that tests can compare times
        super().__init__(_NeverWaiting(self._advance))

    def time(self) -> float:
        """Returns the virtual time in seconds."""
        return self._now_us / 1_000_000

    def _advance(self, seconds: float) -> None:
        self._now_us += max(1, round(seconds * 1_000_000))  # less than one would leave the timer waiting for ever


class _NeverWaiting(selectors.DefaultSelector):
    """A selector that reports instead of waiting, so that the loop looks at its timers again."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Returns what is ready; when nothing is, and a timer is to come, time has moved by `timeout`."""
        if timeout is None:
            return super().select()
        ready = super().select(0)
        if not ready and timeout > 0:
            self._advance(timeout)
        return ready
