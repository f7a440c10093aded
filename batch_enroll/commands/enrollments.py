"""What the server has for one user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import Reply, RunId, UserEnrollments, UserId
from batch_enroll.wiring.runtime import run_async
from batch_enroll.wiring.server import make_gateway, open_query_runner, open_target

if TYPE_CHECKING:
    from batch_enroll.core.model import NoReply
    from batch_enroll.settings import Settings

_NOT_FOUND: Final = 404


def enrollments(settings: Settings, user_id: str) -> UserEnrollments | None:
    """The user's active enrollments; None if the server does not know the user.

    Raises:
        AuthRefusedError, RunStoppedError: it would not tell.
    """
    return run_async(partial(_enrollments, settings, UserId(user_id)))


async def _enrollments(settings: Settings, user_id: UserId) -> UserEnrollments | None:
    async with (
        open_target(settings, RunId("enrollments")) as server,
        open_query_runner(settings, server, FanoutSink()) as (asking, wire),
    ):
        return _told(await asking.query(partial(make_gateway(settings, wire).look_up, user_id)))


def _told(answer: UserEnrollments | Reply | NoReply) -> UserEnrollments | None:
    match answer:
        case UserEnrollments():
            return answer
        case Reply(status=status) if status == _NOT_FOUND:
            return None
        case Reply():
            raise RunStoppedError(f"the server did not tell: HTTP {answer.status}: {answer.detail}".rstrip(": "))
        case _:
            raise RunStoppedError(f"the server did not tell: {answer.cause}")
