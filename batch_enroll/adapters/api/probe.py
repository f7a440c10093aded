"""One harmless request without a token: whether a server is there, how fast, and what time it has."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp

from batch_enroll.core.reporting.health_checks import UNREACHABLE_ADVICE, UNTRUSTED_ADVICE

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ServerProbe:
    """What was seen: a status and the server's own time, or why there was no answer."""

    status: int | None
    date: datetime | None = None
    trouble: str = ""
    advice: str = UNREACHABLE_ADVICE


async def look_at(session: aiohttp.ClientSession, url: str) -> ServerProbe:
    """Asks `url` once; whatever it answers, it is there."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            return ServerProbe(response.status, _date(response.headers.get("Date")))
    except aiohttp.ClientConnectorDNSError:
        return ServerProbe(None, trouble="its host name is not known")
    except aiohttp.ClientConnectorCertificateError:
        return ServerProbe(None, trouble="its TLS certificate was not accepted", advice=UNTRUSTED_ADVICE)
    except TimeoutError:
        return ServerProbe(None, trouble="no answer in time")
    except (aiohttp.ClientError, OSError):
        return ServerProbe(None, trouble="no connection")


def _date(text: str | None) -> datetime | None:
    try:
        date = None if text is None else parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date is not None and date.tzinfo is not None else None
