"""Which request goes where. Segments are split before they are decoded, so that an id may hold `/`, `..` and `%`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote_to_bytes

from batch_enroll.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from batch_enroll.sandbox.faults import Lot
    from batch_enroll.sandbox.school import Moment, School, Seat

_ID = "{}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a route: the ids of its path, what it is about, and what fate holds for it."""

    request: web.BaseRequest
    ids: tuple[str, ...]
    school: School
    now: Moment
    lot: Lot

    def sees(self, seat: Seat) -> bool:
        """Whether reads show the row yet."""
        return seat.seen_from <= self.now.loop_s

    async def body(self) -> dict[str, object]:
        """The JSON object that was sent; empty when nothing was.

        Raises:
            RefusedError: it is no JSON, or no object.
        """
        raw = await self.request.read()
        if not raw.strip():
            return {}
        try:
            body: object = json.loads(raw)
        except (ValueError, RecursionError):
            raise RefusedError(400, "The request body is not valid JSON") from None
        if not isinstance(body, dict):
            raise RefusedError(422, "The request body must be an object")
        return body


Handler: TypeAlias = Callable[[Call], Awaitable["web.Response"]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a pattern of path segments, `{}` for an id; `name` is what it is counted under."""

    method: str
    pattern: str
    name: str
    handler: Handler

    @property
    def writes(self) -> bool:
        """Whether it changes anything by intention."""
        return self.method != "GET"

    @property
    def is_edubridge(self) -> bool:
        """Whether its errors look like EduBridge's."""
        return self.pattern.startswith("edubridge/")


class Routes:
    """Finds the route of a request.

    Args:
        routes: the first that fits wins.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_size: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            pattern = tuple(route.pattern.split("/"))
            self._by_size.setdefault((route.method, len(pattern)), []).append((pattern, route))

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route and the ids, still encoded. A trailing slash is a matter of taste, unless an id is missing."""
        segments = path.removeprefix("/").split("/")
        if not segments[-1] and method == "GET":
            return self._fitting(method, segments[:-1])
        found = self._fitting(method, segments)
        return found if found or segments[-1] else self._fitting(method, segments[:-1])

    def _fitting(self, method: str, segments: list[str]) -> tuple[Route, tuple[str, ...]] | None:
        for pattern, route in self._by_size.get((method, len(segments)), ()):
            if all(part in (_ID, segment) for part, segment in zip(pattern, segments, strict=True)):
                ids = (segment for part, segment in zip(pattern, segments, strict=True) if part == _ID)
                return route, tuple(ids)
        return None


def decoded(segment: str, malformed_status: int) -> str:
    """The id that a path segment stands for.

    Raises:
        RefusedError: it is empty, no UTF-8, or holds control characters.
    """
    try:
        id_ = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        id_ = ""
    if not id_ or any(character < " " or character == "\x7f" for character in id_):
        raise RefusedError(malformed_status, "Invalid sourcedId", "sourcedId")
    return id_
