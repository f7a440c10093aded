"""Work that is given up when a signal or the deadline comes first, on virtual time."""

from __future__ import annotations

from signal import SIGINT, SIGTERM

import anyio
import pytest
from support.fakes import Remembering, SignalsAt, struck

from batch_enroll.core.errors import AuthRefusedError
from batch_enroll.core.events import Stopping
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.engine import EngineResult, run_until_stopped

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


async def ended(
    work_s: float, *, deadline_s: float | None = None, signals: SignalsAt | None = None
) -> tuple[EngineResult | None, list[str]]:
    """How work of so many seconds ended, and what was told of it."""
    sink = Remembering()

    async def work() -> None:
        await struck(work_s)

    async def deadline() -> None:
        await struck(deadline_s)

    ending = await run_until_stopped(work, aiter(signals or SignalsAt([])), deadline, sink)
    return ending, [event.reason for event in sink.of(Stopping)]


async def test_work_that_is_done_first_is_done() -> None:
    assert await ended(5, deadline_s=6, signals=SignalsAt([(7, SIGINT)])) == (None, [])
    assert anyio.current_time() == pytest.approx(5)


async def test_a_deadline_that_comes_first_ends_it_at_once() -> None:
    ending, told = await ended(3_600, deadline_s=2)
    assert ending == EngineResult(HaltReason.DEADLINE, "its deadline had come")
    assert told == ["deadline"]
    assert anyio.current_time() == pytest.approx(2)


async def test_a_signal_that_comes_first_ends_it_at_once_and_is_the_reason() -> None:
    ending, told = await ended(3_600, deadline_s=1, signals=SignalsAt([(1, SIGTERM), (1, SIGINT)]))
    assert ending == EngineResult(HaltReason.INTERRUPTED, "stopped by SIGTERM", SIGTERM)
    assert told == ["interrupted"]


async def test_work_that_fails_says_why_in_its_own_words() -> None:
    async def work() -> None:
        raise AuthRefusedError("refused")

    with pytest.raises(AuthRefusedError, match="refused"):
        await run_until_stopped(work, aiter(SignalsAt([])), anyio.sleep_forever, Remembering())
