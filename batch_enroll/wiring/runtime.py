"""The wall clock, handed to whoever needs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio

from batch_enroll.core.durations import parse_deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_LOOK_EVERY_S: Final = 30.0  # a machine that was asleep wakes up to the time on the wall


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def resolve_deadline(deadline: str) -> str:
    """The moment that a deadline means which is typed now, in ISO 8601; one that is settled already stays."""
    if "T" in deadline:
        return deadline
    at = parse_deadline(deadline, datetime.now().astimezone())
    if ":" in deadline:  # where clocks change in between, it is the hour on the wall that was meant
        at = at.replace(tzinfo=None).astimezone()
    return at.isoformat()


def until(deadline: str | None) -> Callable[[], Awaitable[None]]:
    """What waits for a deadline, settled or counted from now; for none, what waits for ever."""
    if deadline is None:
        return anyio.sleep_forever
    at = datetime.fromisoformat(resolve_deadline(deadline))

    async def wait() -> None:
        while (left_s := (at - utc_now()).total_seconds()) > 0:  # noqa: ASYNC110 - the wall clock tells no Event
            await anyio.sleep(min(left_s, _LOOK_EVERY_S))

    return wait
