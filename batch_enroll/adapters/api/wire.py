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

from batch_enroll.adapters.api import answers
from batch_enroll.adapters.api.answers import Answer
from batch_enroll.core.model import NoReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from batch_enroll.core.model import Reply

_LARGEST_BODY_BYTES: Final = 8 * 1024 * 1024
_INFORMATIONAL: Final = frozenset(range(100, 200)) - {101}  # RFC 9110 15.2: the answer is still to come
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]+", re.ASCII)  # RFC 3986 2.3; nearly every id, at a third of the cost


class Wire:
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
        self._connector, self._timeout = session.connector, session.timeout
        self._where = aiohttp.ClientRequest("GET", base, headers=session.headers, loop=asyncio.get_running_loop())
        self._below = base.raw_path.rstrip("/")
        self._token = self._head = ""
        self._utc_now = utc_now

    async def exchange(self, method: str, path: str, token: str, body: bytes | None) -> Answer | NoReply:
        """Sends one request, once. `path` is encoded already; every failure of the way there is a value."""
        connection, sent, message = None, False, None
        try:
            async with asyncio.timeout(self._timeout.total):
                connection = await self._connector.connect(self._where, [], self._timeout)
                protocol, transport = connection.protocol, connection.transport
                if protocol is None or transport is None or transport.is_closing():
                    return NoReply("the connection broke", sent=False)
                protocol.set_response_params(read_until_eof=True)
                transport.write(self._written(method, path, token, body))
                sent = True
                message, content = await protocol.read()
                while message.code in _INFORMATIONAL:
                    message, content = await protocol.read()
                read = content.read_nowait() if content.is_eof() else await _body(content)
            connection.release()
        except TimeoutError:
            if message is None:
                return NoReply("no answer in time" if sent else "no connection in time", sent=sent)
            read = None
        except aiohttp.ClientConnectorError as error:
            return NoReply(_why_no_connection(error), sent=False)
        except (aiohttp.ClientError, HttpProcessingError, OSError):
            return NoReply("the connection broke", sent=sent)
        finally:
            if connection is not None:
                connection.close()  # nothing, if it was released
        return Answer(message.code, message.headers.get("Retry-After"), read)

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

    def reply(self, answer: Answer, ids: Mapping[str, str]) -> Reply:
        """What an answer means; `ids` names what the texts of the server may repeat, id to its placeholder."""
        return answers.reply(answer, ids, self._utc_now)


def segment(value: str) -> str:
    """One segment of a path, with nothing left safe."""
    return value if _UNRESERVED.fullmatch(value) else quote(value, safe="")


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
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "the TLS certificate was not accepted"
    return "no connection"
