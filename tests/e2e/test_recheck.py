"""Seats that earlier runs settled, asked from the server again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, term, write_csv

from batch_enroll.sandbox.school import Moment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def test_a_seat_that_was_taken_away_is_enrolled_again_by_a_recheck_only(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(12, courses=3))
    async with desk(tmp_path) as at:
        await at.run(str(roster))
        gone = at.sandbox.school.active_enrollments()[4]
        at.sandbox.school.unenroll(gone.user_id, gone.course_id, None, Moment(datetime(2026, 9, 2, tzinfo=UTC)))
        trusting = await at.run(str(roster))
        rechecked = await at.run(str(roster), "--recheck")
        seats = at.sandbox.school.active_enrollments()
    assert (trusting.summary["outcomes"]["already_enrolled"], trusting.summary["requests"]["sent"]) == (12, 0)
    assert rechecked.status == 0
    assert (rechecked.summary["outcomes"]["already_enrolled"], rechecked.summary["outcomes"]["enrolled"]) == (11, 1)
    assert {row["enroll_code"] for row in rechecked.rows() if row["enroll_outcome"] == "already_enrolled"} == {"A102"}
    assert len(seats) == 12
