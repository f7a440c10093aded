"""A run undone, with the real command."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import Desk, desk, term, write_csv
from support.sandbox_client import another

from batch_enroll.sandbox.behaviors import RepeatEnroll, RepeatPost
from batch_enroll.sandbox.directory import StoredClass
from batch_enroll.sandbox.school import EnrollCall, Moment, StoredEnrollment

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.asyncio

ELSEWHERE = Moment(datetime(2026, 8, 1, tzinfo=UTC))
TROUBLE = ("lost-after-write=4", "5xx=4", "5xx-after-write=4", "read-lag-s=0.5", "unenroll-nobody=404")


def seats(at: Desk) -> list[StoredEnrollment]:
    return at.sandbox.school.active_enrollments()


def enrolled_elsewhere(at: Desk) -> list[StoredEnrollment]:
    """Seats of the roster that are there before, another role beside one of it, and somebody else's."""
    school = at.sandbox.school
    for wish in (
        EnrollCall("000003", "course-0", "0042"),
        EnrollCall("000004", "course-1", "0042"),
        EnrollCall("000005", "course-2", "0042", role="teacher"),
        EnrollCall("stranger", "course-1", "0042"),
    ):
        school.enroll(wish, ELSEWHERE)
    return seats(at)


async def run_of(at: Desk, folder: Path, count: int = 30) -> str:
    done = await at.run(str(write_csv(folder / "term.csv", term(count, courses=3))))
    assert done.status == 0
    return str(done.summary["run_id"])


async def test_an_undo_brings_back_exactly_what_was_there_before(tmp_path: Path) -> None:
    async with desk(tmp_path, *TROUBLE) as at:
        before = enrolled_elsewhere(at)
        run = await run_of(at, tmp_path)
        undone = await at.call("undo", run, "--yes", "--json")
        after = seats(at)
        asked = at.sandbox.requests.as_json()
        again = await at.call("undo", run, "--yes")
        assert at.sandbox.requests.as_json() == asked
    # One pupil of the roster is the course's teacher as well, and an unenroll would take that seat along.
    assert [seat for seat in after if seat not in before] == [seat for seat in after if seat.user_id == "000005"][1:]
    assert [seat for seat in before if seat not in after] == []
    assert undone.status == 0
    assert {row["enroll_code"] for row in undone.rows() if row["enroll_outcome"] == "skipped"} == {"S106", "S107"}
    assert [row["user_id"] for row in undone.rows()][:2] == ["000029", "000028"]
    assert (again.status, again.out.splitlines()[0]) == (0, "Nothing to undo; nothing was sent.")
    assert again.out.splitlines()[2].startswith(f"Undo of run {run}: run")


async def listed(at: Desk) -> str:
    """What reads show of every active enrollment, to the byte."""
    async with another(at.sandbox) as visitor:
        return (await visitor.get("enrollments", filter="status='active'", limit="3000", sort="sourcedId")).text


async def test_by_single_rows_an_undo_leaves_the_server_as_it_was_to_the_byte(tmp_path: Path) -> None:
    async with desk(tmp_path, "lost-after-write=4", "unenroll-nobody=404", "read-lag-s=0.3", measured=True) as at:
        enrolled_elsewhere(at)
        school = at.sandbox.school
        for class_id in ("a", "b"):  # two classes of the course, one of which may be its default class
            school.directory.known.sections[class_id] = StoredClass(class_id, class_id, "course-0", "0042")
            pupil = ("000006", "course-0", "0042", "student")
            school.post(StoredEnrollment("", *pupil, class_id, "2026-08-01", {}, "active", "2026-08-01"))
        school.behaviors = replace(school.behaviors, repeat_enroll=RepeatEnroll.NEW_ROW, repeat_post=RepeatPost.NEW_ROW)
        before = await listed(at)
        done = await at.run(str(write_csv(tmp_path / "term.csv", term(30, courses=3))))
        assert await listed(at) != before
        undone = await at.call("undo", done.summary["run_id"], "--via", "oneroster", "--yes", "--json")
        assert await listed(at) == before
    assert (done.status, undone.status) == (0, 0)
    assert undone.summary["outcomes"]["withdrawn"] == done.summary["outcomes"]["enrolled"]


async def test_a_seat_of_the_same_day_that_the_server_answered_for_is_not_undone(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        an_hour_ago = Moment(datetime.now(UTC) - timedelta(hours=1))
        at.sandbox.school.enroll(EnrollCall("000001", "course-1", "0042"), an_hour_ago)
        run = await run_of(at, tmp_path, 3)
        undone = await at.call("undo", run, "--yes", "--json")
        assert [seat.user_id for seat in seats(at)] == ["000001"]
    assert [row["enroll_code"] for row in undone.rows()] == ["", "S107", ""]


async def test_an_undo_has_its_guards_and_they_are_overruled_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "batch-enroll.toml").write_text("[guards]\nwithdrawals = 25\n", encoding="utf-8")
    async with desk(tmp_path, measured=True) as at:
        run = await run_of(at, tmp_path, 30)
        night = await at.run(str(write_csv(tmp_path / "night.csv", term(31, courses=3))))
        stopped = await at.call("undo", run, "--yes")
        assert len(seats(at)) == 31
        allow = ("--allow", "withdrawals", "--allow", "applied", "--reason", "the wrong year")
        undone = await at.call("undo", run, "--yes", "--json", *allow)
        assert [seat.user_id for seat in seats(at)] == ["000030"]
    assert stopped.status == 5
    assert "withdrawals: 30 withdrawals, all that is left of run" in stopped.err
    assert f"applied: 30 rows of the later run {night.summary['run_id']} need enrollments" in stopped.err
    assert [each["reason"] for each in undone.summary["facts"]["allowed"]] == ["the wrong year"] * 2


async def test_two_roles_of_one_run_are_undone_together(tmp_path: Path) -> None:
    rows = [{"user_id": "ann", "course_id": "math", "school_id": "s", "role": role} for role in ("student", "teacher")]
    async with desk(tmp_path, measured=True) as at:
        done = await at.run(str(write_csv(tmp_path / "term.csv", rows)))
        undone = await at.call("undo", done.summary["run_id"], "--yes", "--json")
        assert seats(at) == []
    assert (undone.status, undone.summary["outcomes"]["skipped"]) == (0, 0)


async def test_an_undo_that_was_killed_is_resumed(tmp_path: Path) -> None:
    async with desk(tmp_path, "latency-ms=40") as at:
        before = enrolled_elsewhere(at)[:2]
        run = await run_of(at, tmp_path, 60)
        async with at.started("undo", run, "--yes", "--quiet", "--max-in-flight", "4") as process:
            while len(seats(at)) > 40:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.02)
            process.kill()
            await process.communicate()
        second = await at.call("undo", run, "--yes")
        resumed = await at.call("resume", "--json", "--quiet")
        left = seats(at)
    assert (second.status, "is being undone by run" in second.err or second.err) == (2, True)
    assert resumed.status == 0
    assert resumed.summary["kind"] == "undo"
    assert (resumed.summary["outcomes"]["skipped"], sum(resumed.summary["outcomes"].values())) == (3, 60)
    assert {seat.user_id for seat in left} == {"000003", "000004", "000005", "stranger"}
    assert left[:2] == before


async def test_what_was_undone_and_enrolled_again_is_the_later_runs(tmp_path: Path) -> None:
    async with desk(tmp_path, "after-unenroll=reactivate") as at:
        first = await run_of(at, tmp_path, 6)
        undo = await at.call("undo", first, "--yes", "--json")
        await run_of(at, tmp_path, 6)
        stale = await at.call("undo", first, "--yes")
        of_undo = await at.call("undo", undo.summary["run_id"], "--yes")
        assert len(seats(at)) == 6
    assert stale.out.startswith("Nothing to undo")
    assert (of_undo.status, "is an undo itself" in of_undo.err or of_undo.err) == (2, True)


async def test_a_seat_that_somebody_made_anew_is_not_undone(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        run = await run_of(at, tmp_path, 3)
        at.sandbox.school.unenroll("000001", "course-1", None, ELSEWHERE)
        at.sandbox.school.enroll(EnrollCall("000001", "course-1", "0042"), ELSEWHERE)
        undone = await at.call("undo", run, "--yes", "--json")
        left = [seat.user_id for seat in seats(at)]
    assert [row["enroll_code"] for row in undone.rows()] == ["", "S107", ""]
    assert left == ["000001"]
