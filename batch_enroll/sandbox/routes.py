"""Routes of the API. Segments are split before they are decoded, so that an id may contain `/`, `..` and `%`."""

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

    from batch_enroll.sandbox.faults import RandomDraw
    from batch_enroll.sandbox.school import Moment, RehearsalSchool, StoredEnrollment

_ID = "{}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a route, with the ids of its path, the school, the time and its random draw."""

    request: web.BaseRequest
    ids: tuple[str, ...]
    school: RehearsalSchool
    now: Moment
    draw: RandomDraw

    def sees(self, row: StoredEnrollment) -> bool:
        """Returns true if reads already return the row."""
        return row.seen_from <= self.now.loop_s

    async def body(self) -> dict[str, object]:
        """Reads the JSON object of the body; an empty body is an empty object.

        Raises:
            RefusedError: the body is not JSON, or not an object.
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
    """A method and a pattern of path segments, `{}` for an id; requests are counted under `name`."""

    method: str
    pattern: str
    name: str
    handler: Handler

    @property
    def writes(self) -> bool:
        """True if its purpose is to change something."""
        return self.method != "GET"

    @property
    def is_edubridge(self) -> bool:
        """True if its errors have the form of EduBridge."""
        return self.pattern.startswith("edubridge/")


class Routes:
    """Finds the route of a request.

    Args:
        routes: all routes; the first that matches is used.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_size: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            pattern = tuple(route.pattern.split("/"))
            self._by_size.setdefault((route.method, len(pattern)), []).append((pattern, route))

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """Returns the route and the encoded ids. A trailing slash is optional, unless an id is missing before it."""
        segments = path.removeprefix("/").split("/")
        if not segments[-1] and method == "GET":
            return self._match(method, segments[:-1])
        found = self._match(method, segments)
        return found if found or segments[-1] else self._match(method, segments[:-1])

    def _match(self, method: str, segments: list[str]) -> tuple[Route, tuple[str, ...]] | None:
        for pattern, route in self._by_size.get((method, len(segments)), ()):
            if all(part in (_ID, segment) for part, segment in zip(pattern, segments, strict=True)):
                ids = (segment for part, segment in zip(pattern, segments, strict=True) if part == _ID)
                return route, tuple(ids)
        return None


def decode_id(segment: str, malformed_status: int) -> str:
    """Decodes the id in a path segment.

    Raises:
        RefusedError: the id is empty, not UTF-8, or contains control characters.
    """
    try:
        id_ = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        id_ = ""
    if not id_ or any(character < " " or character == "\x7f" for character in id_):
        raise RefusedError(malformed_status, "Invalid sourcedId", "sourcedId")
    return id_
