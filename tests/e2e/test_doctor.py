"""The doctor, called to a real desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk, term, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from support.e2e_cli import Finished

pytestmark = pytest.mark.asyncio


def health_of(done: Finished) -> dict[str, str]:
    return {finding["name"]: finding["health"] for finding in done.summary["findings"]}


async def test_a_desk_where_all_is_well(tmp_path: Path) -> None:
    roster = write_csv(tmp_path / "term.csv", term(2))
    async with desk(tmp_path, measured=True) as at:
        await at.run(str(roster))
        done = await at.call("doctor", "--json")
        told = await at.call("doctor")
        assert at.sandbox.requests.tokens_issued == 3
    assert done.status == told.status == 0
    assert set(health_of(done).values()) == {"ok"}
    assert done.summary["settings"]["client_secret"] == "variable TIMEBACK_API_CLIENT_SECRET"
    assert "1 run in" in told.out
    assert at.sandbox.client_secret not in done.out + told.out


async def test_what_is_ill_is_said_with_what_to_fix(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ledger.sqlite3").write_text("no database", encoding="utf-8")
    (tmp_path / "batch-enroll.toml").write_text('notify = ["json://127.0.0.1"]\n', encoding="utf-8")
    async with desk(tmp_path, "refused-client", measured=True) as at:
        done = await at.call("doctor", "--json")
    assert done.status == 1
    health = health_of(done)
    assert (health["ledger"], health["token"], health["notifications"]) == ("bad", "bad", "ok")


async def test_an_api_that_is_down_or_not_meant_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path, "outage-requests=0:50") as at:
        down = await at.call("doctor", "--json")
        gone = await at.call("doctor", "--json", "--base-url", "http://127.0.0.1:9")
    assert health_of(down)["api"] == health_of(gone)["api"] == "bad"
    assert (down.status, gone.status) == (1, 1)


async def test_without_an_environment_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        bare = at.environment
        object.__setattr__(at, "environment", lambda: {k: v for k, v in bare().items() if "TIMEBACK" not in k})
        none = await at.call("doctor", "--json", "--ledger-url", "postgresql://nobody@127.0.0.1:9/none")
        clientless = await at.call("doctor", "--json", "--base-url", at.sandbox.base_url, "--token-url", "http://[::1]")
    assert health_of(none)["environment"] == "bad"
    assert (health_of(none)["postgresql"], health_of(none)["ledger"]) == ("ok", "bad")
    assert health_of(clientless)["token"] == "bad"
