"""Workers that wait are stood in for, on virtual time."""

from __future__ import annotations

import anyio
import pytest

from batch_enroll.engine.worker_pool import WorkerPool

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


class Pieces:
    """Work that takes a second a piece, and of some pieces a wait of a minute before that."""

    def __init__(self, pieces: int, waiting: frozenset[int] = frozenset()) -> None:
        self._pieces = iter(range(pieces))
        self._waiting = waiting
        self.pool = WorkerPool(2, 5, self._work)
        self.done: dict[int, float] = {}
        self.busy = self.most_busy = 0

    async def carried(self) -> dict[int, float]:
        """When each piece was done, after all of them were."""
        began = anyio.current_time()
        await self.pool.run()
        return {piece: at - began for piece, at in self.done.items()}

    async def _work(self) -> None:
        while not self.pool.oversized and (piece := next(self._pieces, None)) is not None:
            if piece in self._waiting:
                with self.pool.replaced_while_waiting():
                    await anyio.sleep(60)  # noqa: TID251 - virtual time
            self.busy += 1
            self.most_busy = max(self.busy, self.most_busy)
            await anyio.sleep(1)  # noqa: TID251 - virtual time
            self.busy -= 1
            self.done[piece] = anyio.current_time()


async def test_no_more_are_at_work_than_may_be_at_once() -> None:
    pieces = Pieces(6)
    assert list((await pieces.carried()).values()) == [1, 1, 2, 2, 3, 3]
    assert pieces.most_busy == 2


async def test_who_waits_holds_up_nobody() -> None:
    pieces = Pieces(6, waiting=frozenset({0, 1}))
    done = await pieces.carried()
    assert [done[piece] for piece in (2, 3, 4, 5)] == [1, 1, 2, 2]
    assert [done[piece] for piece in (0, 1)] == [61, 61]


async def test_no_more_than_the_crew_wait() -> None:
    pieces = Pieces(6, waiting=frozenset(range(6)))
    assert list((await pieces.carried()).values()) == [61, 61, 61, 61, 61, 122]


async def test_those_who_come_back_find_their_places_taken_and_finish_only_what_they_carry() -> None:
    pieces = Pieces(200, waiting=frozenset({0, 1}))
    done = await pieces.carried()
    assert len(done) == 200
    assert pieces.most_busy <= 4
    assert sum(at > 62 for at in done.values()) <= 2 * (max(done.values()) - 62) + 1e-6
