"""The OneRoster route, with the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, write_csv

from batch_enroll.sandbox.school import StoredEnrollment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


def row(user: str, class_id: str, status: str = "") -> dict[str, str]:
    course = f"course of {class_id}" if class_id else "math"
    return {"user_id": user, "course_id": course, "school_id": "s", "class_id": class_id, "status": status}


async def test_classes_are_enrolled_withdrawn_and_undone_one_by_one(tmp_path: Path) -> None:
    rows = [row("ann", "a"), row("ann", "b"), row("bob", "a"), row("cid", "")]
    delta = [row("ann", "a", "tobedeleted"), row("ann", "b"), row("dan", "a")]
    async with desk(tmp_path, "lost-after-write=20", seed=3) as at:
        first = await at.run(str(write_csv(tmp_path / "term.csv", rows)), "--via", "oneroster")
        second = await at.run(
            str(write_csv(tmp_path / "delta.csv", delta)), "--via", "oneroster", "--withdraw", "--yes"
        )
        before = {(seat.user_id, seat.class_id) for seat in at.sandbox.school.active_enrollments()}
        shown = await at.call("enrollments", "ann", "--via", "oneroster", "--json")
        plain = await at.call("enrollments", "ann")
        stopped = await at.call("undo", first.summary["run_id"], "--yes", "--json")
        allow = ("--allow", "applied", "--reason", "the delta goes, too")
        other = await at.call("undo", first.summary["run_id"], "--yes", "--via", "edubridge", *allow)
        undone = await at.call("undo", first.summary["run_id"], "--yes", "--json", *allow)
        after = {seat.user_id for seat in at.sandbox.school.active_enrollments()}
    assert (first.status, first.summary["outcomes"]["enrolled"]) == (0, 4)
    assert [line["enroll_outcome"] for line in second.rows()] == ["withdrawn", "already_enrolled", "enrolled"]
    assert {seat for seat in before if seat[0] != "cid"} == {("ann", "b"), ("bob", "a"), ("dan", "a")}
    assert [(seat["class"], seat["role"]) for seat in shown.summary["enrollments"]] == [("b", "student")]
    assert plain.out.splitlines()[0].split() == ["course", "school", "role", "class", "begins", "enrollment"]
    assert len(plain.out.splitlines()) == 2
    assert (stopped.status, other.status) == (5, 2)
    assert (undone.status, undone.summary["outcomes"]["withdrawn"]) == (0, 3)
    assert after == {"dan"}


async def test_what_exists_already_is_already_enrolled_in_whatever_form_the_server_says_so(tmp_path: Path) -> None:
    roster = str(write_csv(tmp_path / "term.csv", [row("ann", "a"), row("bob", "b"), row("cid", "")]))
    async with desk(tmp_path, "duplicate-sourced-id=404", "repeat-post=409", measured=True) as at:
        school = at.sandbox.school
        school.post(
            StoredEnrollment(
                "other", "bob", "course of b", "s", "student", "b", "2026-08-01", {}, "active", "2026-08-01"
            )
        )
        planned = await at.call("plan", roster, "--via", "oneroster", "-o", "plan.json", "--json")
        first = await at.run(roster, "--via", "oneroster")
        counted = at.sandbox.requests.routes.total()
        before = school.active_enrollments()
        again = await at.run(roster, "--via", "oneroster", "--state", "without memory")
        assert school.active_enrollments() == before
    assert [line["enroll_outcome"] for line in first.rows()] == ["enrolled", "already_enrolled", "enrolled"]
    assert [line["enroll_outcome"] for line in again.rows()] == ["already_enrolled"] * 3
    assert planned.summary["requests"] == 4  # one of them for a default class; who knows whom it meets there
    assert first.summary["requests"]["sent"] == counted
