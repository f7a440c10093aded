"""Withdrawals from a roster, with the real command."""

from __future__ import annotations

import os
import pty
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import Desk, desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


def with_status(folder: Path, *leaving: int) -> str:
    rows = [{**row, "status": "tobedeleted" if nth in leaving else ""} for nth, row in enumerate(term(12, courses=3))]
    return str(write_csv(folder / "delta.csv", rows))


async def test_withdrawals_are_sent_only_when_asked_for_and_agreed_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.run(str(write_csv(tmp_path / "term.csv", term(12, courses=3))))
        delta = with_status(tmp_path, 2, 5)
        skipped = await at.run(delta)
        refused = await at.run(delta, "--withdraw")
        sent = await at.run(delta, "--withdraw", "--yes")
        again = await at.run(delta, "--withdraw")
        seats = {seat.user_id for seat in at.sandbox.school.active_enrollments()}
    assert [row["enroll_code"] for row in skipped.rows() if row["enroll_outcome"] == "skipped"] == ["S103"] * 2
    assert (refused.status, refused.summary["exit_status"]) == (2, 2)
    assert "2 enrollments would be withdrawn at http" in refused.err
    assert "--yes" in refused.err
    assert (sent.status, sent.summary["outcomes"]["withdrawn"]) == (0, 2)
    assert sent.summary["outcomes"]["already_enrolled"] == 10
    assert seats == {f"{nth:06}" for nth in range(12)} - {"000002", "000005"}
    assert (again.status, again.summary["outcomes"]["already_withdrawn"], again.summary["requests"]["sent"]) == (
        0,
        2,
        0,
    )


async def test_removing_one_of_two_classes_of_a_course_never_unenrolls_the_pair(tmp_path: Path) -> None:
    rows = [
        {"user_id": "ann", "course_id": "math", "school_id": "s", "class_id": "b", "status": ""},
        {"user_id": "ann", "course_id": "math", "school_id": "s", "class_id": "a", "status": "tobedeleted"},
        {"user_id": "bob", "course_id": "math", "school_id": "s", "class_id": "a", "status": "tobedeleted"},
        {"user_id": "bob", "course_id": "math", "school_id": "", "class_id": "b", "status": ""},
    ]
    async with desk(tmp_path) as at:
        done = await at.run(str(write_csv(tmp_path / "delta.csv", rows)), "--withdraw")
        seats = {seat.user_id for seat in at.sandbox.school.active_enrollments()}
    assert done.status == 0
    assert [row["enroll_code"] for row in done.rows()] == ["", "S105", "S105", ""]
    assert seats == {"ann", "bob"}


async def test_going_on_with_other_rows_than_were_agreed_to_asks_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.run(with_status(tmp_path), "--withdraw", "--limit", "10")
        with_status(tmp_path, 2, 5)
        refused = await at.call("resume", "--accept-changes", "--json")
        agreed = await at.call("resume", "--accept-changes", "--yes", "--json")
    assert (refused.status, "2 enrollments would be withdrawn" in refused.err or refused.err) == (2, True)
    assert agreed.status == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of its own")
@pytest.mark.parametrize(("typed", "status", "left"), [("n", 2, 12), ("y", 0, 10)])
async def test_on_a_terminal_it_asks(tmp_path: Path, typed: str, status: int, left: int) -> None:
    async with desk(tmp_path, measured=True) as at:
        await at.run(str(write_csv(tmp_path / "term.csv", term(12, courses=3))))
        told = await answered(at, typed, "run", with_status(tmp_path, 2, 5), "--withdraw", "--quiet")
        assert len(at.sandbox.school.active_enrollments()) == left
    assert "2 enrollments would be withdrawn" in told[1]
    assert "Continue? [y/N]" in told[1]
    assert told[0] == status


async def answered(at: Desk, typed: str, *arguments: str) -> tuple[int, str]:
    """What the command says on a terminal where `typed` is typed at once; and its exit status."""
    if sys.platform == "win32":
        pytest.skip("needs a terminal of POSIX")
    ours, theirs = pty.openpty()
    environment = {**at.environment(), "TERM": "dumb"}
    with anyio.fail_after(60):
        process = await anyio.open_process(
            [sys.executable, "-m", "batch_enroll", *arguments],
            cwd=at.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        os.write(ours, f"{typed}\n".encode())
        said = b""
        with suppress(OSError):
            while piece := await anyio.to_thread.run_sync(os.read, ours, 4096):
                said += piece
        status = await process.wait()
    os.close(ours)
    return status, said.decode()
