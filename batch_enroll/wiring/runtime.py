"""Clock and event loop of a command."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from batch_enroll.core.durations import parse_deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

T = TypeVar("T")

_CLOCK_CHECK_S: Final = 30.0  # a machine that was asleep wakes up to another time of day
_YOUNG_OBJECTS: Final = 10_000  # before garbage is collected; rows read ahead would be scanned many times


def utc_now() -> datetime:
    """Returns the current time, aware, in UTC."""
    return datetime.now(UTC)


def resolve_deadline(deadline: str) -> str:
    """Returns the moment that a deadline typed now means, in ISO 8601; one that was resolved before stays as it is."""
    if "T" in deadline:
        return deadline
    at = parse_deadline(deadline, datetime.now().astimezone())
    if ":" in deadline:  # where clocks change in between, the time of day is meant
        at = at.replace(tzinfo=None).astimezone()
    return at.isoformat()


def make_deadline_wait(deadline: str | None) -> Callable[[], Awaitable[None]]:
    """Returns a function that waits for a deadline, resolved or counted from now; without one it waits forever."""
    if deadline is None:
        return anyio.sleep_forever
    at = datetime.fromisoformat(resolve_deadline(deadline))

    async def wait() -> None:
        while (left_s := (at - utc_now()).total_seconds()) > 0:  # noqa: ASYNC110 - the time of day sets no Event
            await anyio.sleep(min(left_s, _CLOCK_CHECK_S))

    return wait


def run_async(main: Callable[[], Awaitable[T]]) -> T:
    """Runs `main` to its end in an event loop of its own, and returns its result."""
    with _collect_garbage_rarely():
        # A fifth less CPU per request; not available on Windows.
        return anyio.run(main, backend_options={"use_uvloop": find_spec("uvloop") is not None})


@contextmanager
def _collect_garbage_rarely() -> Iterator[None]:
    """Saves a twentieth of the CPU of a run; objects of modules imported so far are not scanned at all."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
