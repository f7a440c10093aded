"""Work that changes nothing on the server, and is given up when a signal or the deadline comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from batch_enroll.core.errors import BatchEnrollError
from batch_enroll.core.events import Stopping
from batch_enroll.engine.engine import EngineResult
from batch_enroll.engine.stop_triggers import watch_for_stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from signal import Signals

    from batch_enroll.core.verdict.attempt_state import HaltReason
    from batch_enroll.ports import EventSink


async def run_until_stopped(
    work: Callable[[], Awaitable[None]],
    signals: AsyncIterator[Signals],
    deadline: Callable[[], Awaitable[None]],
    sink: EventSink,
) -> EngineResult | None:
    """None when `work` is done; the reason of the stop if a signal or the return of `deadline` comes first.

    Raises:
        BatchEnrollError: as `work`.
    """
    race = _Race(sink)
    async with anyio.create_task_group() as tasks:
        race.cancel = tasks.cancel_scope.cancel
        tasks.start_soon(watch_for_stop, signals, deadline, race.stop)
        tasks.start_soon(race.run, work)
    if race.failure is not None:
        raise race.failure
    return race.result


@dataclass(slots=True)
class _Race:
    """The work beside its stop triggers; whichever comes first decides."""

    sink: EventSink
    cancel: Callable[[], None] = lambda: None
    decided: bool = False
    result: EngineResult | None = None
    failure: BatchEnrollError | None = None

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except BatchEnrollError as error:
            self.failure = error
        self.decided = True
        self.cancel()

    def stop(self, reason: HaltReason, detail: str, signal: Signals | None = None) -> None:
        if not self.decided:
            self.decided, self.result = True, EngineResult(reason, detail, signal)
            self.sink.emit(Stopping(reason.value))
            self.cancel()
