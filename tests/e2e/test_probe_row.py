"""Canaries: secrets, tokens, names and e-mails, planted wherever they could come from and looked for everywhere.

They may stand in the results, where the roster itself stands, and in the ledger's cells, from which those are written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import pytest
from aiohttp import web
from support.e2e_cli import Desk, write_csv

from batch_enroll.sandbox import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.asyncio

SECRET, TOKEN = "canary-s3cret-quail", "canary-t0ken-finch"
NAME, EMAIL, COURSE_TITLE = "Canaria Wren", "canaria.wren@nest.test", "Canary Care"
CANARIES = (SECRET, TOKEN, NAME, EMAIL, COURSE_TITLE, "Canaria", "Wren", "canaria.wren")
CHATTER = f"{NAME} <{EMAIL}> in {COURSE_TITLE}: token {TOKEN} of secret {SECRET}"
ROSTER_ITSELF = frozenset({"results.csv", "failed.csv", "report.html", "results.xlsx"})
NOT_THE_ROSTER = {
    "run_rows": "roster_file, roster_sheet",
    "outcomes": "kind, code, detail, http_status, enrollment_id, seat",
    "runs": "environment, base_url, scope, folder, rosters, requests, ending, outcomes, options, facts",
    "owners": "scope, host, command",
    "seats": "state",
}

PASSING = {"headers", "page", "server"}  # answers that are asked for again, and are good the second time

Answer: TypeAlias = Callable[[], web.Response]
ANSWERS: Mapping[str, Answer] = {
    "enrolled": lambda: web.json_response({"data": {"id": "e1", "user": {"name": NAME, "email": EMAIL}}}, status=201),
    "ims": lambda: web.json_response({"imsx_codeMajor": "failure", "imsx_description": CHATTER}, status=422),
    "errors": lambda: web.json_response(
        {"errors": [{"message": CHATTER, "detail": NAME, "meta": {"issues": [{"path": [EMAIL], "message": NAME}]}}]},
        status=400,
    ),
    "message": lambda: web.json_response({"message": f"user {EMAIL} not found"}, status=404),
    "forbidden": lambda: web.json_response({"error": CHATTER}, status=403),
    "html": lambda: web.Response(status=409, text=f"<h1>{CHATTER}</h1>", content_type="text/html"),
    "redirect": lambda: web.Response(status=302, headers={"Location": f"https://elsewhere.test/?{TOKEN}"}),
    "headers": lambda: web.Response(status=429, headers={"Retry-After": f"0 {TOKEN}", "X-Name": NAME}),
    "page": lambda: web.Response(status=200, text=CHATTER, content_type="text/html"),
    "server": lambda: web.json_response({"message": CHATTER}, status=501),
}


@dataclass
class Chatty:
    """A server that tells everybody everything: the answer by user id."""

    refuses: bool = False
    asked: set[str] = field(default_factory=set)

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/token":
            if self.refuses:
                return web.json_response({"error": "invalid_client", "error_description": CHATTER}, status=400)
            return web.json_response({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
        user = next((name for name in ANSWERS if f"/{name}" in request.path), "enrolled")
        first = user not in self.asked
        self.asked.add(user)
        if request.method == "GET":
            return web.json_response({"data": [{"user": {"name": NAME}}, CHATTER]})
        return ANSWERS[user if first or user not in PASSING else "enrolled"]()


@dataclass(frozen=True)
class CanaryDesk(Desk):
    """A desk whose variables lead to the chatty server, with a secret that is a canary."""

    url: str = ""

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "TIMEBACK_API_BASE_URL": self.url,
            "TIMEBACK_API_AUTH_URL": f"{self.url}/token",
            "TIMEBACK_API_CLIENT_SECRET": SECRET,
        }


@asynccontextmanager
async def chatting(folder: Path, chatty: Chatty) -> AsyncIterator[Desk]:
    runner = web.ServerRunner(web.Server(chatty.respond, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with serve() as quiet:
            yield CanaryDesk(folder, quiet, url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def rows() -> list[Mapping[str, str]]:
    common: Mapping[str, str] = {"course_id": "c1", "school_id": "s1", "name": NAME, "email": EMAIL}
    roles = dict.fromkeys((*ANSWERS, ""), "") | {"u9": "aide"}
    return [{"user_id": user, **common, "role": role} for user, role in roles.items()]


def ledger_texts(folder: Path) -> str:
    with closing(sqlite3.connect(next(folder.glob("state/*.sqlite3")))) as connection:
        return "".join(
            str(connection.execute(f"SELECT {columns} FROM {table}").fetchall())  # noqa: S608 - our own names
            for table, columns in NOT_THE_ROSTER.items()
        )


def singing(*texts: str) -> list[str]:
    return [canary for canary in CANARIES if any(canary in text for text in texts)]


async def test_no_canary_gets_out_of_a_run_in_which_everything_is_chatty(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", rows())
    metrics = tmp_path / "m.prom"
    chatty = Chatty()
    async with chatting(tmp_path, chatty) as at:
        done = await at.run(
            "term.csv", "--log-format", "json", "--metrics-file", str(metrics), "--max-in-flight", "4", "--grace", "1"
        )
        told = [await at.call(command, "--json") for command in ("show", "runs", "retry")]
        plain = [await at.call(command) for command in ("show", "runs")]
    assert chatty.asked == ANSWERS.keys()
    assert done.status == 1
    outcomes = {row["user_id"]: row["enroll_outcome"] for row in done.rows()}
    assert (outcomes["enrolled"], outcomes["ims"], outcomes[""]) == ("enrolled", "rejected", "invalid")
    streams = [text for each in (done, *told, *plain) for text in (each.out, each.err)]
    folder = next((tmp_path / "batch-enroll-runs").iterdir())
    files = [path.read_text() for path in folder.iterdir() if path.name not in ROSTER_ITSELF]
    assert len(files) >= 2
    assert singing(*streams, *files, metrics.read_text(), ledger_texts(tmp_path)) == []


async def test_no_canary_gets_out_of_a_client_that_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", rows())
    async with chatting(tmp_path, Chatty(refuses=True)) as at:
        done = await at.run("term.csv", "--log-format", "console")
    assert done.status == 4
    assert json.loads(done.out)["exit_status"] == 4
    assert singing(done.out, done.err, ledger_texts(tmp_path)) == []


async def test_no_canary_gets_out_of_settings_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "batch-enroll.toml").write_text(
        f'client_secret = "{SECRET}"\nping_url = "ftp://{SECRET}"\nnotify = "json://{SECRET}"\n'
        f'ledger_url = "mysql://me:{SECRET}@db"\nrate = -1\n',
        encoding="utf-8",
    )
    async with chatting(tmp_path, Chatty()) as at:
        done = await at.run("term.csv")
    assert done.status == 2
    assert singing(done.out, done.err) == []
