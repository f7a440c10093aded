"""The token endpoint: takes client credentials, issues tokens that expire (contract 3)."""

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
from batch_enroll.sandbox.error_bodies import error_response, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKENS_KEPT: Final = 10_000  # enough to distinguish an expired token from an invented one


class TokenStatus(Enum):
    """Validity of a token."""

    VALID = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


class TokenService:
    """Issues tokens to one client and checks them.

    Args:
        client_id: the only client.
        client_secret: the secret of that client.
        lifetime_s: validity of a token, in seconds of the loop's clock.
    """

    def __init__(self, client_id: str, client_secret: str, lifetime_s: float) -> None:
        self.issued = 0
        self._client = (client_id, client_secret)
        self._lifetime_s = lifetime_s
        self._expires: dict[str, float] = {}

    def accepts(self, client_id: str, client_secret: str) -> bool:
        """Returns true if these are exactly the credentials of the client."""
        return compare_digest(f"{client_id}:{client_secret}".encode(), ":".join(self._client).encode())

    def issue(self, now_s: float) -> dict[str, object]:
        """Returns a new token in the form of the endpoint's response."""
        self.issued += 1
        token = _token_text(self._client[0], self.issued)
        self._expires[token] = now_s + self._lifetime_s
        if len(self._expires) > _TOKENS_KEPT:
            del self._expires[next(iter(self._expires))]
        return {"access_token": token, "expires_in": max(1, int(self._lifetime_s)), "token_type": "Bearer"}

    def token_status(self, authorization: str, now_s: float) -> TokenStatus:
        """Returns the status of the token in the Authorization header of an API request."""
        scheme, _, token = authorization.partition(" ")
        expires = self._expires.get(token.strip()) if scheme.lower() == "bearer" else None
        if expires is None:
            return TokenStatus.UNKNOWN
        return TokenStatus.VALID if now_s < expires else TokenStatus.EXPIRED


def _token_text(client_id: str, number: int) -> str:
    """Returns a text that looks like a JWT and is not valid anywhere else."""
    parts = ({"alg": "none"}, {"client_id": client_id, "token_use": "access", "n": number})
    return ".".join([*(_base64(json.dumps(part).encode()) for part in parts), secrets.token_urlsafe(24)])


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def token_response(request: web.BaseRequest, token_service: TokenService, now_s: float) -> web.Response:
    """Returns the response to `POST /oauth2/token`."""
    form = await request.post()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if fields.get("grant_type") != "client_credentials":
        return json_response(400, {"error": "unsupported_grant_type"})
    if not token_service.accepts(*_credentials(request.headers.get("Authorization", ""), fields)):
        return refuse_client()
    return json_response(200, token_service.issue(now_s))


def refuse_client() -> web.Response:
    """Returns the response to a client that is refused a token."""
    return json_response(400, {"error": "invalid_client"})


def _credentials(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """Returns client id and secret, from a Basic header or else from the form."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, client_secret


def refuse_token(token_status: TokenStatus, form: TokenRefusal) -> web.Response:
    """Returns the response of the API to an invalid token."""
    text = "jwt expired" if token_status is TokenStatus.EXPIRED else "JWT signature verification failed"
    match form:
        case TokenRefusal.IMS_401:
            return error_response(401, text)
        case TokenRefusal.ERROR_401:
            return error_response(401, text, BodyFamily.ERROR)
        case TokenRefusal.IMS_500:
            return error_response(500, text)
        case TokenRefusal.TEXT_403:
            return web.Response(status=403, text=text)
