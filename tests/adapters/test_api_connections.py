"""Connections to one server: kept, left, and never in doubt about whose answer came."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from batch_enroll.adapters.api import Connections
from batch_enroll.core.model import NoReply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from batch_enroll.adapters.api.reading import Answer

pytestmark = pytest.mark.asyncio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BROKE = NoReply("the connection broke", sent=True)


@dataclass
class Server:
    """Answers every request with what `answers` says for its number, in one piece; None hangs up."""

    answers: Callable[[int], bytes | None] = lambda _: OK
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                self.requests.append(head + await reader.readexactly(int(length or 0)))
                answer = self.answers(len(self.requests))
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def up(self, timeout_s: float = 5.0, path: str = "") -> AsyncIterator[Connections]:
        listening = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            url = f"http://127.0.0.1:{port}{path}"
            async with Connections(url, user_agent="test", timeout_s=timeout_s, connect_s=1.0) as connections:
                yield connections


async def get(connections: Connections) -> Answer | NoReply:
    return await connections.ask("GET", "/seats", "t1", None)


def status(answer: Answer | NoReply) -> int:
    assert not isinstance(answer, NoReply)
    return answer.status


async def test_a_request_says_who_asks_for_what() -> None:
    server = Server()
    async with server.up(path="/v1/") as connections:
        await connections.ask("POST", "/enroll/a%20b", "t1", b"{}")
        await get(connections)
    post, lookup = (request.decode().split("\r\n") for request in server.requests)
    assert post[0] == "POST /v1/enroll/a%20b HTTP/1.1"
    assert post[1].startswith("Host: 127.0.0.1:")
    assert {"Authorization: Bearer t1", "Content-Type: application/json", "Content-Length: 2", "{}"} <= set(post)
    assert lookup[0] == "GET /v1/seats HTTP/1.1"
    assert lookup[-2:] == ["", ""]


async def test_one_after_another_share_a_connection() -> None:
    server = Server()
    async with server.up() as connections:
        assert [status(await get(connections)) for _ in range(5)] == [200] * 5
    assert server.connections == 1


async def test_many_at_once_have_a_connection_each_and_keep_it() -> None:
    server = Server()
    async with server.up() as connections:
        for _ in range(3):
            await asyncio.gather(*[get(connections) for _ in range(8)])
    assert (server.connections, len(server.requests)) == (8, 24)


@pytest.mark.parametrize("farewell", [OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), OK + b"more than that"])
async def test_a_connection_that_ends_with_its_answer_is_not_used_again(farewell: bytes) -> None:
    server = Server(lambda _: farewell)
    async with server.up() as connections:
        assert [status(await get(connections)) for _ in range(3)] == [200] * 3
    assert server.connections == 3


async def test_a_late_rest_of_an_answer_is_never_taken_for_the_next_one() -> None:
    server = Server()

    async def answer_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        late.set()
        writer.write(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()

    late = asyncio.Event()
    server.serve = answer_twice  # type: ignore[method-assign]  # another server on the same desk
    async with server.up() as connections:
        assert status(await get(connections)) == 200
        await late.wait()
        while connections._open:
            await asyncio.wait([line.lost for line in connections._open])
        assert status(await get(connections)) == 200
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    server = Server()
    async with server.up() as connections:
        await get(connections)
        (line,) = connections._open
        line._transport.close()
        await line.lost
        assert status(await get(connections)) == 200
    assert server.connections == 2


async def test_a_connection_that_was_idle_for_long_is_left() -> None:
    server = Server()
    async with server.up() as connections:
        await get(connections)
        (line,) = connections._open
        line._used_at -= 16.0
        assert status(await get(connections)) == 200
    assert server.connections == 2


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 2\0\0 OK\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"])
async def test_no_answer_or_none_that_can_be_read_may_have_been_acted_on(answer: bytes | None) -> None:
    async with Server(lambda _: answer).up() as connections:
        assert await get(connections) == BROKE
        assert connections._idle == []


async def test_a_silent_server_is_not_waited_for_and_its_connection_is_left() -> None:
    server = Server(lambda nth: b"" if nth == 1 else OK)
    async with server.up(timeout_s=0.05) as connections:
        assert await get(connections) == NoReply("no answer in time", sent=True)
        assert status(await get(connections)) == 200
    assert server.connections == 2


async def test_a_request_that_nobody_waits_for_any_more_takes_its_connection_with_it() -> None:
    server = Server(lambda nth: b"" if nth == 1 else OK)
    async with server.up() as connections:
        asking = asyncio.ensure_future(get(connections))
        while not server.requests:
            await asyncio.wait([asking], timeout=0.001)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert status(await get(connections)) == 200
    assert server.connections == 2


async def test_who_cannot_be_reached_was_sent_nothing() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # bound and not listening
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        async with Connections(url, user_agent="test") as connections:
            assert await get(connections) == NoReply("no connection", sent=False)


async def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    server = Server(lambda _: OK)
    async with server.up() as plain:
        url = f"https://127.0.0.1:{plain._port}"
        async with Connections(url, user_agent="test", connect_s=2.0) as connections:
            answer = await get(connections)
    assert isinstance(answer, NoReply)
    assert (answer.sent, server.requests) == (False, [])
