"""One request on one of aiohttp's connections: what every route of the vendor has in common.

aiohttp opens, keeps and encrypts the connections and parses the answers. The request's few lines are written here,
because its session spends a third of a row's time on what no request of ours has: cookies, redirects, proxies and
middlewares (CPU of a row end to end, side by side: 200 against 155 us on Python 3.11, 223 against 134 on 3.12).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

from batch_enroll.adapters.api import responses
from batch_enroll.adapters.api.responses import HttpResponse
from batch_enroll.core.model import NoReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from batch_enroll.core.model import Reply

_LARGEST_BODY_BYTES: Final = 8 * 1024 * 1024
_TOTAL_S: Final = 300.0  # as aiohttp has it
_ROUNDED_S: Final = 0.01  # event loops round the times of timers
_INFORMATIONAL: Final = frozenset(range(100, 200)) - {101}  # RFC 9110 15.2: the answer is still to come
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~/-]+", re.ASCII)  # RFC 3986 2.3, and what joins segments


class Transport:
    """Requests below one address on the connections of one aiohttp session, which its maker closes.

    No redirect is followed, so the token goes to `base_url` only; no request is repeated here, whatever its method.

    Args:
        session: its connector, headers and timeouts are kept.
        base_url: scheme, host and port, perhaps a path; no trailing slash.
        utc_now: the wall clock, for Retry-After as an HTTP date.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str, utc_now: Callable[[], datetime]) -> None:
        base = URL(base_url)
        if session.connector is None:
            raise RuntimeError("the session is closed")
        loop = asyncio.get_running_loop()
        self._now, self._call_at = loop.time, loop.call_at
        self._connector, self._total_s = session.connector, session.timeout.total or _TOTAL_S
        self._timeout = aiohttp.ClientTimeout(connect=self._total_s, sock_connect=session.timeout.sock_connect)
        self._where = aiohttp.ClientRequest("GET", base, headers=session.headers, loop=loop)
        self._below = base.raw_path.rstrip("/")
        self._token = self._head = ""
        self._utc_now = utc_now

    async def exchange(self, method: str, path: str, token: str, body: bytes | None) -> HttpResponse | NoReply:
        """Sends one request, once. `path` is encoded already; every failure of the way there is a value."""
        until = self._now() + self._total_s
        try:
            connection = await self._connector.connect(self._where, [], self._timeout)
        except TimeoutError:
            return NoReply("no connection in time", sent=False)
        except aiohttp.ClientConnectorError as error:
            return NoReply(_why_no_connection(error), sent=False)
        except (aiohttp.ClientError, OSError):
            return NoReply("no connection", sent=False)
        protocol = connection.protocol
        transport = None if protocol is None else protocol.transport
        if protocol is None or transport is None or transport.is_closing():
            connection.close()
            return NoReply("the connection broke", sent=False)
        deadline = self._call_at(until, transport.abort)  # asyncio.timeout takes ten times as long
        done = False
        try:
            protocol.set_response_params(read_until_eof=True)
            transport.write(self._written(method, path, token, body))
            message, content = await protocol.read()
            while message.code in _INFORMATIONAL:
                message, content = await protocol.read()
            whole = content.is_eof() and content.exception() is None
            read = content.read_nowait() if whole else await _body(content)
            done = True
        except (aiohttp.ClientError, HttpProcessingError, OSError):
            late = self._now() > until - _ROUNDED_S
            return NoReply("no answer in time" if late else "the connection broke", sent=True)
        finally:
            deadline.cancel()
            (connection.release if done else connection.close)()
        return HttpResponse(message.code, message.headers.get("Retry-After"), read)

    def _written(self, method: str, path: str, token: str, body: bytes | None) -> bytes:
        """The request as RFC 9112 has it; paths and tokens are ASCII without blanks, as their makers see to."""
        if token != self._token:
            headers = {**self._where.headers, "Authorization": f"Bearer {token}"}
            self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self._token = token
        start = f"{method} {self._below}{path} HTTP/1.1\r\n{self._head}"
        if body is None:
            return f"{start}\r\n".encode("ascii")
        return f"{start}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode("ascii") + body

    def reply(self, answer: HttpResponse, ids: Mapping[str, str]) -> Reply:
        """What an answer means; `ids` names what the texts of the server may repeat, id to its placeholder."""
        return responses.reply(answer, ids, self._utc_now)


def segments(*values: str) -> str:
    """Segments of a path, each with nothing left safe."""
    path = "/".join(values)
    if _UNRESERVED.fullmatch(path) and path.count("/") == len(values) - 1:
        return path
    return "/".join([quote(value, safe="") for value in values])


async def _body(content: aiohttp.StreamReader) -> bytes | None:
    """The whole body; None when it breaks off or is larger than any answer of the API. The status stands anyway."""
    try:
        body = await content.read(_LARGEST_BODY_BYTES)
        while not content.at_eof():
            if len(body) >= _LARGEST_BODY_BYTES or not (more := await content.readany()):
                return None if len(body) >= _LARGEST_BODY_BYTES else body
            body += more
    except (aiohttp.ClientError, OSError):
        return None
    return body


def _why_no_connection(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name is not known"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the TLS certificate was not accepted"
    return "no connection"
