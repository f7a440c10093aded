"""Looking into the server, and its coming and going."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from support.sandbox_client import Visitor, visitor

from batch_enroll.sandbox import serve

pytestmark = pytest.mark.asyncio


async def plain(at: Visitor, method: str, path: str) -> tuple[int, str]:
    """A request without a token."""
    async with at.session.request(method, at.sandbox.base_url + path) as response:
        return response.status, await response.text()


async def test_the_state_is_returned_without_a_token() -> None:
    async with visitor("repeat-enroll=new_row", "unknown-schools=0") as at:
        for _ in range(2):
            await at.enroll()
        await at.enroll("v/c/s")
        await at.unenroll("v/c/s")
        await at.enroll("u/c/s", {"role": "pupil"})
        status, text = await plain(at, "GET", "/sandbox/state")
        assert status == 200
        assert json.loads(text) == {
            "seats": 2, "enrollments": 3, "managed_classes": 1, "enroll_writes": 3, "written_twice": 1,
            "requests": {
                "routes": {"enroll": 4, "unenroll": 1},
                "statuses": {"enroll 201": 3, "unenroll 204": 1, "enroll 422": 1},
                "token_requests": {"200": 1}, "tokens_issued": 1, "max_in_flight": 1,
            },
        }  # fmt: skip


async def test_active_enrollments_are_streamed_as_json_lines() -> None:
    async with visitor() as at:
        for number in range(3):
            await at.enroll(f"u{number}/c/s")
        await at.unenroll("u1/c/s")
        _, text = await plain(at, "GET", "/sandbox/seats")
        assert [json.loads(line)["user_id"] for line in text.splitlines()] == ["u0", "u2"]


async def test_a_reset_restores_the_state_at_the_start_and_tokens_stay_valid() -> None:
    async with visitor("outage-requests=1:1", "unknown-users=50", seed=2) as at:
        first = [(await at.enroll(f"u{number}/c/s")).status for number in range(8)]
        assert (await plain(at, "POST", "/sandbox/reset"))[0] == 204
        assert at.sandbox.school.all_enrollments() == []
        assert at.sandbox.requests.routes.total() == 0
        assert [(await at.enroll(f"u{number}/c/s")).status for number in range(8)] == first
        assert first[1] == 503


async def test_there_are_no_other_routes_without_a_token() -> None:
    async with visitor() as at:
        assert (await plain(at, "GET", "/sandbox/other"))[0] == 404
        assert (await plain(at, "GET", "/sandbox/reset"))[0] == 404
        assert (await plain(at, "POST", "/edubridge/enrollments/enroll/u/c"))[0] == 401


async def test_requests_are_counted_with_their_times_and_the_most_in_flight() -> None:
    async with visitor("latency-ms=20") as at:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(5)))
        seen = at.sandbox.requests
        assert (seen.routes["enroll"], seen.statuses["enroll", 201]) == (5, 5)
        assert (seen.max_in_flight, seen.in_flight) == (5, 0)
        assert len(seen.enroll_starts) == 5
        assert list(seen.enroll_starts) == sorted(seen.enroll_starts)
        assert seen.enroll_starts[0] >= began


async def test_two_servers_share_no_state() -> None:
    async with visitor() as here, visitor() as there:
        assert here.sandbox.base_url != there.sandbox.base_url
        await here.enroll()
        assert there.sandbox.school.active_enrollments() == []


async def test_a_server_that_closes_leaves_no_task_and_no_port_behind() -> None:
    before = asyncio.all_tasks()
    async with visitor("latency-ms=1") as at:
        url, port = at.sandbox.base_url, int(at.sandbox.base_url.rpartition(":")[2])
        await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(4)))
    assert asyncio.all_tasks() == before
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)
    async with serve(port=port) as sandbox:
        assert sandbox.base_url == url


async def test_a_server_closes_although_a_client_still_waits_for_a_response() -> None:
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session:
        async with serve(scenarios=["token-latency-ms=60000"]) as sandbox:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await session.post(sandbox.token_url)
        assert sandbox.requests.tokens_issued == 0
    await asyncio.sleep(0.01)  # noqa: TID251 - lets the loop forget what is done
    assert asyncio.all_tasks() == before


async def test_a_port_in_use_is_reported() -> None:
    async with serve() as sandbox:
        taken = int(sandbox.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address"):
            async with serve(port=taken):
                pass
