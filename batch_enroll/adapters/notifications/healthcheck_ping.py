"""Pings a healthchecks-style address: `/start`, the address itself for success, `/fail`.

Source: the pinging API of healthchecks.io, which others took over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import aiohttp

_TIMEOUT_S: Final = 10.0


class Signal(StrEnum):
    """What is told, as the end of the address."""

    START = "/start"
    SUCCESS = ""
    FAILURE = "/fail"


async def ping(address: str, signal: Signal, text: str) -> str:
    """Posts `text` to the address; what went wrong, without the address, or nothing."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(address + signal, data=text.encode(), allow_redirects=False) as response,
        ):
            return "" if response.ok else f"the ping was answered {response.status}"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return f"the ping could not be sent ({type(error).__name__})"
