"""Routes below `/sandbox/`: the state of the server for tests in another process, for this machine and without a token.

The paths and the keys of the answers are public and keep their names, also where the code has newer ones.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from batch_enroll.sandbox.error_bodies import error_response, json_response, no_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batch_enroll.sandbox.metrics import RequestMetrics
    from batch_enroll.sandbox.school import RehearsalSchool, StoredEnrollment

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_LINES_AT_ONCE: Final = 1_000


class InspectableServer(Protocol):
    """A server whose state can be read and reset."""

    school: RehearsalSchool
    requests: RequestMetrics

    def reset(self) -> None:
        """Returns to the state at the start."""


async def respond_to_admin(request: web.BaseRequest, path: str, server: InspectableServer) -> web.StreamResponse:
    """Answers `GET /sandbox/state` (counts), `GET /sandbox/seats` (JSON lines) and `POST /sandbox/reset`."""
    if request.remote not in _LOOPBACK:
        return error_response(403, "Only this machine may inspect the rehearsal server")
    match request.method, path:
        case "GET", "/sandbox/state":
            return json_response(200, _state(server))
        case "GET", "/sandbox/seats":
            return await _stream_enrollments(request, server.school.active_enrollments())
        case "POST", "/sandbox/reset":
            server.reset()
            return no_content()
        case _:
            return error_response(404, "No such route")


def _state(server: InspectableServer) -> dict[str, object]:
    school = server.school
    writes = Counter(school.enroll_writes.values())
    return {
        "seats": len(school.active_enrollments()),
        "enrollments": len(school.all_enrollments()),
        "managed_classes": len(school.managed_classes()),
        "enroll_writes": school.enroll_writes.total(),
        "written_twice": sum(count for times, count in writes.items() if times > 1),
        "requests": server.requests.as_json(),
    }


async def _stream_enrollments(request: web.BaseRequest, rows: Iterable[StoredEnrollment]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/x-ndjson"
    await response.prepare(request)
    for lines in _batches(rows):
        await response.write(lines)
    await response.write_eof()
    return response


def _batches(rows: Iterable[StoredEnrollment]) -> Iterator[bytes]:
    lines = (json.dumps(asdict(row)) + "\n" for row in rows)
    while batch := "".join(islice(lines, _LINES_AT_ONCE)):
        yield batch.encode()
