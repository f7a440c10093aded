"""OneRoster's enrollments of a school, read page by page. Source: contract section 1.2."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from batch_enroll.adapters.api.responses import dicts, parsed_json
from batch_enroll.adapters.api.timestamps import parse_timestamp
from batch_enroll.adapters.api.transport import segments
from batch_enroll.core.model import ClassId, CourseId, NoReply, Reply, Role, SchoolId, UserId
from batch_enroll.core.planning.sync_planner import EnrollmentIdentity, EnrollmentPage, UserCourseSchool

if TYPE_CHECKING:
    from datetime import date

    from batch_enroll.adapters.api.transport import Transport
    from batch_enroll.core.model import Json

_BASE: Final = "/ims/oneroster/rostering/v1p2"
LARGEST_PAGE: Final = 3_000


class OneRosterListings:
    """Who sits where in a school, whichever API put them there.

    Args:
        wire: requests to the vendor's address.
        today: the day before which an end date is over, where a seat that has ended is none; None: it still is.
    """

    def __init__(self, wire: Transport, today: date | None = None) -> None:
        self._wire = wire
        self._today = today

    async def page(self, school_id: SchoolId, offset: int, token: str) -> EnrollmentPage | Reply | NoReply:
        """Asks once for the active enrollments of a school from `offset` on; a Reply did not tell."""
        query = urlencode(
            {"limit": LARGEST_PAGE, "offset": offset, "sort": "sourcedId", "filter": "status='active'"}, quote_via=quote
        )
        path = f"{_BASE}/schools/{segments(school_id)}/enrollments?{query}"
        answer = await self._wire.exchange("GET", path, token, None)
        if isinstance(answer, NoReply):
            return answer
        if answer.status == HTTPStatus.OK and (page := self._page(parsed_json(answer.body), school_id)) is not None:
            return page
        return self._wire.reply(answer, {school_id: "school"})

    def _page(self, parsed: Json, school_id: SchoolId) -> EnrollmentPage | None:
        if not isinstance(parsed, dict) or not isinstance(parsed.get("enrollments"), list):
            return None
        rows = list(dicts(parsed["enrollments"]))
        found = [_seat(row, school_id) for row in rows if self._stands(row)]
        total = parsed.get("totalCount")
        return EnrollmentPage(
            tuple(seat for seat in found if isinstance(seat, EnrollmentIdentity)),
            len(rows),
            total if isinstance(total, int) else len(rows),
            sum(not isinstance(seat, EnrollmentIdentity) for seat in found),
            tuple(seat for seat in found if isinstance(seat, UserCourseSchool)),
        )

    def _stands(self, row: dict[str, Json]) -> bool:
        """Active, and not over: OneRoster's end is exclusive, and rows with a past one stay active (contract 7.6)."""
        if row.get("status", "active") != "active":
            return False
        end = parse_timestamp(row.get("endDate"))
        return self._today is None or end is None or end.date() > self._today


def _seat(row: dict[str, Json], school_id: SchoolId) -> EnrollmentIdentity | UserCourseSchool | None:
    """The seat; its place, if we do not know its role; None for a row that cannot be told whose or where it is."""
    user, course, role = _id(row.get("user")), _id(row.get("course")), row.get("role")
    if not user or not course:
        return None
    place = UserCourseSchool(UserId(user), CourseId(course), SchoolId(_id(row.get("school")) or school_id))
    if not isinstance(role, str) or role not in set(Role):
        return place
    return EnrollmentIdentity(*place, Role(role), ClassId(class_id) if (class_id := _id(row.get("class"))) else None)


def _id(reference: Json) -> str:
    found = reference.get("sourcedId") if isinstance(reference, dict) else None
    return found if isinstance(found, str) else ""
