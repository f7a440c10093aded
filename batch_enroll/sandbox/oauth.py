"""The token endpoint: client credentials in, tokens that expire out (contract 3)."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from enum import Enum, auto
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from aiohttp import web

from batch_enroll.sandbox.behaviors import BodyFamily, TokenRefusal
from batch_enroll.sandbox.error_bodies import answer, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT: Final = 10_000  # tokens remembered, so that an expired one can be told from an invented one


class Standing(Enum):
    """What a token is worth."""

    GOOD = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


class TokenDesk:
    """Issues tokens to one client and knows them again.

    Args:
        client_id: the only client.
        client_secret: its secret.
        lifetime_s: how long a token is good, in seconds of the loop's clock.
    """

    def __init__(self, client_id: str, client_secret: str, lifetime_s: float) -> None:
        self.issued = 0
        self._client = (client_id, client_secret)
        self._lifetime_s = lifetime_s
        self._expires: dict[str, float] = {}

    def knows(self, client_id: str, client_secret: str) -> bool:
        """Whether these are the client's credentials, to the letter."""
        return compare_digest(f"{client_id}:{client_secret}".encode(), ":".join(self._client).encode())

    def issue(self, now_s: float) -> dict[str, object]:
        """A new token as the endpoint words it."""
        self.issued += 1
        token = _token_text(self._client[0], self.issued)
        self._expires[token] = now_s + self._lifetime_s
        if len(self._expires) > _KEPT:
            del self._expires[next(iter(self._expires))]
        return {"access_token": token, "expires_in": max(1, int(self._lifetime_s)), "token_type": "Bearer"}

    def standing(self, authorization: str, now_s: float) -> Standing:
        """What the Authorization header of an API request is worth."""
        scheme, _, token = authorization.partition(" ")
        expires = self._expires.get(token.strip()) if scheme.lower() == "bearer" else None
        if expires is None:
            return Standing.UNKNOWN
        return Standing.GOOD if now_s < expires else Standing.EXPIRED


def _token_text(client_id: str, number: int) -> str:
    """Looks like a JWT, and is worth nothing anywhere else."""
    parts = ({"alg": "none"}, {"client_id": client_id, "token_use": "access", "n": number})
    return ".".join([*(_base64(json.dumps(part).encode()) for part in parts), secrets.token_urlsafe(24)])


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def token_answer(request: web.BaseRequest, desk: TokenDesk, now_s: float) -> web.Response:
    """The answer of `POST /oauth2/token`."""
    form = await request.post()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if fields.get("grant_type") != "client_credentials":
        return answer(400, {"error": "unsupported_grant_type"})
    if not desk.knows(*_credentials(request.headers.get("Authorization", ""), fields)):
        return refused_client()
    return answer(200, desk.issue(now_s))


def refused_client() -> web.Response:
    """The answer to a client that may not have a token."""
    return answer(400, {"error": "invalid_client"})


def _credentials(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from a Basic header or else from the form."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, client_secret


def refused_token(standing: Standing, form: TokenRefusal) -> web.Response:
    """The answer of the API to a token that is not good."""
    text = "jwt expired" if standing is Standing.EXPIRED else "JWT signature verification failed"
    match form:
        case TokenRefusal.IMS_401:
            return failure(401, text)
        case TokenRefusal.ERROR_401:
            return failure(401, text, BodyFamily.ERROR)
        case TokenRefusal.IMS_500:
            return failure(500, text)
        case TokenRefusal.TEXT_403:
            return web.Response(status=403, text=text)
