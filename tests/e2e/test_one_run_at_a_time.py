"""Two runs with the same ledger and server cannot overlap."""

from __future__ import annotations

from signal import SIGINT
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import desk, finished, term, write_csv

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.e2e_cli import Desk

from contextlib import asynccontextmanager

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def under_way(at: Desk, roster: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A run that has sent something and will go on for long."""
    async with at.started("run", "--json", str(roster)) as process:
        with anyio.fail_after(60):
            while not at.sandbox.school.enroll_writes:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.02)
        yield process


async def test_a_second_run_is_refused_with_6_and_sends_nothing(tmp_path: Path) -> None:
    long, short = write_csv(tmp_path / "long.csv", term(5_000)), write_csv(tmp_path / "short.csv", term(3))
    async with desk(tmp_path, "latency-ms=100") as at, under_way(at, long) as process:
        second = await at.run(str(short))
        rehearsal = await at.run(str(short), "--dry-run")
        process.send_signal(SIGINT)
        first = await finished(process)
    assert second.status == 6
    assert f"process {process.pid}" in second.err
    assert "ago" in second.err
    assert rehearsal.status == 0
    assert first.status == 130
    assert len(list((tmp_path / "batch-enroll-runs").glob("*-short*"))) == 1  # the dry run's


async def test_a_killed_run_keeps_nobody_out(tmp_path: Path) -> None:
    long, short = write_csv(tmp_path / "long.csv", term(5_000)), write_csv(tmp_path / "short.csv", term(3))
    async with desk(tmp_path, "latency-ms=100") as at:
        async with under_way(at, long) as process:
            process.kill()
            await process.communicate()
        done = await at.run(str(short))
    assert done.status == 0
