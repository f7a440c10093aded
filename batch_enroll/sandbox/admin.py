"""`/sandbox/...`: the state of the server, for tests in another process; without a token, and for this machine only."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from batch_enroll.sandbox.error_bodies import answer, failure, no_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from batch_enroll.sandbox.metrics import Observed
    from batch_enroll.sandbox.school import School, Seat

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_LINES_AT_ONCE: Final = 1_000


class Inspected(Protocol):
    """A server that can be looked into."""

    school: School
    requests: Observed

    def reset(self) -> None:
        """Begins anew."""


async def inspected(request: web.BaseRequest, path: str, server: Inspected) -> web.StreamResponse:
    """`GET /sandbox/state` (counts), `GET /sandbox/seats` (JSON lines), `POST /sandbox/reset`."""
    if request.remote not in _LOOPBACK:
        return failure(403, "Only this machine may look into the rehearsal server")
    match request.method, path:
        case "GET", "/sandbox/state":
            return answer(200, _state(server))
        case "GET", "/sandbox/seats":
            return await _seats(request, server.school.seats())
        case "POST", "/sandbox/reset":
            server.reset()
            return no_content()
        case _:
            return failure(404, "No such route")


def _state(server: Inspected) -> dict[str, object]:
    school = server.school
    writes = Counter(school.enroll_writes.values())
    return {
        "seats": len(school.seats()),
        "enrollments": len(school.all_enrollments()),
        "managed_classes": len(school.managed_classes()),
        "enroll_writes": school.enroll_writes.total(),
        "written_twice": sum(count for times, count in writes.items() if times > 1),
        "requests": server.requests.told(),
    }


async def _seats(request: web.BaseRequest, seats: Iterable[Seat]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "application/x-ndjson"
    await response.prepare(request)
    for lines in _batches(seats):
        await response.write(lines)
    await response.write_eof()
    return response


def _batches(seats: Iterable[Seat]) -> Iterator[bytes]:
    lines = (json.dumps(asdict(seat)) + "\n" for seat in seats)
    while batch := "".join(islice(lines, _LINES_AT_ONCE)):
        yield batch.encode()
