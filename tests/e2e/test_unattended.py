"""A run that nobody watches: what it prints, whom it tells, what it leaves for the machines."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.e2e_cli import Desk, Finished

pytestmark = pytest.mark.asyncio


@dataclass
class Listener:
    """Takes pings and notifications; remembers path and text."""

    status: int = 200
    address: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        self.heard.append((request.path, (await request.read()).decode()))
        return web.Response(status=self.status)

    def paths(self) -> list[str]:
        return [path for path, _ in self.heard]


@asynccontextmanager
async def listening(status: int = 200) -> AsyncIterator[Listener]:
    listener = Listener(status)
    runner = web.ServerRunner(web.Server(listener.respond, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listener.address = f"127.0.0.1:{runner.addresses[0][1]}"
        yield listener
    finally:
        await runner.cleanup()


def told_to(folder: Path, listener: Listener) -> None:
    ping, notify = f"http://{listener.address}/ping/s3cret", f"json://{listener.address}/hook"
    (folder / "batch-enroll.toml").write_text(f'ping_url = "{ping}"\nnotify = ["{notify}"]\n', encoding="utf-8")


async def nightly(at: Desk, roster: Path, *options: str) -> Finished:
    return await at.call("run", str(roster), "--quiet", "--on-change-only", *options)


async def test_nights_are_told_of_by_what_they_changed(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "export.csv", term(5))
    metrics = tmp_path / "metrics" / "enroll.prom"
    async with listening() as listener, desk(tmp_path) as at:
        told_to(tmp_path, listener)
        first = await nightly(at, roster, "--metrics-file", str(metrics))
        assert "5 of 5 rows enrolled" in first.out
        assert listener.paths() == ["/ping/s3cret/start", "/hook", "/ping/s3cret"]
        assert json.loads(listener.heard[1][1])["title"] == "batch-enroll on sandbox: All 5 rows are enrolled."
        listener.heard.clear()

        second = await nightly(at, roster, "--metrics-file", str(metrics))
        assert (second.status, second.out, second.err) == (0, "", "")
        assert listener.paths() == ["/ping/s3cret/start", "/ping/s3cret"]
        listener.heard.clear()

        write_csv(roster, [*term(5), {**term(1)[0], "user_id": ""}])
        third = await nightly(at, roster)
        assert (third.status, listener.paths()) == (1, ["/ping/s3cret/start", "/hook", "/ping/s3cret/fail"])
        assert "E101 1 x Missing user id" in listener.heard[-1][1]
    assert 'batch_enroll_last_run_rows{environment="sandbox",outcome="already_enrolled"} 5.0' in metrics.read_text()
    assert 'batch_enroll_last_run_exit_status{environment="sandbox"} 0.0' in metrics.read_text()


async def test_quiet_in_the_settings_is_the_flag(tmp_path: Path) -> None:
    roster = str(write_csv(tmp_path / "export.csv", term(2)))
    (tmp_path / "batch-enroll.toml").write_text("quiet = true\n", encoding="utf-8")
    async with desk(tmp_path) as at:
        first, second = await at.call("run", roster), await at.call("run", roster)
    assert "2 of 2 rows enrolled" in first.out
    assert (second.status, second.out, second.err) == (0, "", "")


async def test_a_sync_is_told_of_too_and_one_with_nothing_to_do_notifies_nobody(tmp_path: Path) -> None:
    roster = str(write_csv(tmp_path / "export.csv", term(3)))
    async with listening() as listener, desk(tmp_path, measured=True) as at:
        told_to(tmp_path, listener)
        settings = tmp_path / "batch-enroll.toml"
        settings.write_text(f"{settings.read_text(encoding='utf-8')}on_change_only = true\n", encoding="utf-8")
        for paths in (["/start", "/hook", ""], ["/start", ""]):
            done = await at.call("sync", roster, "--scope", "roster-courses", "--quiet")
            assert (done.status, done.err) == (0, "")
            assert [path.removeprefix("/ping/s3cret") for path in listener.paths()] == paths
            listener.heard.clear()


async def test_a_run_that_cannot_begin_is_told_of_too_without_its_message(tmp_path: Path) -> None:
    metrics = tmp_path / "enroll.prom"
    async with listening() as listener, desk(tmp_path, measured=True) as at:
        told_to(tmp_path, listener)
        (tmp_path / "ada-lovelace.csv").write_text("name\nada\n", encoding="utf-8")
        done = await nightly(at, tmp_path / "ada-lovelace.csv", "--json", "--metrics-file", str(metrics))
        assert (done.status, done.summary["exit_status"]) == (3, 3)
        assert listener.paths() == ["/ping/s3cret/start", "/hook", "/ping/s3cret/fail"]
        assert "ada" not in str(listener.heard)
    assert 'exit_status{environment="sandbox"} 3.0' in metrics.read_text()


async def test_whoever_cannot_be_told_fails_no_run_and_no_secret_shows(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "export.csv", term(2))
    async with listening(status=500) as listener, desk(tmp_path, measured=True) as at:
        told_to(tmp_path, listener)
        text = (tmp_path / "batch-enroll.toml").read_text(encoding="utf-8")
        (tmp_path / "batch-enroll.toml").write_text(text.replace('hook"', 'hook", "nonsense://k3y"'), encoding="utf-8")
        (tmp_path / "in-the-way").write_text("", encoding="utf-8")
        done = await nightly(at, roster, "--metrics-file", str(tmp_path / "in-the-way" / "x.prom"))
    assert done.status == 0
    assert "note: the ping was answered 500; the run is not affected" in done.err
    assert "note: a notification could not be delivered; the run is not affected" in done.err
    assert "x.prom cannot be written" in done.err
    assert "s3cret" not in done.err + done.out
    assert "k3y" not in done.err + done.out


async def test_a_dry_run_tells_nobody(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "export.csv", term(2))
    async with listening() as listener, desk(tmp_path) as at:
        told_to(tmp_path, listener)
        await nightly(at, roster, "--dry-run")
        assert listener.heard == []


async def test_results_can_leave_the_rosters_own_columns_out_also_when_gone_on_with(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "export.csv", [*term(3), {**term(1)[0], "user_id": ""}])
    async with desk(tmp_path) as at:
        done = await at.run(str(roster), "--no-roster-columns")
        again = await at.call("retry", "--json")
    for each in (done, again):
        assert next(iter(each.rows()[0])) == "enroll_row"
        assert [row["enroll_outcome"] for row in each.rows()] == ["enrolled"] * 3 + ["invalid"]
        assert len(each.rows("failed")) == 1
