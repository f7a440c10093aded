"""Rows on their way to the workers: read ahead batch by batch, and let through the gate one by one."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import anyio
import anyio.to_thread

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.events import RowSettled, RowsRead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.model import EnrollmentRequest, Outcome, PlannedRow
    from batch_enroll.core.planning.probe_gate import Admitted, ProbeGate
    from batch_enroll.ports import EventSink

T = TypeVar("T")

_LOW: Final = 250  # rows left when the next batch is read ahead


class BatchSource(Protocol):
    """Rows read, planned and claimed in the ledger, batch by batch; called in the ledger's thread."""

    def next_batch(self, instead: Outcome | None) -> Sequence[PlannedRow]:
        """The next rows; empty at the end. With `instead`, rows that would be sent are settled with it.

        Raises:
            RosterError: the roster cannot be read any further; every row before was handed out.
            RunStoppedError: once, where a guard stops the run; every row before was handed out, the next call goes on.
        """


class BlockingRunner(Protocol):
    """Does blocking work beside the event loop, one piece at a time."""

    async def __call__(self, verb: Callable[[], T]) -> T:
        """What `verb` returns or raises; not cancelled halfway."""


class SingleThreadRunner:
    """An Aside in a worker thread; never two pieces at once, since a ledger is used by one thread at a time."""

    def __init__(self) -> None:
        self._one = anyio.CapacityLimiter(1)

    async def __call__(self, verb: Callable[[], T]) -> T:
        """What `verb` returns or raises; not cancelled halfway."""
        return await anyio.to_thread.run_sync(verb, limiter=self._one)


class RowQueue:
    """The one iterator that all workers share."""

    def __init__(self, gate: ProbeGate, sink: EventSink, run_blocking: BlockingRunner) -> None:
        self._gate = gate
        self._sink = sink
        self._run_blocking = run_blocking
        self._queue: deque[EnrollmentRequest] = deque()
        self._admitted: deque[Admitted] = deque()
        self._fed, self._refill = anyio.Event(), anyio.Event()
        self.all_read = anyio.Event()
        self._needs_rows = self._over = False  # the events' states, which each row asks for

    async def read(
        self, planning: BatchSource, instead: Callable[[], Outcome | None], halt: Callable[[RunStoppedError], None]
    ) -> None:
        """Reads the roster to its end, a little ahead of the workers; at once when `instead` says what rows get.

        `halt` is told what stops the run from within the roster; after it `instead` has an outcome for the rest.

        Raises:
            RosterError: the roster breaks off; every row before it was handed out.
        """
        try:
            while rows := await self._next_batch(planning, instead, halt):
                self._take(rows)
                if self._ahead() > _LOW and instead() is None:
                    self._needs_rows, self._refill = False, anyio.Event()
                    await self._refill.wait()
        finally:
            self._over = True
            self.all_read.set()
            self._wake()

    async def _next_batch(
        self, planning: BatchSource, instead: Callable[[], Outcome | None], halt: Callable[[RunStoppedError], None]
    ) -> Sequence[PlannedRow]:
        try:
            return await self._run_blocking(partial(planning.next_batch, instead()))
        except RunStoppedError as error:
            halt(error)
        return await self._run_blocking(partial(planning.next_batch, instead()))

    async def next(self) -> Admitted | None:
        """The next row whose turn has come; None when there will be no more."""
        while True:
            if not self._needs_rows and self._ahead() <= _LOW:
                self.refill_now()
            if self._admitted:
                return self._admitted.popleft()
            if self._queue:
                if (admitted := self._gate.admit(self._queue.popleft())) is not None:
                    return admitted
            elif self._over and self._gate.held == 0:
                return None
            else:
                await self._fed.wait()

    def settled(self, request: EnrollmentRequest, outcome: Outcome) -> None:
        """Lets the rows through that waited for this one."""
        released = self._gate.note_outcome(request, outcome)
        self._admitted.extend(released)
        if released or self._over:
            self._wake()

    def refill_now(self) -> None:
        """Reads on at once."""
        self._needs_rows = True
        self._refill.set()

    def unstarted(self) -> list[EnrollmentRequest]:
        """Rows that were read ahead and never handed to a worker."""
        return [*self._queue, *(admitted.request for admitted in self._admitted), *self._gate.drain()]

    def _take(self, rows: Sequence[PlannedRow]) -> None:
        self._queue.extend([row.request for row in rows if row.request is not None])
        settled = [(row.row_no, row.outcome) for row in rows if row.outcome is not None]
        self._sink.emit(RowsRead(len(rows), len(settled)))
        for row_no, outcome in settled:
            self._sink.emit(RowSettled(row_no, outcome, 0.0))
        self._wake()

    def _ahead(self) -> int:
        return len(self._queue) + len(self._admitted) + self._gate.held

    def _wake(self) -> None:
        self._fed.set()
        self._fed = anyio.Event()
