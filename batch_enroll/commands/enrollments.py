"""What the server has for one user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.events.fanout_sink import AllSinks
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import Reply, RunId, Seats, UserId
from batch_enroll.wiring.loop import in_loop
from batch_enroll.wiring.server import asking_of, gateway_of, server_of

if TYPE_CHECKING:
    from batch_enroll.core.model import NoReply
    from batch_enroll.settings import Settings

_NOT_FOUND: Final = 404


def enrollments(settings: Settings, user_id: str) -> Seats | None:
    """The user's active enrollments; None if the server does not know the user.

    Raises:
        AuthRefusedError, RunStoppedError: it would not tell.
    """
    return in_loop(partial(_enrollments, settings, UserId(user_id)))


async def _enrollments(settings: Settings, user_id: UserId) -> Seats | None:
    async with (
        server_of(settings, RunId("enrollments")) as server,
        asking_of(settings, server, AllSinks()) as (asking, wire),
    ):
        return _told(await asking.ask(partial(gateway_of(settings, wire).look_up, user_id)))


def _told(answer: Seats | Reply | NoReply) -> Seats | None:
    match answer:
        case Seats():
            return answer
        case Reply(status=status) if status == _NOT_FOUND:
            return None
        case Reply():
            raise RunStoppedError(f"the server did not tell: HTTP {answer.status}: {answer.detail}".rstrip(": "))
        case _:
            raise RunStoppedError(f"the server did not tell: {answer.cause}")
