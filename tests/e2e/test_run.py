"""A roster enrolled by the real command over real HTTP."""

from __future__ import annotations

import json
import stat
from collections import Counter
from pathlib import Path
from signal import SIGINT

import anyio
import pytest
from support.e2e_cli import desk, finished, term, write_csv
from support.paths import SHARED_ROSTERS as SHARED
from support.roster_files import in_a_table, write_xlsx

pytestmark = pytest.mark.asyncio

DISTRICT = SHARED / "oneroster_1p1" / "gospelnerd" / "oneroster-district-small.zip"
OUR_COLUMNS = [
    "enroll_row",
    "enroll_outcome",
    "enroll_code",
    "enroll_detail",
    "enroll_hint",
    "enroll_http_status",
    "enroll_attempts",
    "enroll_enrollment_id",
    "enroll_finished_at",
]


@pytest.mark.skipif(not DISTRICT.exists(), reason="shared rosters are not here")
async def test_a_real_district_is_enrolled_seat_by_seat(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done = await at.run(str(DISTRICT), "--as-of", "2025-09-01")
        seats = Counter(
            (seat.user_id, seat.course_id, seat.school_id, seat.role) for seat in at.sandbox.school.active_enrollments()
        )
    assert done.status == 0
    assert (done.summary["outcomes"]["enrolled"], done.summary["outcomes"]["skipped"]) == (1_827, 28)
    assert len(seats) == seats.total() == 1_827
    assert len(done.rows()) == 1_855


@pytest.mark.skipif(not DISTRICT.exists(), reason="shared rosters are not here")
async def test_a_school_year_that_is_over_is_skipped_with_that_reason(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done = await at.run(str(DISTRICT), "--as-of", "2026-11-23")
        assert at.sandbox.school.active_enrollments() == []
    assert done.status == 3
    assert done.summary["outcomes"]["skipped"] == 1_855
    assert {row["enroll_code"] for row in done.rows()} == {"S102"}


async def test_the_same_rows_as_csv_and_xlsx_give_the_same_results_through_every_kind_of_trouble(
    tmp_path: Path,
) -> None:
    rows = term(5_000)
    scenarios = ("two-percent-5xx", "429-retry-after=0.1", "429-bare=1", "token-lifetime-s=2")
    results = []
    for roster in (
        write_csv(tmp_path / "term.csv", rows),
        write_xlsx(tmp_path / "term.xlsx", {"Sheet": in_a_table(rows)}),
    ):
        async with desk(tmp_path, *scenarios, seed=3) as at:
            done = await at.run(
                str(roster), "--pace", "fixed", "--max-in-flight", "32", "--state", str(tmp_path / roster.suffix)
            )
            writes = Counter(at.sandbox.school.enroll_writes)
        assert done.summary["outcomes"]["enrolled"] == 5_000, done.summary["causes"]
        assert done.status == 0
        assert len(writes) == writes.total() == 5_000
        assert done.summary["requests"]["throttled"] > 0
        results.append([_without_times(row) for row in done.rows()])
    assert results[0] == results[1]


def _without_times(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name != "enroll_finished_at"}


async def test_every_row_has_its_line_with_its_own_columns_first(tmp_path: Path) -> None:
    rows = [*term(3), {**term(1)[0], "note": "=1+1"}, {**term(4)[3], "user_id": ""}]
    roster = write_csv(tmp_path / "term.csv", rows)
    async with desk(tmp_path) as at:
        done = await at.run(str(roster))
    results, failed = done.rows(), done.rows("failed")
    assert list(results[0]) == [*rows[0], *OUR_COLUMNS]
    assert [row["enroll_outcome"] for row in results] == ["enrolled"] * 3 + ["skipped", "invalid"]
    assert [row["enroll_row"] for row in results] == ["2", "3", "4", "5", "6"]
    assert results[3]["note"] == "'=1+1"
    assert len(failed) == 1
    assert failed[0]["enroll_code"] == "E101"
    assert done.status == 1


async def test_failed_rows_are_fed_back_unedited_once_the_cause_is_mended(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", [*term(10), {**term(11)[10], "user_id": "nobody"}])
    async with desk(tmp_path, "forbidden") as at:
        first = await at.run(str(roster))
    assert first.summary["outcomes"]["rejected"] == 11
    async with desk(tmp_path) as at:
        second = await at.run(first.summary["files"]["failed"])
        assert len(at.sandbox.school.active_enrollments()) == 11
    assert second.status == 0
    assert list(second.rows()[0]) == list(first.rows()[0])


async def test_run_folders_are_private(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(2))
    async with desk(tmp_path) as at:
        done = await at.run(str(roster))
    files = [Path(path) for path in done.summary["files"].values()]
    assert {file.name for file in files} == {"results.csv", "failed.csv", "report.html", "summary.json", "log.jsonl"}
    folder = (tmp_path / files[0]).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert json.loads((folder / "summary.json").read_text()) == done.summary


async def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(3_000))
    async with desk(tmp_path, "latency-ms=30") as at:
        async with at.started("run", "--json", str(roster)) as process:
            with anyio.fail_after(60):
                while len(at.sandbox.school.enroll_writes) < 50:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.02)
            process.send_signal(SIGINT)
            done = await finished(process)
        written = len(at.sandbox.school.enroll_writes)
    assert done.status == 130
    outcomes = done.summary["outcomes"]
    assert outcomes["enrolled"] == written
    assert outcomes["not_attempted"] == 3_000 - written
    assert len(done.rows()) == 3_000
    assert len(done.rows("failed")) == 3_000 - written


async def test_a_refused_client_stops_the_run_with_4_and_every_row_not_attempted(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(1_200))
    async with desk(tmp_path, "refused-client") as at:
        done = await at.run(str(roster))
        assert at.sandbox.client_secret not in done.err + done.out
    assert done.status == 4
    assert done.summary["outcomes"]["not_attempted"] == 1_200


async def test_a_second_run_of_the_same_roster_sends_nothing(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(40))
    async with desk(tmp_path) as at:
        await at.run(str(roster))
        again = await at.run(str(roster))
        assert sum(at.sandbox.school.enroll_writes.values()) == 40
    assert again.status == 0
    assert again.summary["outcomes"]["already_enrolled"] == 40
    assert again.summary["requests"]["sent"] == 0


async def test_no_more_starts_than_the_rate_allows_however_many_may_be_in_flight(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(120))
    async with desk(tmp_path) as at:
        done = await at.run(str(roster), "--pace", "fixed", "--rate", "45")
    assert done.summary["outcomes"]["enrolled"] == 120
    assert done.summary["duration_s"] >= 119 / 45  # no more can be asserted of a busy machine


async def test_stdin_and_a_dry_run(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(5))
    async with desk(tmp_path) as at:
        dry = await at.run(str(roster), "--dry-run")
        assert at.sandbox.school.active_enrollments() == []
        shown = await at.call("show")
    assert dry.status == 0
    assert {row["enroll_code"] for row in dry.rows()} == {"N104"}
    assert shown.status == 2


async def test_show_tells_a_past_run_again(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", [*term(5), {**term(1)[0], "user_id": ""}])
    async with desk(tmp_path) as at:
        done = await at.run(str(roster))
        latest = await at.call("show", "--json")
        named = await at.call("show", done.summary["run_id"], "--json")
    assert latest.summary == named.summary
    assert latest.summary["outcomes"] == done.summary["outcomes"]
    assert (done.status, latest.status, latest.summary["exit_status"]) == (1, 0, 1)
