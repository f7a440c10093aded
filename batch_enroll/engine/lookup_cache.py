"""One look-up serves all rows of its user.

Only a row that has sent nothing in this run takes what another one heard: its own last attempt, if any, ended before
the run began. A row that lost an answer meanwhile asks for itself. Sending for a user forgets what was heard of him.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

from batch_enroll.core.model import UserEnrollments

if TYPE_CHECKING:
    from batch_enroll.core.model import EnrollmentRequest, UserId
    from batch_enroll.core.verdict.attempt_state import AttemptResult

_KEPT: Final = 5_000  # users; a roster has the rows of a user, or of a class, near each other


class SharedLookups:
    """What was heard of users, and which row is asking for whom. Bounded: the users heard of longest ago go first."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._most = kept
        self._kept: dict[UserId, UserEnrollments] = {}
        self._asking: dict[UserId, tuple[int, anyio.Event]] = {}

    async def get_or_claim(self, request: EnrollmentRequest) -> UserEnrollments | None:
        """What another row heard of the user; None: this row is to ask, and to call `record` whatever comes of it."""
        user = request.key.user_id
        while (asking := self._asking.get(user)) is not None:
            await asking[1].wait()
        if (seats := self._kept.get(user)) is None:
            self._asking[user] = request.row_no, anyio.Event()
        return seats

    def record(self, request: EnrollmentRequest, answer: AttemptResult | None) -> None:
        """Notes what came of asking, None for nothing, and lets those go on who waited for this row."""
        user = request.key.user_id
        if isinstance(answer, UserEnrollments):
            self._kept[user] = answer
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        asking = self._asking.get(user)
        if asking is not None and asking[0] == request.row_no:
            del self._asking[user]
            asking[1].set()

    def forget(self, request: EnrollmentRequest) -> None:
        """Forgets what was heard of a user who is about to have another seat."""
        self._kept.pop(request.key.user_id, None)
