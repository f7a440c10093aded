"""The command `sandbox`: the rehearsal server, for other programs and terminals."""

from __future__ import annotations

from functools import partial
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING

import anyio

from batch_enroll.wiring.runtime import run_async
from batch_enroll.wiring.server import open_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.sandbox import Sandbox
    from batch_enroll.settings import Settings


def rehearse(settings: Settings, *, port: int, announce: Callable[[Sandbox], None]) -> None:
    """Runs the rehearsal server until SIGINT or SIGTERM; calls `announce` as soon as it listens.

    Raises:
        UsageError: a scenario or school that it does not have, or a port that is taken.
    """
    run_async(partial(_rehearse, settings, port, announce))


async def _rehearse(settings: Settings, port: int, announce: Callable[[Sandbox], None]) -> None:
    with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
        async with open_sandbox(settings, port) as sandbox:
            announce(sandbox)
            async for _ in signals:
                return
