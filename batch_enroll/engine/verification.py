"""The server asked what it has of users, once for each, and again where it may show a seat late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from batch_enroll.core.model import NoReply, Reply, UserEnrollments, UserId
    from batch_enroll.engine.query_runner import QueryRunner


class VerificationRows(Protocol):
    """Whoever compares what is heard with what is wanted."""

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """The users to ask for; with `late` those whose seats may only show late."""

    def heard(self, user_id: UserId, answer: UserEnrollments | Reply | NoReply) -> None:
        """Takes the answer of a user's look-up."""


async def verify(
    comparing: VerificationRows,
    asking: QueryRunner,
    look_up: Callable[[UserId, str], Awaitable[UserEnrollments | Reply | NoReply]],
    *,
    grace_s: float,
) -> None:
    """Asks for every user who is not settled; for those whose seats may show late again, for `grace_s`.

    Reads lag behind writes (contract 4), so a seat written a moment ago may be seen only later; the pauses double.

    Raises:
        AuthRefusedError, RunStoppedError: the server refuses us, or is down.
    """

    async def ask(user_id: UserId) -> None:
        comparing.heard(user_id, await asking.query(lambda token: look_up(user_id, token)))

    await asking.for_each(comparing.unsettled(), ask)
    waited_s, pause_s = 0.0, 1.0
    while waited_s < grace_s and next(comparing.unsettled(late=True), None) is not None:
        pause_s = min(pause_s, grace_s - waited_s)
        await anyio.sleep(pause_s)
        await asking.for_each(comparing.unsettled(late=True), ask)
        waited_s, pause_s = waited_s + pause_s, 2 * pause_s
