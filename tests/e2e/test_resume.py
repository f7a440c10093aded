"""Runs that were cut short and gone on with, by the real commands over real HTTP."""

from __future__ import annotations

import asyncio
from signal import SIGINT
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import Desk, Finished, desk, finished, term, write_csv
from support.paths import SHARED_ROSTERS as SHARED
from support.roster_files import in_a_table, write_xlsx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from signal import Signals

pytestmark = pytest.mark.asyncio

DISTRICT = SHARED / "oneroster_1p1" / "gospelnerd" / "oneroster-district-small.zip"


async def broken_off(
    at: Desk, roster: Path, signal: Signals | None, *, after: int, flags: tuple[str, ...] = ()
) -> None:
    """Starts a run and sends it a signal, or kills it, once the server has `after` enrollments."""
    async with at.started("run", "--json", str(roster), *flags) as process:
        with anyio.fail_after(60):
            while len(at.sandbox.school.enroll_writes) < after:  # noqa: ASYNC110 - waits for another process
                await anyio.sleep(0.01)
        if signal is None:
            process.kill()
            await process.communicate()
        else:
            process.send_signal(signal)
            await finished(process)


def complete(done: Finished, rows: int) -> None:
    """Asserts one result for every row, in input order, all enrolled."""
    results = done.rows()
    assert [row["enroll_row"] for row in results] == [str(number) for number in range(2, rows + 2)]
    assert {row["enroll_outcome"] for row in results} == {"enrolled"}
    assert done.summary["outcomes"]["enrolled"] == rows


async def test_after_kill_9_resume_loses_no_row_and_enrolls_none_twice(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(1_500))
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, None, after=120, flags=("--max-in-flight", "32"))
        assert len(at.sandbox.school.active_enrollments()) < 1_500
        done = await at.call("resume", "--json", "--max-in-flight", "32")
        writes = at.sandbox.school.enroll_writes
        assert (len(writes), writes.total()) == (1_500, 1_500)
    assert done.status == 0
    complete(done, 1_500)


async def test_after_ctrl_c_resume_goes_on_and_a_second_time_has_nothing_to_do(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(800))
    async with desk(tmp_path, "latency-ms=20", measured=True) as at:
        await broken_off(at, roster, SIGINT, after=50)
        shown = await at.call("show")
        done = await at.call("resume", "--json")
        again = await at.call("resume")
        assert at.sandbox.school.enroll_writes.total() == 800
    assert f"batch-enroll resume {done.summary['run_id']} --env sandbox" in shown.out
    assert done.status == again.status == 0
    complete(done, 800)
    assert {row["enroll_attempts"] for row in done.rows()} == {"1"}
    assert done.summary["requests"]["sent"] == 800
    assert "Nothing to resume" in again.out


async def test_a_roster_that_changed_is_not_gone_on_with_unseen(tmp_path: Path) -> None:
    rows = term(400)
    roster = write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGINT, after=20)
        write_csv(roster, [*rows[:398], {**rows[398], "user_id": "another"}, rows[399], *term(401)[400:]])
        sent = at.sandbox.school.enroll_writes.total()
        refused = await at.call("resume")
        assert at.sandbox.school.enroll_writes.total() == sent
    assert refused.status == 2
    assert "1 changed (term.csv row 400); 1 at its end not recorded before" in refused.err


async def test_accepted_changes_are_read_anew_and_enrolled_rows_are_kept(tmp_path: Path) -> None:
    rows = term(400)
    roster = write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path, "latency-ms=20", measured=True) as at:
        await broken_off(at, roster, SIGINT, after=20)
        first = {**rows[0], "user_id": "another-first"}
        last = {**rows[399], "user_id": "another-last"}
        write_csv(roster, [first, *rows[1:399], last, *term(401)[400:]])
        done = await at.call("resume", "--json", "--accept-changes")
        users = {seat.user_id for seat in at.sandbox.school.active_enrollments()}
        assert at.sandbox.school.enroll_writes.total() == 401
    assert done.status == 0
    assert {"000000", "another-last", "000400"} <= users
    assert not {"another-first", "000399"} & users
    assert "kept as they were: 1" in done.err
    complete(done, 401)
    assert [done.rows()[at]["user_id"] for at in (0, 399, 400)] == ["000000", "another-last", "000400"]


async def test_retry_sends_what_failed_and_with_a_flag_what_was_refused(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", [*term(10), {**term(11)[10], "user_id": "  "}])
    async with desk(tmp_path, "forbidden") as at:
        first = await at.run(str(roster))
        assert first.summary["outcomes"]["rejected"] == 10
        nothing = await at.call("retry")
        assert nothing.status == 0
        assert "Nothing to retry" in nothing.out
        assert f"batch-enroll retry {first.summary['run_id']} --from" in nothing.out
        sent = first.summary["requests"]["sent"]
        second = await at.call("retry", "--rejected", "--json")
    assert second.status == 1
    assert second.summary["run_id"] == first.summary["run_id"]
    assert second.summary["started_at"] == first.summary["started_at"]
    assert second.summary["requests"]["sent"] == sent + 10
    assert {row["enroll_attempts"] for row in second.rows()} == {"0", "2"}


async def test_rows_mended_in_failed_csv_go_into_the_same_run(tmp_path: Path) -> None:
    rows = term(6)
    rows[2] = {**rows[2], "user_id": ""}
    rows[4] = {**rows[4], "school_id": ""}
    roster = write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path, measured=True) as at:
        first = await at.run(str(roster))
        (broken,) = first.rows("failed")
        mended = write_csv(tmp_path / "mended.csv", [{**broken, "user_id": "=found", "note": "by hand"}])
        done = await at.call("retry", "--json", "--from", str(mended))
        assert at.sandbox.school.enroll_writes.total() == 6
        again = await at.call("retry", "--from", str(mended))
    assert done.status == again.status == 0
    complete(done, 6)
    assert [row["note"] for row in done.rows()] == ["n0", "n1", "by hand", "n3", "n4", "n5"]
    assert done.rows()[2]["user_id"] == "'=found"
    assert "Nothing to retry" in again.out


async def test_corrections_in_a_workbook_that_touch_a_row_that_was_fine_are_told(tmp_path: Path) -> None:
    rows = [*term(3), {**term(4)[3], "role": "wizard"}]
    roster = write_csv(tmp_path / "term.csv", [{"role": "", **row} for row in rows])
    async with desk(tmp_path) as at:
        first = await at.run(str(roster))
        results = first.rows()
        results[0]["user_id"] = "somebody-else"
        results[3]["role"] = "teacher"
        book = write_xlsx(tmp_path / "mended.xlsx", {"Sheet": in_a_table(results)})
        done = await at.call("retry", "--json", "--from", str(book))
        seats = {(seat.user_id, seat.role) for seat in at.sandbox.school.active_enrollments()}
    assert done.status == 0
    assert seats == {("000000", "student"), ("000001", "student"), ("000002", "student"), ("000003", "teacher")}
    assert "kept as recorded: 1 (mended.xlsx [Sheet] row 2)" in done.err


async def test_corrections_of_another_run_are_refused_by_row(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", [*term(3), {**term(1)[0], "user_id": ""}])
    async with desk(tmp_path) as at:
        (broken,) = (await at.run(str(roster))).rows("failed")
        other = write_csv(tmp_path / "other.csv", [{**broken, "enroll_row": "77"}])
        twice = write_csv(tmp_path / "twice.csv", [broken, broken])
        bare = write_csv(tmp_path / "bare.csv", term(1))
        answers = [await at.call("retry", "--from", str(file)) for file in (other, twice, bare)]
    assert [answer.status for answer in answers] == [2, 2, 2]
    assert "other.csv row 2 corrects row 77 of the roster, but run" in answers[0].err
    assert "twice.csv row 2 and twice.csv row 3 correct the same row" in answers[1].err
    assert "bare.csv row 2 does not say which row it corrects" in answers[2].err


async def test_a_run_is_gone_on_with_at_its_own_server_only(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(400))
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, SIGINT, after=20)
    async with desk(tmp_path) as other:
        refused = await other.call("resume")
        assert other.sandbox.school.active_enrollments() == []
    assert refused.status == 2
    assert "choose the same server" in refused.err


async def test_standard_input_is_gone_on_with_from_what_was_recorded(tmp_path: Path) -> None:
    text = write_csv(tmp_path / "term.csv", term(300)).read_bytes()
    async with desk(tmp_path, "latency-ms=20") as at:
        async with at.started("run", "--json", "-", stdin=asyncio.subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(text)
            process.stdin.write_eof()
            with anyio.fail_after(60):
                while len(at.sandbox.school.enroll_writes) < 20:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.01)
            process.send_signal(SIGINT)
            await finished(process)
        done = await at.call("resume", "--json")
        assert at.sandbox.school.enroll_writes.total() == 300
    assert done.status == 0
    assert "standard input cannot be read again" in done.err
    complete(done, 300)


async def test_several_rosters_are_gone_on_with_as_one(tmp_path: Path) -> None:
    rows = term(300)
    first, second = write_csv(tmp_path / "a.csv", rows[:200]), write_csv(tmp_path / "b.csv", rows[200:])
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, first, None, after=20, flags=(str(second),))
        done = await at.call("resume", "--json")
        assert at.sandbox.school.enroll_writes.total() == 300
    assert done.summary["outcomes"]["enrolled"] == 300
    assert [row["enroll_roster"] for row in done.rows()] == ["a.csv"] * 200 + ["b.csv"] * 100


async def test_a_rehearsal_inside_its_own_process_cannot_be_resumed(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(3))
    async with desk(tmp_path) as at:
        at_home = Desk(tmp_path, at.sandbox, embedded=True)
        assert (await at_home.run(str(roster))).status == 0
        for command in ("resume", "retry"):
            refused = await at_home.call(command)
            assert refused.status == 2
            assert "that server is gone" in refused.err


async def test_the_roster_is_read_again_as_it_was_read_first(tmp_path: Path) -> None:
    rows: list[Mapping[str, str]] = [{"Who": row["user_id"], "note": row["note"]} for row in term(320)]
    roster = write_csv(tmp_path / "term.csv", rows)
    flags = ("--map", "user_id=Who", "--course-id", "c-9", "--role", "teacher", "--limit", "300")
    async with desk(tmp_path, "latency-ms=20") as at:
        await broken_off(at, roster, None, after=20, flags=flags)
        done = await at.call("resume", "--json")
        seats = {(seat.course_id, seat.role) for seat in at.sandbox.school.active_enrollments()}
    assert seats == {("c-9", "teacher")}
    complete(done, 300)


@pytest.mark.skipif(not DISTRICT.exists(), reason="shared rosters are not here")
async def test_a_bundle_is_gone_on_with_too(tmp_path: Path) -> None:
    async with desk(tmp_path, "latency-ms=10") as at:
        await broken_off(at, DISTRICT, None, after=100, flags=("--as-of", "2025-09-01"))
        done = await at.call("resume", "--json", "--max-in-flight", "32")
        writes = at.sandbox.school.enroll_writes
        assert (len(writes), writes.total()) == (1_827, 1_827)
    assert done.status == 0
    assert (done.summary["outcomes"]["enrolled"], done.summary["outcomes"]["skipped"]) == (1_827, 28)
