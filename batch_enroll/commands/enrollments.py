"""The command `enrollments`: the active enrollments of one user."""

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
    """Returns the active enrollments of a user; None if the server does not know the user.

    Raises:
        AuthRefusedError, RunStoppedError: it does not answer with enrollments.
    """
    return run_async(partial(_enrollments, settings, UserId(user_id)))


async def _enrollments(settings: Settings, user_id: UserId) -> UserEnrollments | None:
    async with (
        open_target(settings, RunId("enrollments")) as server,
        open_query_runner(settings, server, FanoutSink()) as (asking, wire),
    ):
        return _read_answer(await asking.query(partial(make_gateway(settings, wire).look_up, user_id)))


def _read_answer(answer: UserEnrollments | Reply | NoReply) -> UserEnrollments | None:
    match answer:
        case UserEnrollments():
            return answer
        case Reply(status=status) if status == _NOT_FOUND:
            return None
        case Reply():
            raise RunStoppedError(
                f"the server did not answer with enrollments: HTTP {answer.status}: {answer.detail}".rstrip(": ")
            )
        case _:
            raise RunStoppedError(f"the server did not answer with enrollments: {answer.cause}")
