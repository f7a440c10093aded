"""What the server has beside what the roster says, over real HTTP."""

from __future__ import annotations

import csv
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.e2e_cli import Desk, Finished, desk, term, write_csv
from support.paths import SAMPLES

from batch_enroll.sandbox import Behaviors, serve
from batch_enroll.sandbox.school import EnrollCall, Moment

if TYPE_CHECKING:
    from batch_enroll.sandbox import Sandbox

pytestmark = pytest.mark.asyncio
NOW = Moment(datetime(2026, 9, 1, tzinfo=UTC))


def lines(done: Finished) -> list[dict[str, str]]:
    path = Path(done.summary["files"]["verify"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written_summary(done: Finished) -> dict[str, Any]:
    """What stands in the run's folder now."""
    summary: dict[str, Any] = json.loads(Path(done.summary["files"]["summary"]).read_text("utf-8"))
    return summary


def without_grace(folder: Path) -> None:
    (folder / "batch-enroll.toml").write_text("verify_within_s = 0\n", encoding="utf-8")


def meddle(sandbox: Sandbox) -> None:
    """What happens behind our back: a seat is taken, a role is changed, others come from elsewhere."""
    school = sandbox.school
    school.unenroll("000003", "course-3", "0042", NOW)
    school.unenroll("000004", "course-4", "0042", NOW)
    school.enroll(EnrollCall("000004", "course-4", "0042", "teacher"), NOW)
    school.enroll(EnrollCall("000005", "course-6", "0042"), NOW)  # a course of the roster
    school.enroll(EnrollCall("000005", "homeroom", "0042"), NOW)  # none of it
    school.enroll(EnrollCall("000006", "course-6", "0042", "proctor"), NOW)
    school.enroll(EnrollCall("nobody", "course-6", "0042"), NOW)  # not of the roster


async def test_verify_finds_exactly_what_was_planted(tmp_path: Path) -> None:
    without_grace(tmp_path)
    write_csv(tmp_path / "term.csv", [*term(20), *term(1), {**term(1)[0], "user_id": ""}])
    async with desk(tmp_path, measured=True) as at:
        await at.run("term.csv")
        clean = await at.call("verify", "--json")
        meddle(at.sandbox)
        differs = await at.call("verify", "--json")
        of_roster = await at.call("verify", "term.csv", "--json")
        told = await at.call("verify", clean.summary["verified"])

    assert (clean.status, differs.status, of_roster.status, told.status) == (0, 1, 1, 1)
    assert clean.summary["users"] == clean.summary["requests"] == 20
    planted = [
        ("5", "missing", "course-3", "student"),
        ("6", "different_role", "course-4", "teacher"),
        ("", "extra", "course-6", "student"),
        ("", "extra", "course-6", "proctor"),
    ]
    for done in (differs, of_roster):
        assert [
            (row["verify_row"], row["verify_found"], row["verify_course_id"], row["verify_role"])
            for row in lines(done)
            if row["verify_found"] not in {"confirmed", "not_checked"}
        ] == planted
        assert [row["verify_row"] for row in lines(done)[:22]] == [str(row) for row in range(2, 24)]
    assert "4 differ" in told.out


async def test_a_seat_that_is_gone_makes_its_row_failed_and_retry_mends_it_but_not_one_that_was_withdrawn(
    tmp_path: Path,
) -> None:
    without_grace(tmp_path)
    write_csv(tmp_path / "term.csv", term(20))
    write_csv(tmp_path / "leaving.csv", [{**term(1)[0], "status": "tobedeleted"}])
    async with desk(tmp_path) as at:
        done = await at.run("term.csv")
        run = done.summary["run_id"]
        await at.run("leaving.csv", "--withdraw", "--yes")
        meddle(at.sandbox)
        told = await at.call("verify", run)
        failed = [row["user_id"] for row in done.rows("failed")]
        summary = written_summary(done)
        mended = await at.call("retry", run, "--json")
        seats = {(seat.user_id, seat.course_id, seat.role) for seat in at.sandbox.school.active_enrollments()}
    assert (told.status, summary["exit_status"], mended.status) == (1, 1, 0)
    assert f"2 rows are now failed (E305); to send them again: batch-enroll retry {run}" in told.out
    assert (failed, summary["outcomes"]["failed"]) == (["000003", "000004"], 2)
    assert summary["finished_at"] == done.summary["finished_at"]
    assert {("000003", "course-3", "student"), ("000004", "course-4", "student")} <= seats
    assert ("000000", "course-0", "student") not in seats


async def test_rows_of_a_bundle_that_a_run_refused_or_skipped_want_nothing_of_the_server(tmp_path: Path) -> None:
    without_grace(tmp_path)
    async with desk(tmp_path) as at:
        run = await at.run(str(SAMPLES / "oneroster_12"), "--via", "oneroster", "--verify")
    assert {kind: count for kind, count in run.summary["outcomes"].items() if count} == {
        "enrolled": 2, "invalid": 4, "skipped": 4,
    }  # fmt: skip
    assert {kind: count for kind, count in run.summary["facts"]["verified"].items() if count} == {
        "confirmed": 2, "not_checked": 8,
    }  # fmt: skip


async def test_many_users_are_read_from_lists_and_only_who_differs_is_looked_up(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(70, courses=7))
    async with desk(tmp_path) as at:
        school = at.sandbox.school
        for row in term(70, courses=7):
            school.enroll(EnrollCall(row["user_id"], row["course_id"], row["school_id"]), NOW)
        school.unenroll("000003", "course-3", "0042", NOW)
        school.enroll(EnrollCall("000005", "course-6", "0042"), NOW)
        done = await at.call("verify", "term.csv", "--json")
    found = {kind: count for kind, count in done.summary["found"].items() if count}
    assert (done.status, found) == (1, {"confirmed": 69, "missing": 1, "extra": 1})
    assert done.summary["requests"] == 3  # one page, two users


async def test_run_verify_waits_for_a_lagging_server_and_fails_what_it_lost(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(12))
    async with serve(behaviors=Behaviors(lag_s=1.5)) as sandbox:
        at = Desk(tmp_path, sandbox)
        lagging = await at.run("term.csv", "--verify")
    assert lagging.status == 0
    assert lagging.summary["facts"]["verified"]["confirmed"] == 12


async def test_a_write_that_was_accepted_and_lost_has_failed_and_retry_mends_it(tmp_path: Path) -> None:
    without_grace(tmp_path)
    write_csv(tmp_path / "term.csv", term(40))
    async with serve(behaviors=Behaviors(invisible_percent=30)) as sandbox:
        at = Desk(tmp_path, sandbox)
        lossy = await at.run("term.csv", "--verify")
        results, there = lossy.rows(), {seat.user_id for seat in sandbox.school.active_enrollments()}
        sandbox.school.behaviors = Behaviors()
        mended = await at.call("retry", "--json")
        again = await at.run("term.csv")
        seats = len(sandbox.school.active_enrollments())

    lost = [row for row in results if row["enroll_outcome"] == "failed"]
    assert 0 < len(lost) < 40
    assert {row["user_id"] for row in lost} == {row["user_id"] for row in results} - there
    assert {row["enroll_code"] for row in lost} == {"E305"}
    assert (lossy.status, mended.status, seats) == (1, 0, 40)
    assert lossy.summary["facts"]["verified"]["missing"] == len(lost)
    assert again.summary["outcomes"]["already_enrolled"] == 40
    assert again.summary["requests"]["sent"] == 0
