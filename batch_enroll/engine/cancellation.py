"""Work that changes nothing on the server, given up when a signal or the deadline comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from batch_enroll.core.errors import BatchEnrollError
from batch_enroll.core.events import Stopping
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.engine.engine import DEADLINE_CAME, EngineResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from signal import Signals

    from batch_enroll.ports import EventSink


async def run_until_stopped(
    work: Callable[[], Awaitable[None]],
    signals: AsyncIterator[Signals],
    deadline: Callable[[], Awaitable[None]],
    sink: EventSink,
) -> EngineResult | None:
    """None when `work` is done; if a signal or the return of `deadline` comes first, how it ended.

    Raises:
        BatchEnrollError: as `work`.
    """
    race = _Race(sink)
    async with anyio.create_task_group() as tasks:
        race.over = tasks.cancel_scope.cancel
        tasks.start_soon(race.listen, signals)
        tasks.start_soon(race.watch, deadline)
        tasks.start_soon(race.do, work)
    if race.failure is not None:
        raise race.failure
    return race.ending


@dataclass(slots=True)
class _Race:
    """Three that run beside each other; what the first of them comes to, counts."""

    sink: EventSink
    over: Callable[[], None] = lambda: None
    ended: bool = False
    ending: EngineResult | None = None
    failure: BatchEnrollError | None = None

    async def do(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except BatchEnrollError as error:
            self.failure = error
        self.ended = True
        self.over()

    async def listen(self, signals: AsyncIterator[Signals]) -> None:
        async for signal in signals:
            self._stop(
                EngineResult(HaltReason.INTERRUPTED, f"stopped by {signal.name}", signal), HaltReason.INTERRUPTED
            )

    async def watch(self, deadline: Callable[[], Awaitable[None]]) -> None:
        await deadline()
        self._stop(EngineResult(HaltReason.DEADLINE, DEADLINE_CAME), HaltReason.DEADLINE)

    def _stop(self, ending: EngineResult, reason: HaltReason) -> None:
        if not self.ended:
            self.ended, self.ending = True, ending
            self.sink.emit(Stopping(reason.value))
            self.over()
