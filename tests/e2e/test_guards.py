"""Guards at the real command: they stop it before anything is sent, and are overruled for one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def test_an_export_that_came_half_empty_sends_nothing_until_it_is_said_why(tmp_path: Path) -> None:
    roster = tmp_path / "export.csv"
    async with desk(tmp_path) as at:
        write_csv(roster, term(100))
        first = await at.run("export.csv")
        write_csv(roster, [{**row, "course_id": "other"} for row in term(40)])
        seen = await at.call("check", "export.csv", "--json")
        stopped = await at.run("export.csv")
        assert len(at.sandbox.school.active_enrollments()) == 100
        allowed = await at.run("export.csv", "--allow", "shrunk", "--reason", "the annex closed")
        again = await at.run("export.csv")
        told = await at.call("show", allowed.summary["run_id"])

    assert (first.status, seen.status, stopped.status, allowed.status, again.status) == (0, 5, 5, 0, 5)
    assert [guard["guard"] for guard in seen.summary["guards"] if guard["stops"]] == ["shrunk"]
    assert f"40 rows, where run {first.summary['run_id']} read 100" in stopped.summary["error"]
    assert allowed.summary["facts"]["allowed"][0]["reason"] == "the annex closed"
    assert "the annex closed" in " ".join(told.out.split())
    assert f"where run {first.summary['run_id']} read 100" in again.summary["error"]  # the limit is where it was


async def test_a_course_typed_into_every_row_is_held_back_by_the_limit_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "batch-enroll.toml").write_text("[guards]\ncourse_students = 30\n", encoding="utf-8")
    write_csv(tmp_path / "export.csv", term(31, courses=1))
    async with desk(tmp_path) as at:
        stopped = await at.run("export.csv")
        seen = await at.call("check", "export.csv")
        assert at.sandbox.school.active_enrollments() == []
    assert (stopped.status, seen.status) == (5, 5)
    assert 'course "course-0" at school "0042" takes more than 30 students' in stopped.err
    assert "A run would be stopped: crowded" in seen.out
    assert not (tmp_path / "batch-enroll-runs").exists()


async def test_a_roster_that_came_half_empty_since_the_run_began_is_gone_on_with_only_when_it_is_said_why(
    tmp_path: Path,
) -> None:
    roster = tmp_path / "export.csv"
    async with desk(tmp_path, measured=True) as at:
        write_csv(roster, [*term(100), *({**row, "user_id": ""} for row in term(1))])
        again = await at.run("export.csv")
        write_csv(roster, term(40))
        stopped = await at.call("resume", again.summary["run_id"], "--accept-changes", "--json")
        allow = ("--allow", "shrunk", "--reason", "the annex closed")
        allowed = await at.call("resume", again.summary["run_id"], "--accept-changes", "--json", *allow)
    assert (stopped.status, allowed.status) == (5, 0)
    assert "40 rows, where run" in stopped.summary["error"]
    assert [each["reason"] for each in allowed.summary["facts"]["allowed"]] == ["the annex closed"]
