"""Tokens: fetched once for all, renewed in time, refused clearly."""

from __future__ import annotations

import base64
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import anyio
import anyio.lowlevel
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from support.fakes import Remembering

from batch_enroll.adapters.api.oauth import ClientCredentials, OAuthTokens
from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.events import TokenRenewed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from batch_enroll.adapters.api.oauth import TokenAuth

pytestmark = pytest.mark.asyncio

SECRET = "s3cr3t-canary"


@dataclass
class Idp:
    """A token endpoint: scripted answers first, then a new token each time."""

    answers: deque[tuple[int, Any]] = field(default_factory=deque)
    expires_in: Any = 3600
    asked: list[tuple[str | None, dict[str, str]]] = field(default_factory=list)
    sink: Remembering = field(default_factory=Remembering)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append((request.headers.get("Authorization"), form))
        if self.answers:
            status, body = self.answers.popleft()
            return (
                web.Response(text=body, status=status)
                if isinstance(body, str)
                else web.json_response(body, status=status)
            )
        return web.json_response({"access_token": f"t{len(self.asked)}", "expires_in": self.expires_in})

    @asynccontextmanager
    async def tokens(self, auth: TokenAuth = "auto", scheme: str = "http") -> AsyncIterator[OAuthTokens]:
        app = web.Application()
        app.router.add_post("/oauth2/token", self.respond)
        async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as session:
            client = ClientCredentials(f"{scheme}://127.0.0.1:{server.port}/oauth2/token", "my-id", SECRET, auth)
            yield OAuthTokens(session, client, self.sink, lambda: 0.0)


async def test_a_token_is_asked_for_with_client_credentials_and_basic() -> None:
    idp = Idp()
    async with idp.tokens() as tokens:
        assert tokens.ready() is None
        assert await tokens.current() == "t1"
        assert tokens.ready() == "t1"
    basic = base64.b64encode(f"my-id:{SECRET}".encode()).decode()
    assert idp.asked == [(f"Basic {basic}", {"grant_type": "client_credentials"})]
    assert [event.expires_in_s for event in idp.sink.of(TokenRenewed)] == [pytest.approx(3600.0)]


async def test_one_refresh_is_in_flight_however_many_ask() -> None:
    idp = Idp()
    async with idp.tokens() as tokens, anyio.create_task_group() as many:
        for _ in range(50):
            many.start_soon(tokens.current)
    assert len(idp.asked) == 1


async def test_a_stale_token_is_renewed_once_for_all_who_saw_it_refused() -> None:
    idp = Idp()
    async with idp.tokens() as tokens:
        stale = await tokens.current()
        async with anyio.create_task_group() as many:
            for _ in range(20):
                many.start_soon(tokens.renew, stale)
        assert await tokens.renew(stale) == "t2"
    assert len(idp.asked) == 2


async def test_a_client_refused_with_basic_is_named_in_the_body_before_giving_up() -> None:
    idp = Idp(deque([(401, {"error": "invalid_client"})]))
    async with idp.tokens() as tokens:
        assert await tokens.current() == "t2"
        await tokens.renew("t2")
    assert idp.asked[1] == (
        None,
        {"grant_type": "client_credentials", "client_id": "my-id", "client_secret": SECRET},
    )
    assert idp.asked[2][0] is None


@pytest.mark.parametrize("auth", ["auto", "basic", "body"])
async def test_a_refused_client_is_told_what_to_check_without_the_secret(auth: TokenAuth) -> None:
    refusal = (400, {"error": "invalid_client", "error_description": f"bad {SECRET}"})
    async with Idp(deque([refusal, refusal])).tokens(auth) as tokens:
        with pytest.raises(AuthRefusedError, match="400 invalid_client; check TIMEBACK_CLIENT_ID") as refused:
            await tokens.current()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("body", ["<html>", {"error": "my own words"}, [1], "[" * 100_000], ids=range(4))
async def test_a_refusal_without_a_known_word_is_told_by_its_status(body: object) -> None:
    async with Idp(deque([(403, body)])).tokens("body") as tokens:
        with pytest.raises(AuthRefusedError, match="answered 403; check"):
            await tokens.current()


async def test_a_failing_endpoint_is_asked_again() -> None:
    idp = Idp(deque([(503, ""), (200, "<html>"), (200, {"access_token": ""}), (429, {})]))
    async with idp.tokens() as tokens:
        assert await tokens.current() == "t5"


async def test_an_endpoint_that_keeps_failing_ends_the_run() -> None:
    async with Idp(deque([(500, "")] * 5)).tokens() as tokens:
        with pytest.raises(RunStoppedError, match="answered 500 5 times"):
            await tokens.current()


async def test_an_unreachable_endpoint_ends_the_run() -> None:
    async with aiohttp.ClientSession() as session:
        client = ClientCredentials("http://127.0.0.1:9/oauth2/token", "id", SECRET)
        with pytest.raises(RunStoppedError, match="did not answer"):
            await OAuthTokens(session, client, Remembering(), lambda: 0.0).current()


async def test_a_handshake_that_fails_is_tried_again_since_it_says_nothing_of_the_certificate() -> None:
    async with Idp().tokens(scheme="https") as tokens:  # which the server does not speak
        with pytest.raises(RunStoppedError, match="did not answer 5 times"):
            await tokens.current()


async def test_a_redirect_of_the_token_endpoint_is_not_followed() -> None:
    async with Idp(deque([(302, "")] * 5)).tokens() as tokens:
        with pytest.raises(RunStoppedError, match="answered 302"):
            await tokens.current()


@pytest.mark.parametrize("expires_in", [None, "soon", 0, -5, "3600"])
async def test_a_missing_or_odd_lifetime_counts_as_an_hour(expires_in: object) -> None:
    idp = Idp(expires_in=expires_in)
    async with idp.tokens() as tokens:
        await tokens.current()
    assert [event.expires_in_s for event in idp.sink.of(TokenRenewed)] == [pytest.approx(3600.0)]


async def test_a_token_is_renewed_before_it_expires_and_the_old_one_serves_while_the_endpoint_is_down() -> None:
    idp = Idp(expires_in=0.5)
    async with idp.tokens() as tokens:
        assert await tokens.current() == "t1"
        while tokens.ready() is not None:
            await anyio.lowlevel.checkpoint()
        idp.answers.extend([(500, "")] * 5)
        assert await tokens.current() == "t1"
        assert tokens.ready() == "t1"
        while tokens.ready() is not None:
            await anyio.lowlevel.checkpoint()
        idp.answers.extend([(500, "")] * 5)
        with pytest.raises(RunStoppedError):
            await tokens.current()


async def test_a_client_never_shows_itself() -> None:
    assert SECRET not in repr(ClientCredentials("http://127.0.0.1/", "id", SECRET))
