"""A plan made and applied, and the server made equal to a roster, by the real command over real HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, term, write_csv
from support.roster_files import write_bundle

from batch_enroll.sandbox import Behaviors
from batch_enroll.sandbox.school import EnrollCall, Moment

if TYPE_CHECKING:
    from pathlib import Path

    from batch_enroll.sandbox import Sandbox

pytestmark = pytest.mark.asyncio
NOW = Moment(datetime(2026, 9, 1, tzinfo=UTC))
WANTED = {(row["user_id"], row["course_id"], "student") for row in term(30, courses=3)}


def has(sandbox: Sandbox) -> set[tuple[str, str, str]]:
    return {(seat.user_id, seat.course_id, seat.role) for seat in sandbox.school.active_enrollments()}


async def test_sync_converges_in_one_run_and_is_empty_in_the_second(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", [*term(30, courses=3)])
    async with desk(tmp_path, "read-lag-s=0.3", "lost-after-write=10", "5xx=5", "unenroll-nobody=404") as at:
        school = at.sandbox.school
        for user, course, role in sorted(WANTED)[:20]:
            school.enroll(EnrollCall(user, course, "0042", role), NOW)
        school.unenroll("000001", "course-1", "0042", NOW)
        school.enroll(EnrollCall("000001", "course-1", "0042", "teacher"), NOW)  # a role that changed
        school.enroll(EnrollCall("000002", "course-2", "0042", "proctor"), NOW)  # a role too many
        school.enroll(EnrollCall("left", "course-1", "0042"), NOW)  # somebody who left
        school.enroll(EnrollCall("left", "homeroom", "0042"), NOW)
        school.enroll(EnrollCall("000003", "course-0", "other"), NOW)
        outside = {("left", "homeroom", "student"), ("000003", "course-0", "student")}
        seen = await at.call("sync", "term.csv", "--dry-run", "--withdraw", "--json")
        refused = await at.call("sync", "term.csv", "--withdraw", "--json")
        before = has(at.sandbox)
        done = await at.call("sync", "term.csv", "--withdraw", "--yes", "--json")
        after = has(at.sandbox)
        again = await at.call("sync", "term.csv", "--withdraw", "--json")
        verified = await at.call("verify", "--json")

        undone = await at.call("undo", done.summary["run_id"], "--yes", "--json")
        left = has(at.sandbox)

    assert (seen.status, refused.status, done.status, again.status, verified.status) == (0, 2, 0, 0, 0)
    assert "3 enrollments would be withdrawn" in refused.summary["error"]
    assert seen.summary["withdrawals"] == 3
    assert before != after == WANTED | outside
    assert done.summary["plan"]["counts"]["role_changes"] == 1
    assert (again.summary["plan"]["enroll"], again.summary["plan"]["withdrawals"]) == (0, 0)
    created = {seat for seat in WANTED if seat not in before}
    assert (undone.status, left) == (0, after - created)  # who was there before stays, also where a sync moved a role


async def test_a_oneroster_delta_withdraws_nothing_that_it_does_not_name(tmp_path: Path) -> None:
    delta = {
        "manifest.csv": "propertyName,value\noneroster.version,1.2\nfile.enrollments,delta\nfile.users,delta\n",
        "classes.csv": "sourcedId,status,courseSourcedId,schoolSourcedId\nk1,active,course-0,0042\n",
        "enrollments.csv": (
            "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role\n"
            "e1,active,k1,0042,000001,student\n"
            "e2,tobedeleted,k1,0042,leaves,student\n"
        ),
    }
    write_bundle(tmp_path / "delta", delta)
    async with desk(tmp_path) as at:
        for user in ("stays", "leaves"):
            at.sandbox.school.enroll(EnrollCall(user, "course-0", "0042"), NOW)
        done = await at.call("sync", "delta", "--withdraw", "--yes", "--json")
        after = has(at.sandbox)
    assert done.status == 0
    assert (done.summary["plan"]["enroll"], done.summary["plan"]["withdrawals"]) == (1, 1)
    assert after == {("000001", "course-0", "student"), ("stays", "course-0", "student")}


async def test_writes_that_a_sync_lost_have_failed_and_the_next_one_sends_them(tmp_path: Path) -> None:
    (tmp_path / "batch-enroll.toml").write_text("verify_within_s = 0\n", encoding="utf-8")
    write_csv(tmp_path / "term.csv", term(40, courses=3))
    async with desk(tmp_path, "invisible=30") as at:
        lossy = await at.call("sync", "term.csv", "--verify", "--json")
        there = len(at.sandbox.school.active_enrollments())
        at.sandbox.school.behaviors = Behaviors()
        mended = await at.call("sync", "term.csv", "--verify", "--json")
    assert (lossy.status, mended.status) == (1, 0)
    assert 0 < there < 40
    assert lossy.summary["outcomes"]["failed"] == mended.summary["plan"]["enroll"] == 40 - there
    assert mended.summary["facts"]["verified"]["confirmed"] == 40 - there


async def test_a_plan_is_applied_once_exactly_and_only_as_it_was_made(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(12))
    async with desk(tmp_path, measured=True) as at:
        made = await at.call("plan", "term.csv", "-o", "plan.json", "--json")
        text = (tmp_path / "plan.json").read_text(encoding="utf-8")
        (tmp_path / "edited.json").write_text(text.replace("000003", "000004"), encoding="utf-8")
        edited = await at.call("apply", "edited.json")
        done = await at.call("apply", "plan.json", "--json")
        twice = await at.call("apply", "plan.json")
        write_csv(tmp_path / "term.csv", term(13))
        other = await at.call("apply", "plan.json")
        seats = len(at.sandbox.school.active_enrollments())
        kinds = await at.call("runs", "--json")

    assert (made.status, edited.status, done.status, twice.status, other.status) == (0, 2, 0, 5, 2)
    assert (made.summary["enroll"], made.summary["requests"], seats) == (12, 12, 12)
    assert len(json.loads(text)["plan"]["steps"]) == 12
    assert "was changed since it was made" in edited.err
    assert "applied: this very plan was applied" in twice.err
    assert "term.csv has changed since" in other.err
    assert done.summary["kind"] == "apply"
    assert kinds.status == 0
