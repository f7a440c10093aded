"""The workers: as many awake as requests may be in flight, and others in the place of those that wait."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from anyio.abc import TaskGroup


class WorkerPool:
    """Tasks that all do `work`, which ends when there is none left, or when the crew is `oversized`.

    A row that waits for its next attempt must not hold up the others, so another worker takes the place of the one
    that carries it. Having more of them from the start would make them stand in line for each start.

    Args:
        at_once: workers awake.
        most: workers in all.
        work: what one of them does.
    """

    def __init__(self, at_once: int, most: int, work: Callable[[], Awaitable[None]]) -> None:
        self._at_once = at_once
        self._most = most
        self._work = work
        self._awake = self._away = 0
        self._tasks: TaskGroup | None = None

    async def run(self) -> None:
        """Returns when every worker has."""
        async with anyio.create_task_group() as self._tasks:
            for _ in range(self._at_once):
                self._start_worker(self._tasks)

    @property
    def oversized(self) -> bool:
        """Whether a worker between two rows may go home: those who were away are back."""
        return self._awake > self._at_once

    @contextmanager
    def replaced_while_waiting(self) -> Iterator[None]:
        """While a worker waits, another one stands in for it."""
        self._awake -= 1
        self._away += 1
        if self._tasks is not None and self._awake < self._at_once and self._awake + self._away < self._most:
            self._start_worker(self._tasks)
        try:
            yield
        finally:
            self._away -= 1
            self._awake += 1

    def _start_worker(self, tasks: TaskGroup) -> None:
        self._awake += 1
        tasks.start_soon(self._one)

    async def _one(self) -> None:
        try:
            await self._work()
        finally:
            self._awake -= 1
