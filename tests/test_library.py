"""batch_enroll in a program of one's own: the whole way to a rehearsal server."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

import anyio
import pandas as pd
import pytest

import batch_enroll
from batch_enroll import Enrolled, Options, enroll
from batch_enroll.core.errors import RosterError, UsageError
from batch_enroll.core.events import RowSettled
from batch_enroll.sandbox import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from batch_enroll.core.events import Event
    from batch_enroll.sandbox import Sandbox

pytestmark = pytest.mark.asyncio

ROWS: list[dict[str, object]] = [
    {"user_id": f"00{number}", "course_id": "math-7", "school_id": "s1", "note": number} for number in range(5)
]


@asynccontextmanager
async def school(folder: Path, *scenarios: str) -> AsyncIterator[tuple[Sandbox, Options]]:
    """A rehearsal server, and the options that lead to it."""
    async with serve(scenarios=scenarios) as sandbox:
        yield (
            sandbox,
            Options(
                env="sandbox",
                base_url=sandbox.base_url,
                token_url=sandbox.token_url,
                client_id=sandbox.client_id,
                client_secret=sandbox.client_secret,
                state=str(folder / "state"),
                out=str(folder / "runs"),
            ),
        )


async def test_a_path_is_enrolled_as_the_command_does(tmp_path: Path) -> None:
    (tmp_path / "term.csv").write_text("user_id,course_id\n007,math-7\n,math-7\n", encoding="utf-8")
    async with school(tmp_path) as (sandbox, options):
        done = await enroll(tmp_path / "term.csv", **options)
        assert [each.user_id for each in sandbox.school.active_enrollments()] == ["007"]
    assert done.summary.exit_status == 1
    assert list(done.results["enroll_outcome"]) == ["enrolled", "invalid"]
    assert list(done.failed["enroll_code"]) == ["E101"]


async def test_rows_are_taken_from_any_iterable_once(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, object]]:
        yield from ROWS

    async with school(tmp_path) as (_, options):
        first = await enroll(rows(), **options)
        again = await enroll(ROWS, **options)
    assert first.summary.outcomes["enrolled"] == 5
    assert list(first.results["user_id"]) == ["000", "001", "002", "003", "004"]
    assert again.summary.outcomes["already_enrolled"] == 5
    assert again.summary.run.requests.sent == 0


async def test_a_data_frame_keeps_its_ids_and_failed_rows_go_back_as_they_are(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "user_id": [17.0, float("nan"), 19.0, 2.0**60],
            "course_id": ["math-7"] * 4,
            "begin_date": [pd.Timestamp("2026-09-01"), pd.NaT, pd.NaT, pd.NaT],
            "note": ["=1+1", None, True, date(2026, 9, 1)],
        }
    )
    async with school(tmp_path) as (sandbox, options):
        done = await enroll(frame, **options)
        assert [each.user_id for each in sandbox.school.active_enrollments()] == ["17", "19"]
        assert sandbox.school.active_enrollments()[0].begin_date.startswith("2026-09-01")
        corrected = done.failed.assign(user_id=["18", "20"], enroll_code="")
        assert (await enroll(corrected, **options)).summary.outcomes["enrolled"] == 2
    assert list(done.results["enroll_code"]) == ["", "E101", "", "E109"]
    assert list(done.results["note"]) == ["=1+1", "", "true", "2026-09-01"]


async def test_a_data_frame_of_pandas_own_types_reads_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": [17, None], "course_id": ["math-7", None]}).convert_dtypes()
    frame["note"] = frame["user_id"].astype("float32")
    async with school(tmp_path) as (sandbox, options):
        done = await enroll(frame, **options)
        assert [each.user_id for each in sandbox.school.active_enrollments()] == ["17"]
        with pytest.raises(RosterError, match="several columns are called note"):
            await enroll(pd.concat([frame, frame[["note"]]], axis=1), **options)
    assert list(done.results["note"]) == ["17"]


async def test_events_are_emitted_as_they_happen_and_a_callback_that_fails_costs_no_row(tmp_path: Path) -> None:
    events: list[Event] = []

    def fail(_: Event) -> None:
        raise RuntimeError("mine")

    async with school(tmp_path) as (_, options):
        await enroll(ROWS, on_event=events.append, **options)
        with pytest.warns(RuntimeWarning, match="on_event raised RuntimeError"):
            done = await enroll([{**ROWS[0], "course_id": "art"}], on_event=fail, **options)
    assert sum(isinstance(event, RowSettled) for event in events) == 5
    assert done.summary.outcomes["enrolled"] == 1


async def test_a_cancelled_task_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    rows = [{"user_id": f"u{number}", "course_id": "math-7"} for number in range(300)]
    settled = 0

    async with school(tmp_path, "latency-ms=20") as (sandbox, options):
        with anyio.CancelScope() as scope:

            def count(event: Event) -> None:
                nonlocal settled
                settled += isinstance(event, RowSettled)
                if settled == 40:
                    scope.cancel()

            await enroll(rows, on_event=count, **options)
        assert scope.cancelled_caught
        done = await enroll(rows, **options)
        writes = Counter(sandbox.school.enroll_writes)
    assert len(writes) == writes.total() == 300
    assert done.summary.exit_status == 0


async def test_a_run_that_cannot_start_says_why(tmp_path: Path) -> None:
    async with school(tmp_path) as (_, options):
        with pytest.raises(RosterError, match="rows: there are none"):
            await enroll([], **options)
        with pytest.raises(RosterError, match="rows: no column for course_id"):
            await enroll([{"user_id": "1", "name": "Ada"}], **options)
    with pytest.raises(UsageError, match="settings: "):
        await enroll(ROWS, state=str(tmp_path))


async def test_a_row_with_other_columns_than_the_first_is_invalid(tmp_path: Path) -> None:
    at = datetime(2026, 9, 1, 12)  # noqa: DTZ001 - people do
    async with school(tmp_path) as (_, options):
        options["limit"] = 2
        done = await enroll([{**ROWS[0], "note": at}, {**ROWS[1], "schol_id": "s2"}, {}], **options)
    assert list(done.results["enroll_code"]) == ["", "E108"]
    assert done.results["note"][0] == "2026-09-01T12:00:00"


async def test_results_that_were_never_written_are_said_to_be_missing(tmp_path: Path) -> None:
    async with school(tmp_path) as (_, options):
        done = await enroll(ROWS, **options)
    object.__setattr__(done.summary, "files", {})
    with pytest.raises(UsageError, match="resume it first"):
        _ = Enrolled(done.summary).results


async def test_importing_the_package_brings_neither_pandas_nor_aiohttp() -> None:
    code = "import sys, batch_enroll; print({'pandas', 'aiohttp', 'sqlalchemy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: ASYNC221, S603 - short, ours
    assert done.stdout.strip() == "set()"
    with pytest.raises(AttributeError, match="no attribute 'enrol'"):
        _ = batch_enroll.enrol  # type: ignore[attr-defined]  # what a typing error would do
