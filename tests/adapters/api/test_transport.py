"""One request on one connection, against servers that answer byte for byte what a test wants."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import anyio
import pytest
from anyio.lowlevel import checkpoint

from batch_enroll.adapters.api import Transport
from batch_enroll.adapters.api.responses import HttpResponse
from batch_enroll.core.model import NoReply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 9, 1, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Scripted:
    """Answers the nth request of all with the nth of `answers`; an empty one hangs up."""

    answers: list[bytes]
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    hang_up_after: bool = False
    ended: anyio.Event = field(default_factory=anyio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await self._request(reader):
                answer = self.answers[len(self.seen)]
                self.seen.append(head)
                writer.write(answer)
                if not answer or self.hang_up_after:
                    break
        finally:
            writer.close()
            self.ended.set()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return b""
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        return head + await reader.readexactly(int(length.split(b":")[1]))

    @asynccontextmanager
    async def wire(self, total_s: float = 5.0) -> AsyncIterator[Transport]:
        async with listening(self.serve) as address, session(total_s) as ours:
            yield Transport(ours, f"http://{address}/below/", lambda: NOW)


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """The address of a server, which ends when all that it serves have hung up."""
    served: list[asyncio.Task[None]] = []

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.ensure_future(serve(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
        await asyncio.gather(*served)


def session(total_s: float) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=1.0)
    return aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "us"})


async def exchanged(server: Scripted, total_s: float = 5.0) -> tuple[int, str | None, bytes | None] | NoReply:
    async with server.wire(total_s) as wire:
        answer = await wire.exchange("POST", "/enroll", "t1", b"{}")
    return (answer.status, answer.retry_after, answer.body) if isinstance(answer, HttpResponse) else answer


async def test_a_request_has_the_lines_that_http_asks_for_and_no_others() -> None:
    server = Scripted([OK, OK])
    async with server.wire() as wire:
        await wire.exchange("POST", "/enroll", "t1", b'{"role": "student"}')
        await wire.exchange("GET", "/users?limit=2", "t2", None)
    post, get = (one.decode().split("\r\n") for one in server.seen)
    host = next(line for line in post if line.startswith("Host: 127.0.0.1:"))
    assert post[0] == "POST /below/enroll HTTP/1.1"
    assert {host, "User-Agent: us", "Authorization: Bearer t1", "Content-Type: application/json"} <= set(post)
    assert {"Content-Length: 19", '{"role": "student"}'} <= set(post)
    assert get[0] == "GET /below/users?limit=2 HTTP/1.1"
    assert {host, "User-Agent: us", "Authorization: Bearer t2"} <= set(get)
    assert not [line for line in get if line.lower().startswith(("content-", "transfer-"))]


async def test_a_connection_serves_one_request_after_the_other() -> None:
    server = Scripted([OK] * 5)
    async with server.wire() as wire:
        for _ in range(5):
            assert isinstance(await wire.exchange("POST", "/enroll", "t1", b"{}"), HttpResponse)
    assert (len(server.seen), server.connections) == (5, 1)


async def test_a_connection_that_the_server_wants_closed_is_not_used_again() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    server = Scripted([closing, OK])
    async with server.wire() as wire:
        for _ in range(2):
            assert isinstance(await wire.exchange("POST", "/enroll", "t1", b"{}"), HttpResponse)
    assert server.connections == 2


async def test_bytes_that_nobody_asked_for_do_not_answer_the_next_request() -> None:
    server = Scripted([OK + b"HTTP/1.1 500 Mine\r\nContent-Length: 0\r\n\r\n", OK])
    async with server.wire() as wire:
        statuses = []
        for _ in range(2):
            answer = await wire.exchange("POST", "/enroll", "t1", b"{}")
            assert isinstance(answer, HttpResponse)
            statuses.append(answer.status)
    assert (statuses, server.connections) == ([200, 200], 2)


async def test_informational_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert await exchanged(Scripted([early + early + OK])) == (200, None, b"{}")


async def test_chunked_and_compressed_bodies_are_read() -> None:
    packed = gzip.compress(b"{}")
    chunked = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    assert await exchanged(Scripted([chunked + body])) == (201, None, b"{}")


async def test_a_body_without_a_length_ends_with_its_connection() -> None:
    server = Scripted([b"HTTP/1.0 201 Created\r\n\r\n{}"], hang_up_after=True)
    assert await exchanged(server) == (201, None, b"{}")


async def test_a_chunk_that_is_none_is_a_lost_answer_and_no_error() -> None:
    head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    for broken in (b"zz\r\n", b"3\r\nabcdef\r\n"):
        assert await exchanged(Scripted([head + broken])) == NoReply("the connection broke", sent=True), broken


async def test_what_is_no_http_is_a_broken_connection() -> None:
    assert await exchanged(Scripted([b"SSH-2.0-OpenSSH_9.6\r\n"])) == NoReply("the connection broke", sent=True)


async def test_no_request_is_repeated_whatever_its_method() -> None:
    for method in ("GET", "DELETE", "POST", "PUT"):
        server = Scripted([OK, b""])
        async with server.wire() as wire:
            await wire.exchange(method, "/enroll", "t1", None)
            answer = await wire.exchange(method, "/enroll", "t1", None)
        assert answer == NoReply("the connection broke", sent=True), method
        assert len(server.seen) == 2, method


async def test_an_idle_connection_that_the_server_closed_is_replaced() -> None:
    server = Scripted([OK, OK], hang_up_after=True)
    async with server.wire() as wire:
        await wire.exchange("POST", "/enroll", "t1", b"{}")
        await server.ended.wait()
        for _ in range(20):
            await checkpoint()  # until the end has come through
        assert isinstance(await wire.exchange("POST", "/enroll", "t1", b"{}"), HttpResponse)
    assert server.connections == 2


async def test_a_body_that_does_not_come_in_time_leaves_its_status() -> None:
    begun = b"HTTP/1.1 201 Created\r\nRetry-After: 3\r\nContent-Length: 500\r\n\r\n{"
    assert await exchanged(Scripted([begun]), total_s=0.1) == (201, "3", None)


async def test_a_handshake_that_is_not_answered_in_time_sent_nothing() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(mute) as address, session(0.1) as ours:
        wire = Transport(ours, f"https://{address}", lambda: NOW)
        assert await wire.exchange("POST", "/", "t1", b"{}") == NoReply("no connection in time", sent=False)


async def test_a_request_that_is_given_up_takes_its_connection_along() -> None:
    server = Scripted([b"HTTP/1.1 201 Created\r\n"])
    async with server.wire() as wire:
        with anyio.move_on_after(0.05) as scope:
            await wire.exchange("POST", "/enroll", "t1", b"{}")
        assert scope.cancelled_caught
        with anyio.fail_after(5):
            await server.ended.wait()


async def test_after_its_session_nothing_is_sent() -> None:
    server = Scripted([OK])
    async with server.wire() as wire:
        pass
    answer = await wire.exchange("POST", "/enroll", "t1", b"{}")
    assert isinstance(answer, NoReply)
    assert not answer.sent
