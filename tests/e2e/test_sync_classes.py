"""Several classes of one course, made equal to a roster by either route, with the real command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import Desk, desk, write_csv

from batch_enroll.sandbox.directory import StoredClass
from batch_enroll.sandbox.school import StoredEnrollment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.asyncio
COURSES = {"a": "course of a", "b": "course of a", "c": "course of c"}
Seat = tuple[str, str, str]


def row(user: str, class_id: str, role: str = "student", course: str = "course of a") -> Mapping[str, str]:
    return {"user_id": user, "course_id": course, "school_id": "s", "class_id": class_id, "role": role}


def seat(at: Desk, *seats: Seat) -> None:
    """Seats from elsewhere: two classes of one course, and another course of the same school."""
    school = at.sandbox.school
    for class_id, course in COURSES.items():
        school.directory.known.sections[class_id] = StoredClass(class_id, class_id, course, "s")
    for user, class_id, role in seats:
        course = COURSES[class_id]
        school.post(StoredEnrollment("", user, course, "s", role, class_id, "2026-08-01", {}, "active", "2026-08-01"))


def has(at: Desk) -> set[Seat]:
    open_ended = [seat for seat in at.sandbox.school.active_enrollments() if seat.end_date is None]
    return {(seat.user_id, seat.class_id, seat.role) for seat in open_ended}


THERE = {
    ("ann", "a", "student"), ("ann", "b", "student"),  # the roster keeps one of two classes
    ("bob", "a", "student"), ("bob", "b", "teacher"),  # ... with another role in the class it drops
    ("cid", "a", "student"), ("cid", "b", "student"),  # the roster wants neither
    ("dan", "b", "student"),  # is to move from one class to the other
    ("eve", "a", "student"),  # is to become a teacher
    ("ann", "c", "student"),  # another course of the school
}  # fmt: skip
WANTED = [row("ann", "a"), row("bob", "a"), row("dan", "a"), row("eve", "a", "teacher")]


@pytest.mark.parametrize("how", ["status", "end_date"])
async def test_a_sync_by_classes_takes_one_of_two_and_leaves_the_other(tmp_path: Path, how: str) -> None:
    write_csv(tmp_path / "term.csv", WANTED)
    syncing = ("sync", "term.csv", "--via", "oneroster", "--withdraw", "--withdraw-by", how, "--yes", "--json")
    async with desk(tmp_path, "read-lag-s=0.3", "lost-after-write=10", "5xx=5") as at:
        seat(at, *THERE)
        done = await at.call(*syncing)
        assert has(at) == {(one["user_id"], "a", one["role"]) for one in WANTED} | {("ann", "c", "student")}
        again = await at.call(*syncing)
    assert (done.status, again.status) == (0, 0)
    assert (done.summary["plan"]["withdrawals"], done.summary["plan"]["enroll"]) == (6, 2)
    assert (again.summary["plan"]["withdrawals"], again.summary["plan"]["enroll"]) == (0, 0)


async def test_a_sync_of_pairs_never_unenrolls_one_of_which_a_class_is_kept(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", WANTED)
    async with desk(tmp_path, measured=True) as at:
        seat(at, *THERE)
        first = {seat.id: seat for seat in at.sandbox.school.all_enrollments()}
        done = await at.call("sync", "term.csv", "--withdraw", "--yes", "--json")
        touched = {seat.user_id for seat in first.values() if seat != at.sandbox.school.row(seat.id)}
        after = has(at)
        again = await at.call("sync", "term.csv", "--withdraw", "--yes", "--json")
    assert (done.status, again.status) == (0, 0)
    assert touched == {"cid", "eve"}
    assert {seat for seat in THERE if seat[0] in {"ann", "bob", "dan"}} <= after
    assert {(user, role) for user, _, role in after if user in {"cid", "eve"}} == {("eve", "teacher")}
    assert done.summary["plan"]["counts"]["left_beside_another_class"] == 1
    assert (again.summary["plan"]["withdrawals"], again.summary["plan"]["enroll"]) == (0, 0)


async def test_a_plan_by_classes_is_applied_and_verify_finds_in_each_class_exactly_what_was_planted(
    tmp_path: Path,
) -> None:
    (tmp_path / "batch-enroll.toml").write_text("verify_within_s = 2\n", encoding="utf-8")
    rows = [*WANTED, row("fay", "", course="course of c"), row("gil", "b"), row("gil", "a")]
    write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path, "lost-after-write=10") as at:
        seat(at)
        made = await at.call("plan", "term.csv", "--via", "oneroster", "-o", "plan.json", "--json")
        done = await at.call("apply", "plan.json", "--verify", "--json")
        clean = await at.call("verify", "--json")
        school = at.sandbox.school
        for one in list(school.active_enrollments()):
            if (one.user_id, one.class_id) in {("ann", "a"), ("bob", "a"), ("gil", "b")}:
                school.replace_row(replace(one, status="tobedeleted"))
        seat(at, ("ann", "b", "student"), ("bob", "a", "teacher"), ("dan", "c", "proctor"), ("zoe", "a", "student"))
        planted = await at.call("verify", "--json")
        of_roster = await at.call("verify", "term.csv", "--via", "oneroster", "--json")
    assert (made.status, done.status, clean.status) == (0, 0, 0)
    assert done.summary["facts"]["verified"]["confirmed"] == clean.summary["found"]["confirmed"] == 7
    for found in (planted, of_roster):
        lines = [line for line in found.rows("verify") if line["verify_found"] != "confirmed"]
        assert [(line["verify_found"], line["verify_user_id"], line["verify_role"]) for line in lines] == [
            ("missing", "ann", "student"),
            ("different_role", "bob", "teacher"),
            ("missing", "gil", "student"),
            ("extra", "ann", "student"),
            ("extra", "dan", "proctor"),
        ]
