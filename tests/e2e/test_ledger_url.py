"""The ledger in PostgreSQL, through the real command: for machines that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import anyio
import pytest
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    class Server(Protocol):
        def schema_url(self) -> str: ...


pytestmark = pytest.mark.asyncio


async def test_another_machine_goes_on_with_what_one_began(tmp_path: Path, postgres: Server) -> None:
    ledger = postgres.schema_url()
    roster = write_csv(tmp_path / "term.csv", term(600))
    async with desk(tmp_path, "latency-ms=20") as at:
        async with at.started(
            "run", str(roster), "--rate", "50", "--ledger-url", ledger, "--state", "first"
        ) as process:
            with anyio.fail_after(60):
                while len(at.sandbox.school.enroll_writes) < 50:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.02)
            second = await at.run(str(roster), "--ledger-url", ledger, "--state", "second")
            process.kill()
            await process.communicate()
        rest = await at.call("resume", "--json", "--ledger-url", ledger, "--state", "third")
        listed = await at.call("runs", "--json", "--ledger-url", ledger)
        writes = at.sandbox.school.enroll_writes
        assert len(writes) == writes.total() == 600
    assert second.status == 6
    assert f"process {process.pid}" in second.err
    assert (rest.status, rest.summary["outcomes"]["enrolled"]) == (0, 600)
    assert [run["exit_status"] for run in listed.summary["runs"]] == [0]
    assert not (tmp_path / "first").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://clerk:hunter2@127.0.0.1:1/rosters", "mysql://clerk:hunter2@db/rosters", "clerk:hunter2@db"]
)
async def test_a_ledger_that_cannot_be_had_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    roster = write_csv(tmp_path / "term.csv", term(2))
    async with desk(tmp_path) as at:
        done = await at.run(str(roster), "--ledger-url", url)
        assert at.sandbox.school.active_enrollments() == []
    assert done.status in {2, 6}
    assert "ledger" in done.err
    assert "hunter2" not in done.err + done.out
