"""What the server has for one user."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Final

import aiohttp

from batch_enroll import __version__
from batch_enroll.adapters.api import Wire
from batch_enroll.adapters.oauth import OAuthTokens
from batch_enroll.adapters.sink_all import AllSinks
from batch_enroll.bootstrap.loop import in_loop
from batch_enroll.bootstrap.sending import gateway_of, server_of
from batch_enroll.bootstrap.wall import utc_now
from batch_enroll.core.breaker import Breaker, BreakerLimits
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import Reply, RunId, Seats, UserId
from batch_enroll.core.pace import FixedPace, PaceLimits
from batch_enroll.core.tries import Policy
from batch_enroll.engine import Asking, Means

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
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=settings.timeout_s),
            headers={"User-Agent": f"batch_enroll/{__version__}"},
        ) as session,
    ):
        sink = AllSinks()
        gateway = gateway_of(settings, Wire(session, server.base_url, utc_now))
        breaker = Breaker(BreakerLimits(settings.retry_budget, settings.patience_s))
        tokens = OAuthTokens(session, server.client, sink, random.random)
        asking = Asking(Means(tokens, FixedPace(PaceLimits(1)), breaker, sink, Policy(), random.random, workers=1))
        return _told(await asking.ask(partial(gateway.look_up, user_id)))


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
