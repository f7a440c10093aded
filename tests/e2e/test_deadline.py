"""Stopping by the clock, by the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def test_a_deadline_ends_a_run_well_and_it_can_be_gone_on_with(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(1_500))
    async with desk(tmp_path, "latency-ms=20") as at:
        first = await at.run(str(roster), "--deadline", "1.5s")
        left = first.rows("failed")
        rest = await at.call("resume", "--json")
        writes = at.sandbox.school.enroll_writes
        assert len(writes) == writes.total() == 1_500
    enrolled = first.summary["outcomes"]["enrolled"]
    assert first.status == 1
    assert 0 < enrolled < 1_500
    assert first.summary["outcomes"]["not_attempted"] == 1_500 - enrolled
    assert {row["enroll_code"] for row in left} == {"N105"}
    assert first.summary["ending"] == "its deadline had come"
    assert rest.status == 0
    assert rest.summary["outcomes"]["enrolled"] == 1_500


async def test_requests_that_outlast_the_grace_time_are_looked_up_when_going_on(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(30))
    async with desk(tmp_path, "latency-ms=4000") as at:
        first = await at.run(str(roster), "--deadline", "1s", "--grace", "0.2")
    assert first.status == 1
    assert (first.summary["outcomes"]["unknown"], first.summary["outcomes"]["not_attempted"]) == (1, 29)
    assert {row["enroll_code"] for row in first.rows("failed")} == {"N105", "E402"}


async def test_a_deadline_ends_a_sync_that_still_compares_and_nothing_is_sent(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(3))
    async with desk(tmp_path, "latency-ms=60000") as at:
        done = await at.call("sync", "term.csv", "--deadline", "1s", "--json")
        assert at.sandbox.requests.routes.total() > 0
        assert at.sandbox.school.active_enrollments() == []
    assert done.status == 1
    assert "the deadline passed before the roster was compared with the server; nothing was sent" in done.err


@pytest.mark.parametrize(("flag", "value"), [("--deadline", "noon"), ("--grace", "long")])
async def test_a_deadline_that_cannot_be_read_is_told_before_anything_is_sent(
    tmp_path: Path, flag: str, value: str
) -> None:
    roster = write_csv(tmp_path / "term.csv", term(2))
    async with desk(tmp_path) as at:
        done = await at.run(str(roster), flag, value)
        assert at.sandbox.school.active_enrollments() == []
    assert done.status == 2
    assert f"flag {flag}" in done.err
