"""What stops work from outside: a signal, or the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import anyio

from batch_enroll.core.verdict.attempt_state import HaltReason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from signal import Signals

_DEADLINE: Final = "its deadline had come"


class StopHandler(Protocol):
    """Stops the work that is watched."""

    def __call__(self, reason: HaltReason, detail: str, signal: Signals | None = None) -> None:
        """Takes a reason, the same in a sentence, and the signal if there was one; called again for each signal."""


async def watch_for_stop(
    signals: AsyncIterator[Signals], deadline: Callable[[], Awaitable[None]], stop: StopHandler
) -> None:
    """Calls `stop` for each signal, and when `deadline` returns; cancel it when the work is done."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch_deadline, deadline, stop)
        async for signal in signals:
            stop(HaltReason.INTERRUPTED, f"stopped by {signal.name}", signal)


async def _watch_deadline(deadline: Callable[[], Awaitable[None]], stop: StopHandler) -> None:
    await deadline()
    stop(HaltReason.DEADLINE, _DEADLINE)
