"""EduBridge's route for an undo: look-ups also tell when each seat was last changed, which only OneRoster knows."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import NoReply, Reply, UserEnrollments

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, UserId
    from batch_enroll.ports import Gateway

_UNTOLD: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class EduBridgeWithDates:
    """The Gateway that writes by `edubridge`, and reads there and, for the dates, from `oneroster`.

    Attributes:
        besides: requests that look-ups took besides their first.

    A client that may not read OneRoster, and rows that it does not list, have no dates.
    """

    def __init__(self, edubridge: Gateway, oneroster: Gateway) -> None:
        self._edubridge = edubridge
        self._oneroster = oneroster
        self.besides = 0

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Withdraws once."""
        return await self._edubridge.submit(request, token)

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        """Asks which active enrollments the user has, and when they were last changed."""
        found = await self._edubridge.look_up(user_id, token)
        if not isinstance(found, UserEnrollments) or not found.enrollments:
            return found
        self.besides += 1
        rows = await self._oneroster.look_up(user_id, token)
        if isinstance(rows, Reply) and rows.status in _UNTOLD:
            return found
        if not isinstance(rows, UserEnrollments):
            return rows
        dates = {row.enrollment_id: row.changed_at for row in rows.enrollments}
        return UserEnrollments(
            tuple(replace(seat, changed_at=dates.get(seat.enrollment_id)) for seat in found.enrollments)
        )
