"""Troubles as the wire shows them: refusals, pages of a gateway, broken answers and none at all."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from batch_enroll.sandbox.behaviors import BodyFamily, RetryAfter
from batch_enroll.sandbox.error_bodies import failure, html
from batch_enroll.sandbox.faults import Kind, whole_seconds
from batch_enroll.sandbox.oauth import Standing, refused_token

if TYPE_CHECKING:
    from datetime import datetime

    from batch_enroll.sandbox.behaviors import Switches
    from batch_enroll.sandbox.faults import Trouble

_GATEWAY = (502, 504)


async def befallen(
    request: web.BaseRequest, trouble: Trouble, switches: Switches, wall: datetime, meant: web.Response | None = None
) -> web.StreamResponse:
    """The answer of a request that met with trouble; `meant` is the one it would have had."""
    if trouble.kind is Kind.LOST:
        return _lost(request)
    if trouble.kind is Kind.TRUNCATED:
        return await _truncated(request, meant or web.Response(text="{}"))
    return _refusal(trouble, switches, wall)


def _refusal(trouble: Trouble, switches: Switches, wall: datetime) -> web.Response:
    match trouble.kind:
        case Kind.HTML:
            return web.Response(status=trouble.status, text=html(trouble.status), content_type="text/html")
        case Kind.THROTTLED:
            return _throttled(trouble, switches, wall)
        case Kind.FORBIDDEN:
            return failure(403, "Forbidden: the client lacks the scope for this operation")
        case Kind.REFUSED_TOKEN:
            return refused_token(Standing.UNKNOWN, switches.token_refusal)
        case _:
            return _error(trouble.status, switches)


def _lost(request: web.BaseRequest) -> web.Response:
    """Closes the connection, so that the answer returned here is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncated(request: web.BaseRequest, meant: web.Response) -> web.StreamResponse:
    """Sends the head and half of the body, then closes the connection."""
    body = bytes(meant.body) if isinstance(meant.body, bytes | bytearray) else b"{}"
    response = web.StreamResponse(status=meant.status)
    response.content_type = meant.content_type
    response.content_length = len(body) + 1
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _throttled(trouble: Trouble, switches: Switches, wall: datetime) -> web.Response:
    seconds = whole_seconds(trouble.wait_s, switches.retry_after_s)
    headers = {}
    form = trouble.retry_after or switches.retry_after
    if form is RetryAfter.SECONDS:
        headers["Retry-After"] = str(seconds)
    elif form is RetryAfter.HTTP_DATE:
        # Dates have whole seconds; cut off, one could name an instant that is too early.
        at = wall.replace(microsecond=0) + timedelta(seconds=seconds + bool(wall.microsecond))
        headers["Retry-After"] = format_datetime(at, usegmt=True)
    return failure(429, "Too many requests", switches.throttle_body, headers=headers)


def _error(status: int, switches: Switches) -> web.Response:
    if status in _GATEWAY:
        return failure(status, "Endpoint request failed", switches.gateway_body)
    text = "Service unavailable" if status == 503 else "Internal server error"  # noqa: PLR2004 - a status
    return failure(status, text, BodyFamily.IMS)
