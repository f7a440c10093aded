"""Spans of time as people write and read them: `90s`, `30m`, `2h`, `90d`, and `06:00` for the next such time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

_SPAN: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*([smhd])", re.ASCII)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAY: Final = timedelta(days=1)
_MINUTE_S: Final = 60


def parse_duration(text: str) -> timedelta:
    """Returns the duration that `text` names.

    Raises:
        ValueError: the text is not a number with one of the units s, m, h, d.
    """
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write it as 90s, 30m, 2h or 90d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def parse_deadline(text: str, now: datetime) -> datetime:
    """Returns the time that `text` names: `now` plus a duration, or the next such time of day on the clock of `now`.

    Raises:
        ValueError: the text is neither.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        try:
            return now + parse_duration(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is neither a duration such as 90s, 30m or 2h nor a time of day such as 06:00"
            ) from None
    at = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
    return at if at > now else at + _DAY


def format_approx(lasted: timedelta) -> str:
    """`8 s`, `12 min`, `3 h 5 min`, `2 days`: about how long."""
    minutes, seconds = divmod(max(0, int(lasted.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day" if days == 1 else f"{days} days"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 min 5 s`, `3 h 0 min`."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_short(seconds: float) -> str:
    """`31 ms`, `2.5 s`, `2 min 5 s`: for the scales of charts."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    return f"{seconds:.3g} s" if seconds < _MINUTE_S else duration(seconds)


def clock_time(seconds: float) -> str:
    """`0:05`, `12:30`, `3:00:00`."""
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
