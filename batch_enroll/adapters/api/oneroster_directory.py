"""OneRoster's users, courses and schools, read page by page. Source: contract section 1.2."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from batch_enroll.adapters.api.responses import dicts, parsed_json
from batch_enroll.core.lookup.records import By, Course, EntityKind, Listing, Page, Person, Record, School
from batch_enroll.core.model import CourseId, NoReply, Reply, SchoolId, UserId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.adapters.api.transport import Transport
    from batch_enroll.core.model import Json

_BASE: Final = "/ims/oneroster/rostering/v1p2"
_PATHS: Final = {EntityKind.USER: "users", EntityKind.COURSE: "courses", EntityKind.SCHOOL: "schools"}
_KEYS: Final = {
    EntityKind.USER: "users",
    EntityKind.COURSE: "courses",
    EntityKind.SCHOOL: "orgs",
}  # schools answer under orgs
_FIELDS: Final[Mapping[EntityKind, Mapping[By, str]]] = {
    EntityKind.USER: {
        By.ID: "sourcedId", By.EMAIL: "email", By.USERNAME: "username", By.IDENTIFIER: "identifier",
    },
    EntityKind.COURSE: {By.ID: "sourcedId", By.CODE: "courseCode", By.TITLE: "title"},
    EntityKind.SCHOOL: {By.ID: "sourcedId", By.NAME: "name", By.IDENTIFIER: "identifier"},
}  # fmt: skip
_MORE: Final[Mapping[EntityKind, tuple[str, ...]]] = {
    EntityKind.USER: (),
    EntityKind.COURSE: ("org",),
    EntityKind.SCHOOL: ("type",),
}
_ACTIVE: Final = "active"
_LONGEST: Final = 1024  # of a name or id that is taken for one


class OneRosterDirectory:
    """The Directory. Asks for no more fields than it reads: names of persons stay where they are."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire

    async def page(self, listing: Listing, offset: int, limit: int, token: str) -> Page[Record] | Reply | NoReply:
        """Asks once for the active records of a listing, from `offset` on, in the order of their ids."""
        kind = listing.kind
        query = urlencode(
            {
                "limit": limit, "offset": offset, "sort": "sourcedId", "orderBy": "asc", "filter": _filter(listing),
                "fields": ",".join(("status", *_FIELDS[kind].values(), *_MORE[kind])),
            },
            quote_via=quote,
        )  # fmt: skip
        answer = await self._wire.exchange("GET", f"{_BASE}/{_PATHS[kind]}?{query}", token, None)
        if isinstance(answer, NoReply):
            return answer
        if answer.status == HTTPStatus.OK and (page := _page(kind, parsed_json(answer.body))) is not None:
            return page
        asked = listing.question
        return self._wire.reply(answer, {} if asked is None else {asked.value: "the value"})


def _filter(listing: Listing) -> str:
    """The records that are alive and, if one is asked for, have the value; a quote in it is doubled."""
    alive = f"status='{_ACTIVE}'"
    if listing.question is None:
        return alive
    (kind, by), value = listing.question
    is_like = "~" if listing.loosely else "="
    quoted = value.replace("'", "''")
    return f"{alive} AND {_FIELDS[kind][by]}{is_like}'{quoted}'"


def _page(kind: EntityKind, parsed: Json) -> Page[Record] | None:
    """The page; None when the body holds no list."""
    rows = parsed.get(_KEYS[kind]) if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not isinstance(rows, list):
        return None
    total = parsed.get("totalCount")
    records = tuple(record for row in dicts(rows) if (record := _record(kind, row)) is not None)
    return Page(records, len(rows), total if isinstance(total, int) and not isinstance(total, bool) else None)


def _record(kind: EntityKind, row: Mapping[str, Json]) -> Record | None:
    """One record; None for one without a usable id, or one that is deleted although it was not asked for."""
    id_ = _text(row, "sourcedId")
    if not id_ or (_text(row, "status") or _ACTIVE) != _ACTIVE:
        return None
    match kind:
        case EntityKind.USER:
            return Person(UserId(id_), _text(row, "email"), _text(row, "username"), _text(row, "identifier"))
        case EntityKind.COURSE:
            org = row.get("org")
            org_id = _text(org, "sourcedId") if isinstance(org, dict) else ""
            return Course(CourseId(id_), _text(row, "title"), _text(row, "courseCode"), SchoolId(org_id) or None)
        case EntityKind.SCHOOL:
            if _text(row, "type") not in {"", "school"}:  # a district that was listed all the same
                return None
            return School(SchoolId(id_), _text(row, "name"), _text(row, "identifier"))


def _text(row: Mapping[str, Json], name: str) -> str:
    value = row.get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= _LONGEST else ""
