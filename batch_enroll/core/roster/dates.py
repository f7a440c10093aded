"""Dates as rosters spell them. What can be read in two ways is refused, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY: Final = (
    r"(?:(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"
    r"|(?P<y8>\d{4})(?P<m8>\d{2})(?P<d8>\d{2})"
    r"|(?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?P<yy>\d{4}))"
)
_CLOCK: Final = (
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s*(?P<half>[AaPp])[Mm])?\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?)?"
)
_SPELLING: Final = re.compile(_DAY + _CLOCK, re.ASCII)
_TWO_WAYS: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_MONTHS: Final = 12
_NOON: Final = 12
_EARLIEST_YEAR: Final = 1900  # below it, a year was mistyped
_WRITE: Final = "write it as YYYY-MM-DD"


@lru_cache(maxsize=64)  # many rows of a report share their time
def iso_utc(at: datetime) -> str:
    """`at` (aware, UTC) as ISO 8601 with milliseconds and `Z`, the one spelling of times in every file and body."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=4096)
def read_moment(text: str) -> datetime:
    """The instant in UTC that a date or date-time names; a date means its midnight, a missing zone means UTC.

    Raises:
        ValueError: the text is no date, or can be read in two ways; the message says which and what to write.
    """
    found = _SPELLING.fullmatch(text)
    if found is None:
        raise ValueError(f"is not a date; {_WRITE}")
    parts = found.groupdict()
    day = _day(parts)
    try:
        return datetime.combine(day, _clock(parts), _zone(parts["zone"])).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is not a time of day that exists; {_WRITE}") from None


def read_day(text: str) -> date:
    """The day, in UTC, of a date or date-time. Raises as `read_moment`."""
    return read_moment(text).date()


def settled_days(texts: Iterable[str]) -> dict[str, str]:
    """Each of the texts that means one day for certain, as a date or date-time that can be read.

    A day such as 7/1/2017 is certain if others of these texts, such as 6/30/2018, show which part is the month.
    """
    different = dict.fromkeys(text for text in texts if text)
    months_first = {first for text in different if (first := _month_first(text)) is not None}
    order = months_first.pop() if len(months_first) == 1 else None
    return {text: day for text in different if (day := _settled(text, month_first=order)) is not None}


def _settled(text: str, *, month_first: bool | None) -> str | None:
    try:
        read_moment(text)
    except ValueError:
        found = _TWO_WAYS.match(text)
        if found is None or month_first is None:
            return None
        month, day = (found[1], found[2]) if month_first else (found[2], found[1])
        return _settled(f"{found[3]}-{month}-{day}{text[found.end() :]}", month_first=None)
    return text


def _month_first(text: str) -> bool | None:
    """Whether the month stands before the day, if the text itself shows it."""
    found = _TWO_WAYS.match(text)
    if found is None or (int(found[1]) <= _MONTHS) == (int(found[2]) <= _MONTHS):
        return None
    return int(found[1]) <= _MONTHS


def _day(parts: dict[str, str | None]) -> date:
    year = int(parts["y"] or parts["y8"] or parts["yy"] or 0)
    if year < _EARLIEST_YEAR:
        raise ValueError(f"has a year before {_EARLIEST_YEAR}; {_WRITE}")
    if parts["a"] is None:
        return _existing(year, int(parts["m"] or parts["m8"] or 0), int(parts["d"] or parts["d8"] or 0))
    one, other = int(parts["a"]), int(parts["b"] or 0)
    if one <= _MONTHS and other <= _MONTHS and one != other:
        month_first, day_first = _existing(year, one, other), _existing(year, other, one)
        raise ValueError(f"can mean {month_first} or {day_first}; {_WRITE}")
    return _existing(year, other, one) if one > _MONTHS else _existing(year, one, other)


def _existing(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"is not a day that exists; {_WRITE}") from None


def _clock(parts: dict[str, str | None]) -> time:
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if parts["half"] is not None:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if parts["half"] in "Pp" else 0)
    return time(hour, minute, second)


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-ahead if text[0] == "-" else ahead)
