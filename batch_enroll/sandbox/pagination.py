"""OneRoster's list parameters: limit, offset, sort, orderBy, fields, filter and search, with paging in the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from batch_enroll.sandbox.error_bodies import answer
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.filters import parse_filter, texts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp import web

LARGEST_LIMIT: Final = 3000
_DEFAULT_LIMIT: Final = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What is listed: under which key, and in what shape.

    Args:
        key: the name of the list in the answer.
        records: all of them, in their own order.
        shape: one as the wire shows it.
        searched: the fields that `search` looks at; empty when it is silently ignored.
    """

    key: str
    records: Sequence[T]
    shape: Callable[[T], dict[str, object]]
    searched: tuple[str, ...] = ()


def page(query: Mapping[str, str], listing: Listing[T]) -> web.Response:
    """The page of a listing that the query asks for.

    Raises:
        RefusedError: a parameter that cannot be.
    """
    limit = _whole(query, "limit", _DEFAULT_LIMIT, least=1, most=LARGEST_LIMIT)
    offset = _whole(query, "offset", 0, least=0, most=10**12)
    if not _looks_inside(query, listing):
        total = len(listing.records)
        shown = [listing.shape(record) for record in listing.records[offset : offset + limit]]
    else:
        chosen = _chosen(query, listing)
        total, shown = len(chosen), chosen[offset : offset + limit]
    body = {
        listing.key: _projected(shown, query.get("fields", "")),
        "totalCount": total,
        "pageCount": -(-total // limit),
        "pageNumber": offset // limit + 1,
        "offset": offset,
        "limit": limit,
    }
    return answer(200, body)


def _looks_inside(query: Mapping[str, str], listing: Listing[T]) -> bool:
    return "filter" in query or "sort" in query or bool(listing.searched and query.get("search"))


def _chosen(query: Mapping[str, str], listing: Listing[T]) -> list[dict[str, object]]:
    wanted = parse_filter(query["filter"]) if "filter" in query else None
    shapes = [shape for shape in map(listing.shape, listing.records) if wanted is None or wanted.holds(shape)]
    if listing.searched and (sought := query.get("search", "").casefold()):
        shapes = [shape for shape in shapes if any(sought in text for text in _texts(shape, listing.searched))]
    return _sorted(shapes, query) if "sort" in query else shapes


def _texts(shape: Mapping[str, object], fields: tuple[str, ...]) -> list[str]:
    return [text.casefold() for field in fields for text in texts_at(shape, field)]


def _sorted(shapes: list[dict[str, object]], query: Mapping[str, str]) -> list[dict[str, object]]:
    field, order = query["sort"], query.get("orderBy", "asc")
    if order not in {"asc", "desc"}:
        raise RefusedError(422, "orderBy takes asc or desc", "orderBy")
    if any(isinstance(shape.get(field), dict | list) or "." in field for shape in shapes):
        raise RefusedError(500, "Internal server error")
    return sorted(shapes, key=lambda shape: "".join(texts_at(shape, field)), reverse=order == "desc")


def _projected(shapes: list[dict[str, object]], fields: str) -> list[dict[str, object]]:
    wanted = {field.strip() for field in fields.split(",") if field.strip()}
    if not wanted:
        return shapes
    return [{name: value for name, value in shape.items() if name in wanted} for shape in shapes]


def _whole(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise RefusedError(422, f"{name} takes a whole number from {least}", name)
    return int(text)
