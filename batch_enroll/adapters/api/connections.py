"""Keep-alive connections to one server over asyncio, one request at a time on each.

Why not aiohttp here: a request through it costs some 100 us of CPU and this one 25, and what it can do besides
(cookies, redirects, uploads, many hosts) must not happen to an enrollment anyway. Whoever asks is told with every
failure whether the request may have reached the server.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, Self

import aiohappyeyeballs
from yarl import URL

from batch_enroll.adapters.api.reading import Answer, AnswerReader, GarbledError
from batch_enroll.core.model import NoReply

_KEPT_S: Final = 15.0  # servers close what is idle for long, and a request that meets the closing is in doubt
_NEXT_ADDRESS_S: Final = 0.25  # before the next address of a host is tried beside the first (RFC 8305)
_BROKE: Final = NoReply("the connection broke", sent=True)
_LATE: Final = NoReply("no answer in time", sent=True)


class Connections:
    """Asks one server. A context manager: leaving it closes every connection.

    Args:
        base_url: scheme, host and port, perhaps a path.
        user_agent: how this client calls itself.
        timeout_s: for an answer, from the request on.
        connect_s: for a connection.
    """

    def __init__(self, base_url: str, *, user_agent: str, timeout_s: float = 30.0, connect_s: float = 10.0) -> None:
        url = URL(base_url)
        self._host, self._port = url.raw_host or "", url.port or 0
        self._tls = _tls() if url.scheme == "https" else None
        self._prefix = url.raw_path.rstrip("/")
        self._constant = (
            f" HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\nUser-Agent: {user_agent}\r\n"
            "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nAuthorization: Bearer "
        )
        self._timeout_s = timeout_s
        self._connect_s = connect_s
        self._idle: list[_Line] = []
        self._open: set[_Line] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for line in tuple(self._open):
            line.abort()
        await asyncio.gather(*[line.lost for line in self._open])

    async def ask(self, method: str, path: str, token: str, body: bytes | None) -> Answer | NoReply:
        """Sends one request, once. `path` is encoded already; every failure of the way there is a value."""
        line = self._kept() or await self._connected()
        if isinstance(line, NoReply):
            return line
        head = f"{method} {self._prefix}{path}{self._constant}{token}\r\n"
        if body is None:
            request = f"{head}\r\n".encode("ascii")
        else:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            request = head.encode("ascii") + body
        answer = await line.ask(request, self._timeout_s)
        if line.usable:
            self._idle.append(line)
        return answer

    def _kept(self) -> _Line | None:
        """The connection that was used last: the fewer are in use, the sooner the others are let go."""
        while self._idle:
            line = self._idle.pop()
            if line.usable and line.idle_s() < _KEPT_S:
                return line
            line.abort()
        return None

    async def _connected(self) -> _Line | NoReply:
        try:
            async with asyncio.timeout(self._connect_s):
                line = await self._connect()
        except TimeoutError:
            return NoReply("no connection in time", sent=False)
        except OSError as error:
            return NoReply(_why_no_connection(error), sent=False)
        self._open.add(line)
        line.lost.add_done_callback(lambda _: self._open.discard(line))
        return line

    async def _connect(self) -> _Line:
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        connected = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S)
        named = None if self._tls is None else self._host
        try:
            _, line = await loop.create_connection(_Line, sock=connected, ssl=self._tls, server_hostname=named)
        except BaseException:
            connected.close()
            raise
        return line


class _Line(asyncio.Protocol):
    """One connection. `lost` is done when it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reader = AnswerReader()
        self._waiting: asyncio.Future[Answer | NoReply] | None = None
        self._used_at = self._loop.time()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self.usable = True

    async def ask(self, request: bytes, timeout_s: float) -> Answer | NoReply:
        """Writes a request and waits for its answer; whatever else comes of it ends the connection."""
        self._reader = AnswerReader()
        waiting: asyncio.Future[Answer | NoReply] = self._loop.create_future()
        self._waiting = waiting
        timer = self._loop.call_later(timeout_s, self._give_up, _LATE)
        try:
            self._transport.write(request)
            return await waiting
        finally:
            timer.cancel()
            if self._waiting is not None:  # nobody waits any more, and an answer would meet the next request
                self.abort()

    def idle_s(self) -> float:
        """Seconds since it was used."""
        return self._loop.time() - self._used_at

    def abort(self) -> None:
        """Closes it at once."""
        self.usable = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream; uvloop's class is not derived from it

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:  # nobody asked: a farewell, or the rest of something
            self.abort()
            return
        try:
            answer = self._reader.feed(data)
        except GarbledError:
            self._give_up(_BROKE)
            return
        if answer is not None:
            self._used_at = self._loop.time()
            self._tell(answer)
            if not self._reader.keep:
                self.abort()

    def eof_received(self) -> None:
        self._give_up(self._reader.ended() or _BROKE)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.usable = False
        self._tell(self._reader.ended() or _BROKE)
        self.lost.set_result(None)

    def _give_up(self, told: Answer | NoReply) -> None:
        self._tell(told)
        self.abort()

    def _tell(self, told: Answer | NoReply) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(told)


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _why_no_connection(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name is not known"
    if isinstance(error, ssl.SSLError):
        return "the TLS certificate was not accepted"
    return "no connection"
