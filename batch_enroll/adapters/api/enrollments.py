"""OneRoster's enrollments of a school, read page by page. Source: contract section 1.2."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from batch_enroll.adapters.api.wire import dicts, parsed_json, segment
from batch_enroll.core.model import CourseId, NoReply, Reply, Role, SchoolId, UserId
from batch_enroll.core.sync import SeatKey, SeatPage

if TYPE_CHECKING:
    from batch_enroll.adapters.api.wire import Wire
    from batch_enroll.core.model import Json

_BASE: Final = "/ims/oneroster/rostering/v1p2"
LARGEST_PAGE: Final = 3_000


class Enrollments:
    """Who sits where in a school, whichever API put them there."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def page(self, school_id: SchoolId, offset: int, token: str) -> SeatPage | Reply | NoReply:
        """Asks once for the active enrollments of a school from `offset` on; a Reply did not tell."""
        query = urlencode(
            {"limit": LARGEST_PAGE, "offset": offset, "sort": "sourcedId", "filter": "status='active'"}, quote_via=quote
        )
        path = f"{_BASE}/schools/{segment(school_id)}/enrollments?{query}"
        answer = await self._wire.exchange("GET", path, token, None)
        if isinstance(answer, NoReply):
            return answer
        if answer.status == HTTPStatus.OK and (page := _page(parsed_json(answer.body), school_id)) is not None:
            return page
        return self._wire.reply(answer, {school_id: "school"})


def _page(parsed: Json, school_id: SchoolId) -> SeatPage | None:
    if not isinstance(parsed, dict) or not isinstance(parsed.get("enrollments"), list):
        return None
    rows = list(dicts(parsed["enrollments"]))
    seats = [_seat(row, school_id) for row in rows if row.get("status", "active") == "active"]
    total = parsed.get("totalCount")
    return SeatPage(
        tuple(seat for seat in seats if seat is not None),
        len(rows),
        total if isinstance(total, int) else len(rows),
        sum(seat is None for seat in seats),
    )


def _seat(row: dict[str, Json], school_id: SchoolId) -> SeatKey | None:
    """The seat; None for a row that cannot be told whose or where it is."""
    user, course, role = _id(row.get("user")), _id(row.get("course")), row.get("role")
    if not user or not course or not isinstance(role, str) or role not in set(Role):
        return None
    return SeatKey(UserId(user), CourseId(course), SchoolId(_id(row.get("school")) or school_id), Role(role))


def _id(reference: Json) -> str:
    found = reference.get("sourcedId") if isinstance(reference, dict) else None
    return found if isinstance(found, str) else ""
