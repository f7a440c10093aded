"""The event loop of a command."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

T = TypeVar("T")

_YOUNG: Final = 10_000  # new objects before garbage is looked for; rows read ahead would be looked through many times


def run_async(main: Callable[[], Awaitable[T]]) -> T:
    """What `main` returns, run to its end in a loop of its own."""
    with _garbage_looked_for_seldom():
        # A fifth less CPU per request; not there on Windows.
        return anyio.run(main, backend_options={"use_uvloop": find_spec("uvloop") is not None})


@contextmanager
def _garbage_looked_for_seldom() -> Iterator[None]:
    """Saves a twentieth of the CPU of a run; what was imported by now is not looked through again at all."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
