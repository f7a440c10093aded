"""A service manager stops the process in the middle of everything."""

from __future__ import annotations

from signal import SIGTERM
from typing import TYPE_CHECKING

import anyio
import pytest
from e2e_cli import desk, finished, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400
IN_FLIGHT = 64


@pytest.mark.asyncio
async def test_sigterm_with_64_in_flight_loses_nothing(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(ROWS, courses=2))
    async with desk(tmp_path, "repeat-enroll=new_row", "latency-ms=400") as at:
        writes = at.sandbox.school.enroll_writes
        async with at.started("run", "--json", "--max-in-flight", str(IN_FLIGHT), str(roster)) as process:
            with anyio.fail_after(40):
                while process.returncode is None and at.sandbox.requests.in_flight < IN_FLIGHT:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.01)  # noqa: TID251
            process.send_signal(SIGTERM)
            stopped = await finished(process)
        written = len(writes)
        assert stopped.status == 143, stopped.err
        assert IN_FLIGHT <= written < ROWS
        assert stopped.summary["outcomes"]["enrolled"] == written
        assert stopped.summary["outcomes"]["not_attempted"] == ROWS - written
        resumed = await at.call("resume", "--json", "--max-in-flight", str(IN_FLIGHT))
    assert resumed.status == 0, resumed.err
    assert [row["enroll_outcome"] for row in resumed.rows()] == ["enrolled"] * ROWS
    assert (len(writes), writes.total()) == (ROWS, ROWS)
