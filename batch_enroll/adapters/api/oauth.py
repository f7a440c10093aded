"""OAuth client-credentials tokens: one refresh in flight, renewed before they expire.

Source: RFC 6749 4.4 and 2.3.1; contract section 3 (Basic header and id/secret in the body both work, no refresh
token, 3600 s).
"""

from __future__ import annotations

import json
from asyncio import get_running_loop
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal

import aiohttp
import anyio

from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.events import TokenRenewed
from batch_enroll.core.reporting.health_checks import UNTRUSTED_ADVICE

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.ports import EventSink

TokenAuth = Literal["auto", "basic", "body"]

_EARLY_S: Final = 60.0  # contract 3: the SDK and two callers renew 60 s early
_EARLY_SHARE: Final = 0.2  # of a lifetime too short for that
_USUAL_LIFETIME_S: Final = 3600.0
_TRIES: Final = 5
_MAX_WAIT_S: Final = 8.0
# RFC 6749 5.2; any other word of the server stays out of our texts.
_KNOWN_ERRORS: Final = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True, repr=False)
class ClientCredentials:
    """Who asks for tokens, and where. Its repr shows nothing."""

    token_url: str
    client_id: str
    client_secret: str
    auth: TokenAuth = "auto"


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    value: str
    renew_at: float
    expires_at: float


class OAuthTokens:
    """The TokenSource on one aiohttp session, which its maker closes. `draw` gives numbers from [0, 1)."""

    def __init__(
        self, session: aiohttp.ClientSession, client: ClientCredentials, sink: EventSink, draw: Callable[[], float]
    ) -> None:
        self._session = session
        self._client = client
        self._sink = sink
        self._draw = draw
        self._refreshing = anyio.Lock(fast_acquire=True)
        self._token: _Token | None = None
        self._now: Callable[[], float] = anyio.current_time
        self._in_body = client.auth == "body"

    def ready(self) -> str | None:
        """The token at hand, if it is not about to expire."""
        token = self._token
        return None if token is None or self._now() >= token.renew_at else token.value

    async def current(self) -> str:
        """A token that is not about to expire. While the endpoint is down, the old one is used to its end."""
        async with self._refreshing:
            if (token := self.ready()) is None:
                token = await self._refresh_early()
            return token

    async def renew(self, stale: str) -> str:
        """A token other than `stale`, which the API refused; fetched only if nobody else has done so."""
        async with self._refreshing:
            if self._token is not None and self._token.value == stale:
                self._token = None
            return self.ready() or await self._fetch()

    async def _refresh_early(self) -> str:
        old = self._token
        try:
            return await self._fetch()
        except RunStoppedError:
            if old is None or anyio.current_time() >= old.expires_at:
                raise
            renew_at = min(old.expires_at, anyio.current_time() + _MAX_WAIT_S)
            self._token = _Token(old.value, renew_at, old.expires_at)
            return old.value

    async def _fetch(self) -> str:
        """A new token, after at most a few tries.

        Raises:
            AuthRefusedError: the endpoint refuses the client, however it was told of it.
            RunStoppedError: the endpoint cannot be reached or trusted, or answers nonsense.
        """
        seen = ""
        self._now = get_running_loop().time  # the same clock at a tenth of the cost; every request asks for it
        for attempt in range(_TRIES):
            if attempt:
                await anyio.sleep(self._draw() * min(_MAX_WAIT_S, 2.0**attempt))
            asked_at = anyio.current_time()
            try:
                status, body = await self._ask()
            except aiohttp.ClientConnectorCertificateError as error:
                raise RunStoppedError(
                    f"the TLS certificate of the token endpoint was not accepted. {UNTRUSTED_ADVICE}"
                ) from error
            except (aiohttp.ClientError, OSError):
                seen = "did not answer"
                continue
            if status == HTTPStatus.OK and (token := _token(body, asked_at)) is not None:
                self._token = token
                self._sink.emit(TokenRenewed(token.expires_at - asked_at))
                return token.value
            seen = f"answered {status}" if status != HTTPStatus.OK else "answered without a token"
            if status in _REFUSALS:
                self._refused_once(status, body)
        raise RunStoppedError(
            f"the token endpoint {seen} {_TRIES} times; check --token-url and the network, then run again"
        )

    def _refused_once(self, status: int, body: bytes) -> None:
        """Turns to the other way of naming the client, once; raises when there is none left."""
        if self._client.auth == "auto" and not self._in_body:
            self._in_body = True
            return
        error = _known_error(body)
        raise AuthRefusedError(
            f"the token endpoint answered {status}{error}; check TIMEBACK_CLIENT_ID and TIMEBACK_CLIENT_SECRET "
            "(stray blanks? the other environment's?)"
        )

    async def _ask(self) -> tuple[int, bytes]:
        form = {"grant_type": "client_credentials"}
        client, headers = self._client, {"Accept": "application/json"}
        if self._in_body:
            form |= {"client_id": client.client_id, "client_secret": client.client_secret}
        else:
            pair = f"{client.client_id}:{client.client_secret}".encode()
            headers["Authorization"] = "Basic " + b64encode(pair).decode()
        async with self._session.post(client.token_url, data=form, headers=headers, allow_redirects=False) as response:
            return response.status, await response.read()


def _token(body: bytes, asked_at: float) -> _Token | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    value = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value or not value:
        return None
    lifetime_s = _lifetime_s(answer.get("expires_in"))
    early_s = min(_EARLY_S, _EARLY_SHARE * lifetime_s)
    return _Token(value, asked_at + lifetime_s - early_s, asked_at + lifetime_s)


def _lifetime_s(expires_in: object) -> float:
    try:
        lifetime_s = float(expires_in) if isinstance(expires_in, int | float | str) else _USUAL_LIFETIME_S
    except ValueError:
        return _USUAL_LIFETIME_S
    return lifetime_s if lifetime_s > 0 else _USUAL_LIFETIME_S


def _known_error(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    return f" {error}" if error in _KNOWN_ERRORS else ""
