"""Every scenario through real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from support.sandbox_client import Visitor, visitor

pytestmark = pytest.mark.asyncio


async def statuses(at: Visitor, count: int) -> list[int]:
    """Returns the statuses of consecutive enrolls; 0 for no response."""
    return [await status(at, f"u{number}/c/s") for number in range(count)]


async def status(at: Visitor, path: str = "u/c/s") -> int:
    try:
        return (await at.enroll(path)).status
    except aiohttp.ClientError:
        return 0


@pytest.mark.parametrize("name", ["429-bare", "429-retry-after", "429-http-date"])
async def test_scenarios_429(name: str) -> None:
    async with visitor(f"{name}=100") as at:
        answer = await at.enroll()
        assert answer.status == 429
        assert "server_busy" in answer.text
        retry_after = answer.headers.get("Retry-After")
        if name == "429-http-date":
            wait_s = (parsedate_to_datetime(retry_after or "") - datetime.now(UTC)).total_seconds()  # noqa: TID251 - a date
            assert 0 < wait_s <= 2
        else:
            assert retry_after == {"429-bare": None, "429-retry-after": "1"}[name]
        assert at.sandbox.school.active_enrollments() == []


async def test_different_429s_can_be_mixed() -> None:
    async with visitor("429-bare=30", "429-retry-after=30", seed=2) as at:
        answers = [await at.enroll() for _ in range(40)]
        assert {answer.headers.get("Retry-After") for answer in answers if answer.status == 429} == {None, "1"}


@pytest.mark.parametrize(("family", "key"), [("message", "message"), ("error", "error"), ("errors", "errors")])
async def test_behaviors_throttle_body_and_retry_after(family: str, key: str) -> None:
    async with visitor("strict-bucket=1", f"throttle-body={family}", "retry-after=seconds", "retry-after-s=7") as at:
        answers = [await at.enroll(), await at.enroll()]
        assert [answer.status for answer in answers] == [201, 429]
        assert list(answers[1].json) == [key]
        assert answers[1].headers["Retry-After"] == "7"


async def test_scenario_strict_bucket_refuses_a_burst() -> None:
    async with visitor("strict-bucket=2") as at:
        together = await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(6)))
        assert Counter(answer.status for answer in together) == {201: 1, 429: 5}


async def test_scenario_bucket_takes_a_burst() -> None:
    async with visitor("bucket=0.5:4") as at:
        together = await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(6)))
        assert Counter(answer.status for answer in together) == {201: 4, 429: 2}


async def test_scenario_in_flight_cap() -> None:
    async with visitor("in-flight-cap=3", "latency-ms=60") as at:
        together = await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(8)))
        assert Counter(answer.status for answer in together) == {201: 3, 429: 5}
        assert at.sandbox.requests.max_in_flight >= 3
        assert await status(at) == 201


async def test_scenarios_5xx_do_nothing() -> None:
    for name in ("two-percent-5xx", "5xx=30"):
        async with visitor(name, seed=1) as at:
            seen = Counter(await statuses(at, 150))
            assert set(seen) - {201} <= {500, 502, 503, 504}
            assert 0 < 150 - seen[201] < 70
            assert len(at.sandbox.school.active_enrollments()) == seen[201]


async def test_scenario_5xx_bursts() -> None:
    async with visitor("5xx-bursts=2", seed=3) as at:
        seen = "".join("x" if one >= 500 else "." for one in await statuses(at, 200))
        assert "." in seen
        assert "x" * 20 in seen


async def test_scenario_5xx_after_write() -> None:
    async with visitor("5xx-after-write=100") as at:
        assert {await status(at, f"u{number}/c/s") for number in range(20)} == {502, 504}
        assert len(at.sandbox.school.active_enrollments()) == 20
        assert len(await at.enrollments_of("u1")) == 1


async def test_scenario_reads_5xx() -> None:
    async with visitor("reads-5xx") as at:
        assert await status(at) == 201
        assert (await at.call("GET", "/edubridge/enrollments/user/u")).status >= 500
        assert (await at.get("users")).status >= 500


async def test_scenario_outage_requests() -> None:
    async with visitor("outage-requests=3:4") as at:
        assert await statuses(at, 9) == [201] * 3 + [503] * 4 + [201] * 2


async def test_scenario_outage() -> None:
    async with visitor("outage=0:0.15") as at:
        assert await statuses(at, 2) == [503, 503]
        await asyncio.sleep(0.16)  # noqa: TID251 - the server's clock is the real one
        assert await status(at) == 201


@pytest.mark.parametrize("name", ["latency-ms=80", "heavy-tail-ms=2000"])
async def test_a_write_is_carried_out_although_the_client_did_not_wait_for_it(name: str) -> None:
    async with visitor(name, seed=1) as at:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await at.enroll()
        assert at.sandbox.school.active_enrollments() == []
        if name == "latency-ms=80":
            await asyncio.sleep(0.1)  # noqa: TID251 - the server's clock is the real one
            assert at.sandbox.school.enroll_writes.total() == 1


@pytest.mark.parametrize(("name", "written"), [("lost-after-write", 12), ("lost-before-write", 0)])
async def test_scenarios_lost(name: str, written: int) -> None:
    async with visitor(f"{name}=100") as at:
        assert await statuses(at, 12) == [0] * 12
        assert len(at.sandbox.school.active_enrollments()) == written
        assert at.sandbox.requests.statuses["enroll", 0] == 12


async def test_some_responses_are_lost_and_others_are_not() -> None:
    async with visitor("lost-after-write=30", seed=1) as at:
        seen = Counter(await statuses(at, 40))
        assert set(seen) == {0, 201}
        assert len(at.sandbox.school.active_enrollments()) == 40


async def test_scenario_truncated() -> None:
    async with visitor("truncated=100") as at:
        with pytest.raises(aiohttp.ClientPayloadError):
            await at.enroll()
        assert len(at.sandbox.school.active_enrollments()) == 1


@pytest.mark.parametrize("code", [200, 201, 502])
async def test_scenarios_html(code: int) -> None:
    async with visitor(f"html-{code}=100") as at:
        answer = await at.enroll()
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (code, "text/html")
        assert len(at.sandbox.school.active_enrollments()) == 1


@pytest.mark.parametrize(("family", "begins"), [("html", "<html>"), ("message", '{"message"'), ("empty", "")])
async def test_behavior_gateway_body(family: str, begins: str) -> None:
    async with visitor("5xx-after-write=100", f"gateway-body={family}") as at:
        answer = await at.enroll()
        assert answer.status in {502, 504}
        assert answer.text.startswith(begins)
        assert bool(answer.text) is bool(begins)


async def test_a_refusal_does_not_become_a_success() -> None:
    async with visitor("html-201=100", "unknown-users=100") as at:
        assert (await at.enroll()).status == 404


async def test_scenario_forbidden() -> None:
    async with visitor("forbidden") as at:
        assert await status(at) == 403
        assert (await at.get("users")).status == 200
        assert at.sandbox.school.active_enrollments() == []


async def test_the_same_seed_causes_the_same_faults() -> None:
    runs = []
    for seed in (7, 7, 8):
        async with visitor("5xx=20", "429-bare=10", seed=seed) as at:
            runs.append(await statuses(at, 60))
    assert runs[0] == runs[1] != runs[2]
