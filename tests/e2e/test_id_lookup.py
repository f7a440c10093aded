"""The real command on rosters of e-mails, titles and school names, over real HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from signal import SIGTERM
from typing import TYPE_CHECKING

import anyio
import pytest
from support.e2e_cli import Desk, finished, write_csv
from support.paths import SAMPLES
from support.roster_files import write_bundle

from batch_enroll.sandbox import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio
LAKE = "Lake Middle School"


@asynccontextmanager
async def lake(folder: Path, *scenarios: str) -> AsyncIterator[Desk]:
    """A desk at a server that knows the people of the sample bundle."""
    async with serve(scenarios=scenarios, school_bundle=SAMPLES / "oneroster_12") as sandbox:
        yield Desk(folder, sandbox)


def mails(folder: Path) -> Path:
    rows = [
        ("umar.garza@lake.example", "Mathematics 7", LAKE),
        ("LENA.DUNMORE@lake.example", "Science 7", LAKE),
        ("chidi.santos@lake.example", "Mathematics 7", LAKE),
        ("rosa.westen@lake.example", "Mathematics 7", LAKE),
        ("goran.petrov@lake.example", "Mathematics 8", LAKE),
        ("goran.petrov@lake.example", "Science 7", "Hill School"),
        ("goran.petrov@lake.example", "Science 7", ""),
    ]
    named = [dict(zip(("email", "course title", "school name"), row, strict=True)) for row in rows]
    return write_csv(folder / "mails.csv", named)


async def test_a_roster_of_names_is_enrolled_as_far_as_they_name_one_only(tmp_path: Path) -> None:
    async with lake(tmp_path) as at:
        roster = mails(tmp_path)
        done = await at.run(str(roster))
        assert done.status == 1
        assert [(row["enroll_outcome"], row["enroll_code"]) for row in done.rows()] == [
            ("enrolled", ""),
            ("enrolled", ""),
            ("invalid", "E124"),
            ("invalid", "E121"),
            ("invalid", "E122"),
            ("invalid", "E123"),
            ("enrolled", ""),
        ]
        assert done.rows()[2]["enroll_detail"] == "email: 2 users have this e-mail: usr-004, usr-005"
        seats = {(seat.user_id, seat.course_id, seat.school_id) for seat in at.sandbox.school.active_enrollments()}
        assert seats == {
            ("usr-001", "crs-math", "org-lake"),
            ("usr-002", "crs-sci", "org-lake"),
            ("usr-006", "crs-sci", "org-lake"),
        }
        assert done.summary["requests"]["sent"] == at.sandbox.requests.routes.total()
        kept = tmp_path / "state" / "found.sqlite3"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert b"chidi.santos@" not in kept.read_bytes()

        again = await at.run(str(roster))
        assert again.summary["outcomes"]["already_enrolled"] == 3
        assert "2 remembered" in " ".join(again.summary["facts"]["looked_up"])

        failed = tmp_path / "mended.csv"
        failed.write_text(
            (roster.parent / done.summary["files"]["failed"]).read_text("utf-8").replace("westen", "weston"), "utf-8"
        )
        mended = await at.call("retry", done.summary["run_id"], "--from", str(failed), "--json")
        assert mended.summary["outcomes"]["enrolled"] == 4

        assert (await at.call("purge", "--older-than", "1h", "--yes")).status == 0
        assert not kept.exists()


async def test_check_online_tells_what_the_server_does_not_know_and_sends_nothing(tmp_path: Path) -> None:
    async with lake(tmp_path) as at:
        ids = [("usr-001", "crs-math", "org-lake"), ("usr-009", "crs-math", "org-lake"), ("usr-001", "cls-1", "x")]
        columns = ("user_id", "course_id", "school_id")
        roster = write_csv(tmp_path / "ids.csv", [dict(zip(columns, row, strict=True)) for row in ids])
        checked = await at.call("check", str(roster), "--online", "--json")
        assert checked.status == 1
        assert [(p["row"], p["code"], p["value"]) for p in checked.summary["problems"]] == [
            (3, "E121", "usr-009"),
            (4, "E122", "cls-1"),
        ]
        assert at.sandbox.school.active_enrollments() == []
        named = await at.call("check", str(mails(tmp_path)), "--online", "--json")
        assert named.summary["outcomes"] == {"to_send": 3, "already_enrolled": 0, "skipped": 0, "invalid": 4}
        assert not (tmp_path / "state").exists()
        offline = await at.call("check", str(mails(tmp_path)), "--json")
        assert offline.summary["outcomes"]["to_send"] == 7


async def test_an_interrupted_run_of_names_is_gone_on_with(tmp_path: Path) -> None:
    async with lake(tmp_path) as at:
        first = await at.run(str(mails(tmp_path)), "--deadline", "0.01s", "--rate", "5", "--limit", "3")
        assert (first.status, first.summary["ending"]) == (1, "its deadline had come")
        assert [row["enroll_code"] for row in first.rows()] == ["N105"] * 3
        assert at.sandbox.requests.routes.total() == 0
        resumed = await at.call("resume", "--json")
        assert resumed.summary["outcomes"]["enrolled"] == 2
        assert resumed.summary["requests"]["sent"] == at.sandbox.requests.routes.total()
        assert len(at.sandbox.school.active_enrollments()) == 2


async def test_a_signal_while_ids_are_looked_up_ends_the_run_with_a_result_for_each_row(tmp_path: Path) -> None:
    async with lake(tmp_path, "latency-ms=60000") as at:
        async with at.started("run", "--json", "--limit", "3", str(mails(tmp_path))) as process:
            with anyio.fail_after(40):
                while process.returncode is None and not at.sandbox.requests.in_flight:  # noqa: ASYNC110 - waits for another process
                    await anyio.sleep(0.01)
            process.send_signal(SIGTERM)
            stopped = await finished(process)
        assert (stopped.status, stopped.summary["ending"]) == (143, "stopped by SIGTERM")
        assert [row["enroll_code"] for row in stopped.rows()] == ["N101"] * 3


@pytest.mark.parametrize(
    ("scenario", "status", "told"),
    [
        ("reads-5xx=100", 5, "the API is down"),
        ("refused-tokens", 4, "401 to a fresh token"),
        ("refused-client", 4, "invalid_client"),
    ],
)
async def test_look_ups_that_come_to_nothing_end_it_before_anything_is_sent(
    tmp_path: Path, scenario: str, status: int, told: str
) -> None:
    async with lake(tmp_path, scenario) as at:
        (tmp_path / "batch-enroll.toml").write_text("retry_budget = 3\n", "utf-8")
        done = await at.run(str(mails(tmp_path)))
        assert done.status == status
        assert told in done.err
        assert at.sandbox.school.active_enrollments() == []


async def test_seats_of_people_who_are_named_are_withdrawn_unless_an_unclear_row_may_mean_them(tmp_path: Path) -> None:
    """A run that was stopped before anybody could be asked has nobody's consent: going on with it asks."""
    columns = ("email", "course title", "school name", "status")
    seats = [
        ("umar.garza@lake.example", "Mathematics 7", LAKE, ""),
        ("lena.dunmore@lake.example", "Science 7", LAKE, ""),
        ("goran.petrov@lake.example", "Mathematics 7", LAKE, ""),
    ]
    gone = [
        *((email, title, school, "tobedeleted") for email, title, school, _ in seats),
        ("nobody@lake.example", "Mathematics 7", LAKE, "tobedeleted"),
        ("goran.petrov@lake.example", "Matematics 7", LAKE, ""),
        ("nobody@lake.example", "Mathematics 7", LAKE, ""),
    ]
    term, delta = (
        str(write_csv(tmp_path / name, [dict(zip(columns, row, strict=True)) for row in rows]))
        for name, rows in (("term.csv", seats), ("delta.csv", gone))
    )
    async with lake(tmp_path) as at:
        assert (await at.run(term)).summary["outcomes"]["enrolled"] == 3
        part = await at.run(delta, "--withdraw", "--limit", "2")
        hurried = await at.run(delta, "--withdraw", "--deadline", "0.01s")
        asked = await at.call("resume", "--json")
        done = await at.call("resume", "--json", "--yes")
        left = {seat.user_id for seat in at.sandbox.school.active_enrollments()}
        again = await at.call("retry", "--json", "--rejected")
    assert (part.status, hurried.status, asked.status) == (2, 1, 2)
    assert "leave out --limit" in part.err
    assert "2 enrollments would be withdrawn" in asked.err
    assert [(row["enroll_outcome"], row["enroll_code"]) for row in done.rows()] == [
        ("withdrawn", ""),
        ("withdrawn", ""),
        ("skipped", "S105"),
        ("invalid", "E121"),
        ("invalid", "E122"),
        ("invalid", "E121"),
    ]
    assert left == {"usr-006"}
    assert again.summary["outcomes"]["withdrawn"] == 2


async def test_a_bundle_with_ids_of_another_system_is_enrolled_by_emails_and_titles(tmp_path: Path) -> None:
    parts = {
        "schools.csv": f"School_id,School_name\n02M1,{LAKE}\n",
        "students.csv": (
            "School_id,Student_id,Student_email\n"
            "02M1,s1,umar.garza@lake.example\n02M1,s2,nobody@lake.example\n02M1,s3,\n"
        ),
        "teachers.csv": "School_id,Teacher_id,Teacher_email\n02M1,t1,lena.dunmore@lake.example\n",
        "sections.csv": "School_id,Section_id,Teacher_id,Course_name,Course_number\n02M1,k1,t1,Mathematics 7,M7\n",
        "enrollments.csv": "School_id,Section_id,Student_id\n02M1,k1,s1\n02M1,k1,s2\n02M1,k1,s3\n",
    }
    export = write_bundle(tmp_path / "export", parts)
    ways = [flag for way in ("user=email", "course=title", "school=name") for flag in ("--find", way)]
    async with lake(tmp_path) as at:
        done = await at.run(str(export), *ways)
        assert [(row["enroll_outcome"], row["enroll_code"]) for row in done.rows()] == [
            ("enrolled", ""),
            ("invalid", "E121"),
            ("invalid", "E107"),
            ("enrolled", ""),
        ]
        assert {
            (seat.user_id, seat.course_id, seat.school_id, seat.role) for seat in at.sandbox.school.active_enrollments()
        } == {
            ("usr-001", "crs-math", "org-lake", "student"),
            ("usr-002", "crs-math", "org-lake", "teacher"),
        }
        failed = tmp_path / "mended.csv"
        failed.write_text(
            (tmp_path / done.summary["files"]["failed"]).read_text("utf-8").replace("nobody", "rosa.weston"), "utf-8"
        )
        mended = await at.call("retry", done.summary["run_id"], "--from", str(failed), "--json")
        assert mended.summary["outcomes"]["enrolled"] == 3


async def test_a_roster_of_names_is_planned_applied_synced_and_verified(tmp_path: Path) -> None:
    named = mails(tmp_path)
    lines = named.read_text("utf-8").splitlines(keepends=True)
    known = tmp_path / "known.csv"
    known.write_text("".join([lines[0], *lines[1:3], lines[7]]), "utf-8")
    async with lake(tmp_path) as at:
        planned = await at.call("plan", "mails.csv", "-o", "plan.json", "--json")
        applied = await at.call("apply", "plan.json", "--json")
        synced = await at.call("sync", "known.csv", "--school-id", "org-lake", "--withdraw", "--json")
        verified = await at.call("verify", "mails.csv", "--json")
        run = await at.run("known.csv", "--recheck", "--verify")
    assert (planned.status, applied.status, synced.status) == (0, 0, 0)
    assert (planned.summary["enroll"], planned.summary["counts"]["invalid"]) == (3, 4)
    assert (synced.summary["plan"]["enroll"], synced.summary["plan"]["counts"]["kept"]) == (0, 3)
    assert {name: count for name, count in verified.summary["found"].items() if count} == {
        "confirmed": 3, "not_checked": 4,
    }  # fmt: skip
    assert run.summary["facts"]["verified"]["confirmed"] == 3
