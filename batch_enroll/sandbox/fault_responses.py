"""Faults as responses: refusals, pages of a gateway, truncated responses, connections that close without one."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from aiohttp import web

from batch_enroll.sandbox.behaviors import BodyFamily, RetryAfter
from batch_enroll.sandbox.error_bodies import error_response, html
from batch_enroll.sandbox.faults import FaultKind, whole_seconds
from batch_enroll.sandbox.oauth import TokenStatus, refuse_token

if TYPE_CHECKING:
    from datetime import datetime

    from batch_enroll.sandbox.behaviors import Behaviors
    from batch_enroll.sandbox.faults import Fault

_GATEWAY = (502, 504)


async def fault_response(
    request: web.BaseRequest, fault: Fault, behaviors: Behaviors, wall: datetime, intended: web.Response | None = None
) -> web.StreamResponse:
    """Sends the response of a faulty request; `intended` is the one that it would have had without the fault."""
    if fault.kind is FaultKind.LOST:
        return _lost(request)
    if fault.kind is FaultKind.TRUNCATED:
        return await _truncated(request, intended or web.Response(text="{}"))
    return _refusal(fault, behaviors, wall)


def _refusal(fault: Fault, behaviors: Behaviors, wall: datetime) -> web.Response:
    match fault.kind:
        case FaultKind.HTML:
            return web.Response(status=fault.status, text=html(fault.status), content_type="text/html")
        case FaultKind.THROTTLED:
            return _throttled(fault, behaviors, wall)
        case FaultKind.FORBIDDEN:
            return error_response(403, "Forbidden: the client does not have the scope for this operation")
        case FaultKind.REFUSED_TOKEN:
            return refuse_token(TokenStatus.UNKNOWN, behaviors.token_refusal)
        case _:
            return _error(fault.status, behaviors)


def _lost(request: web.BaseRequest) -> web.Response:
    """Closes the connection, so that the response returned here is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncated(request: web.BaseRequest, intended: web.Response) -> web.StreamResponse:
    """Sends the headers and half of the body, then closes the connection."""
    body = bytes(intended.body) if isinstance(intended.body, bytes | bytearray) else b"{}"
    response = web.StreamResponse(status=intended.status)
    response.content_type = intended.content_type
    response.content_length = len(body) + 1
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _throttled(fault: Fault, behaviors: Behaviors, wall: datetime) -> web.Response:
    seconds = whole_seconds(fault.wait_s, behaviors.retry_after_s)
    headers = {}
    form = fault.retry_after or behaviors.retry_after
    if form is RetryAfter.SECONDS:
        headers["Retry-After"] = str(seconds)
    elif form is RetryAfter.HTTP_DATE:
        # A date has whole seconds; rounded down it could be too early.
        at = wall.replace(microsecond=0) + timedelta(seconds=seconds + bool(wall.microsecond))
        headers["Retry-After"] = format_datetime(at, usegmt=True)
    return error_response(429, "Too many requests", behaviors.throttle_body, headers=headers)


def _error(status: int, behaviors: Behaviors) -> web.Response:
    if status in _GATEWAY:
        return error_response(status, "Endpoint request failed", behaviors.gateway_body)
    text = "Service unavailable" if status == 503 else "Internal server error"  # noqa: PLR2004 - a status
    return error_response(status, text, BodyFamily.IMS)
