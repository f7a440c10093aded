"""JSON responses and the documented forms of an error (contract 2.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from aiohttp import web

from batch_enroll.sandbox.behaviors import BodyFamily

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINOR: Final = {
    400: "invaliddata",
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    409: "invaliddata",
    422: "invaliddata",
    429: "server_busy",
}
_REASONS: Final = {
    200: "OK", 201: "Created", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Time-out",
}  # fmt: skip


def json_response(status: int, body: object) -> web.Response:
    """Returns a JSON response."""
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")


def no_content() -> web.Response:
    """Returns a 204."""
    return web.Response(status=204)


def error_response(
    status: int,
    text: str,
    family: BodyFamily = BodyFamily.IMS,
    *,
    path: str = "",
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Returns an error response in the given form."""
    if family is BodyFamily.EMPTY:
        return web.Response(status=status, headers=headers)
    if family is BodyFamily.HTML:
        return web.Response(status=status, text=html(status), content_type="text/html", headers=headers)
    body = json.dumps(_error(status, text, family, path)).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def html(status: int) -> str:
    """Returns the HTML page of a load balancer."""
    title = f"{status} {_REASONS.get(status, 'Error')}"
    return f"<html>\n<head><title>{title}</title></head>\n<body><center><h1>{title}</h1></center></body>\n</html>\n"


def _error(status: int, text: str, family: BodyFamily, path: str) -> dict[str, object]:
    match family:
        case BodyFamily.ERRORS:
            issues = [{"path": path, "message": text}] if path else []
            return {"errors": [{"message": text, "detail": text, "meta": {"issues": issues}}]}
        case BodyFamily.MESSAGE:
            return {"message": text}
        case BodyFamily.ERROR:
            return {"error": text}
        case _:
            return _envelope(status, text, path)


def _envelope(status: int, text: str, path: str) -> dict[str, object]:
    minor = {
        "imsx_codeMinorFieldName": "TargetEndSystem",
        "imsx_codeMinorFieldValue": _MINOR.get(status, "internal_server_error"),
    }
    body: dict[str, object] = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": text,
        "imsx_CodeMinor": {"imsx_codeMinorField": [minor]},
    }
    return body | {"imsx_error_details": [{path: text}]} if path else body
