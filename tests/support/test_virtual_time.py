"""The loop that other tests rely on: time moves at once, exactly, and only when there is nothing else to do."""

from __future__ import annotations

import asyncio
import socket

import anyio
import pytest

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


async def test_time_begins_at_zero_and_jumps_to_each_timer_exactly() -> None:
    seen = []
    for pause_s in (0.1, 0.2, 86_400.0, 1e-7):
        await asyncio.sleep(pause_s)
        seen.append(asyncio.get_running_loop().time())
    assert seen == [0.1, 0.3, 86_400.3, 86_400.300001]


async def test_concurrent_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *pauses: float) -> None:
        for pause_s in pauses:
            await anyio.sleep(pause_s)
            woken.append((name, anyio.current_time()))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sleeper, "a", 2, 2)
        tasks.start_soon(sleeper, "b", 1, 2)
    assert woken == [("b", 1), ("a", 2), ("b", 3), ("a", 4)]


async def test_time_stands_still_while_tasks_are_ready() -> None:
    async def busy() -> None:
        for _ in range(1_000):
            await asyncio.sleep(0)

    with anyio.fail_after(0.001):
        await busy()
    assert anyio.current_time() == 0


async def test_a_deadline_ends_what_waits_for_ever() -> None:
    with anyio.move_on_after(30) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert anyio.current_time() == 30


async def test_sockets_are_served_before_time_moves() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        theirs.send(b"x")
        async with asyncio.timeout(1):
            assert await asyncio.get_running_loop().sock_recv(ours, 1) == b"x"
    assert anyio.current_time() == 0


async def test_without_a_timer_a_thread_is_waited_for_in_real_time() -> None:
    assert await asyncio.to_thread(lambda: 7) == 7
    assert anyio.current_time() == 0
