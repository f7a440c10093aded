"""OneRoster's list parameters: limit, offset, sort, orderBy, fields, filter and search, with paging in the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from batch_enroll.sandbox.error_bodies import json_response
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.filters import parse_filter, texts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp import web

LARGEST_LIMIT: Final = 3000
_DEFAULT_LIMIT: Final = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListedRecords(Generic[T]):
    """Records to be listed, and the form in which they are listed.

    Args:
        key: key of the list in the response.
        records: all records, in their own order.
        serialize: returns the JSON of a record.
        search_fields: fields that `search` looks at; empty if it is silently ignored.
    """

    key: str
    records: Sequence[T]
    serialize: Callable[[T], dict[str, object]]
    search_fields: tuple[str, ...] = ()


def paginate(query: Mapping[str, str], listing: ListedRecords[T]) -> web.Response:
    """Returns the page that the query asks for.

    Raises:
        RefusedError: a parameter has an invalid value.
    """
    limit = _whole_number(query, "limit", _DEFAULT_LIMIT, least=1, most=LARGEST_LIMIT)
    offset = _whole_number(query, "offset", 0, least=0, most=10**12)
    if not _needs_fields(query, listing):
        total = len(listing.records)
        shown = [listing.serialize(record) for record in listing.records[offset : offset + limit]]
    else:
        chosen = _select(query, listing)
        total, shown = len(chosen), chosen[offset : offset + limit]
    body = {
        listing.key: _project(shown, query.get("fields", "")),
        "totalCount": total,
        "pageCount": -(-total // limit),
        "pageNumber": offset // limit + 1,
        "offset": offset,
        "limit": limit,
    }
    return json_response(200, body)


def _needs_fields(query: Mapping[str, str], listing: ListedRecords[T]) -> bool:
    return "filter" in query or "sort" in query or bool(listing.search_fields and query.get("search"))


def _select(query: Mapping[str, str], listing: ListedRecords[T]) -> list[dict[str, object]]:
    condition = parse_filter(query["filter"]) if "filter" in query else None
    shapes = [shape for shape in map(listing.serialize, listing.records) if condition is None or condition.holds(shape)]
    if listing.search_fields and (text := query.get("search", "").casefold()):
        shapes = [shape for shape in shapes if any(text in value for value in _texts(shape, listing.search_fields))]
    return _sort(shapes, query) if "sort" in query else shapes


def _texts(shape: Mapping[str, object], fields: tuple[str, ...]) -> list[str]:
    return [text.casefold() for field in fields for text in texts_at(shape, field)]


def _sort(shapes: list[dict[str, object]], query: Mapping[str, str]) -> list[dict[str, object]]:
    field, order = query["sort"], query.get("orderBy", "asc")
    if order not in {"asc", "desc"}:
        raise RefusedError(422, "orderBy takes asc or desc", "orderBy")
    if any(isinstance(shape.get(field), dict | list) or "." in field for shape in shapes):
        raise RefusedError(500, "Internal server error")
    return sorted(shapes, key=lambda shape: "".join(texts_at(shape, field)), reverse=order == "desc")


def _project(shapes: list[dict[str, object]], fields: str) -> list[dict[str, object]]:
    names = {field.strip() for field in fields.split(",") if field.strip()}
    if not names:
        return shapes
    return [{name: value for name, value in shape.items() if name in names} for shape in shapes]


def _whole_number(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise RefusedError(422, f"{name} takes a whole number from {least}", name)
    return int(text)
