"""The token endpoint, and the validity of tokens."""

from __future__ import annotations

import asyncio
import base64

import aiohttp
import pytest
from support.sandbox_client import another, visitor

from batch_enroll.sandbox import serve
from batch_enroll.sandbox.oauth import TokenService, TokenStatus

pytestmark = pytest.mark.asyncio


async def test_credentials_are_taken_from_the_form_or_a_basic_header() -> None:
    async with visitor() as at:
        sandbox, session = at.sandbox, at.session
        basic = base64.b64encode(f"{sandbox.client_id}:{sandbox.client_secret}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        async with session.post(sandbox.token_url, data=form, headers={"Authorization": f"Basic {basic}"}) as response:
            body = await response.json()
        assert (response.status, set(body)) == (200, {"access_token", "expires_in", "token_type"})
        assert (body["expires_in"], body["token_type"]) == (3600, "Bearer")
        assert body["access_token"] != at.token
        assert body["access_token"].count(".") == 2
        assert sandbox.requests.tokens_issued == 2


@pytest.mark.parametrize(
    ("form", "authorization", "error"),
    [
        ({"grant_type": "password"}, "", "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "", "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_id": "rehearsal-client", "client_secret": " x"},
            "",
            "invalid_client",
        ),
        ({"grant_type": "client_credentials"}, "Basic ???", "invalid_client"),
        ({"grant_type": "client_credentials"}, "Basic /////w==", "invalid_client"),
        ({"grant_type": "client_credentials"}, "Basic eDp5", "invalid_client"),
    ],
)
async def test_wrong_credentials_are_refused(form: dict[str, str], authorization: str, error: str) -> None:
    async with serve() as sandbox, aiohttp.ClientSession() as session:
        headers = {"Authorization": authorization} if authorization else {}
        async with session.post(sandbox.token_url, data=form, headers=headers) as response:
            assert (response.status, await response.json()) == (400, {"error": error})
        assert sandbox.requests.tokens_issued == 0


async def test_tokens_are_issued_by_post_only() -> None:
    async with visitor() as at, at.session.get(at.sandbox.token_url) as response:
        assert response.status == 405


def token_service() -> TokenService:
    return TokenService("id", "secret", 10.0)


async def test_a_token_is_valid_until_it_expires() -> None:
    tokens = token_service()
    header = f"Bearer {tokens.issue(5.0)['access_token']}"
    assert tokens.token_status(header, 14.9) is TokenStatus.VALID
    assert tokens.token_status(header, 15.0) is TokenStatus.EXPIRED
    assert tokens.token_status(header.replace("Bearer", "Basic"), 6.0) is TokenStatus.UNKNOWN
    assert tokens.token_status("", 6.0) is TokenStatus.UNKNOWN


async def test_every_token_is_unique_and_the_oldest_are_dropped() -> None:
    tokens = token_service()
    issued = [str(tokens.issue(0.0)["access_token"]) for _ in range(10_001)]
    assert len(set(issued)) == 10_001
    assert tokens.token_status(f"Bearer {issued[0]}", 1.0) is TokenStatus.UNKNOWN
    assert tokens.token_status(f"Bearer {issued[1]}", 1.0) is TokenStatus.VALID


@pytest.mark.parametrize(
    ("value", "status", "begins"),
    [("401_ims", 401, '{"imsx_codeMajor"'), ("401_error", 401, '{"error"'), ("403_text", 403, "jwt"),
     ("500_ims", 500, '{"imsx_codeMajor"')],
)  # fmt: skip
async def test_behavior_token_refusal(value: str, status: int, begins: str) -> None:
    async with visitor("token-lifetime-s=0.05", f"token-refusal={value}") as at:
        await asyncio.sleep(0.06)  # noqa: TID251 - the server's clock is the real one
        expired = await at.enroll()
        assert (expired.status, "jwt expired" in expired.text) == (status, True)
        assert expired.text.startswith(begins)
        at.token = "invented"
        invented = await at.enroll()
        assert (invented.status, "JWT signature verification failed" in invented.text) == (status, True)
        await at.ask_token()
        assert (await at.enroll()).status == 201
        assert at.sandbox.requests.statuses["enroll", status] == 2


async def test_scenario_refused_client() -> None:
    async with visitor("refused-client") as at:
        answer = await at.ask_token()
        assert (answer.status, answer.json) == (400, {"error": "invalid_client"})


async def test_scenario_refused_tokens() -> None:
    async with visitor("refused-tokens") as at:
        assert (await at.ask_token()).status == 200
        assert (await at.enroll()).status == 401


async def test_scenario_token_5xx() -> None:
    async with visitor("token-5xx=100") as at:
        assert (await at.ask_token()).status in {500, 502, 503, 504}
        assert at.sandbox.requests.token_requests.total() == 2


async def test_scenario_token_latency() -> None:
    async with visitor("token-latency-ms=60") as at:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await at.ask_token()
        assert (await at.ask_token()).status == 200


async def test_two_clients_have_different_tokens() -> None:
    async with visitor() as at, another(at.sandbox) as other:
        assert at.token != other.token
        answers = await asyncio.gather(at.enroll("u/c/s"), other.enroll("v/c/s"))
        assert [answer.status for answer in answers] == [201, 201]


async def test_a_token_of_one_server_is_invalid_at_another() -> None:
    async with visitor() as here, visitor() as there:
        there.token = here.token
        assert (await there.enroll()).status == 401
        assert here.sandbox.client_secret != there.sandbox.client_secret
