"""A sheet's numbers as a person sees them: what a number format makes of the number that the file holds."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from batch_enroll.core.roster.cell_text import shown

GENERAL: Final = "General"
_KEPT_DIGITS: Final = 15  # what a spreadsheet keeps of a number
_DAY_S: Final = 86_400
_LEAP_DAY: Final = 60  # 29 February 1900, which the calendar of 1900 has and the world had not
_EPOCHS: Final = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a sheet knows no zone
_ID: Final = re.compile("0|[1-9][0-9]{0,14}")
_WHOLE: Final = re.compile(r"-?\d{1,4000}", re.ASCII)
_WORDS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_PLAIN_WORD: Final = re.compile(r"general|e[+-]", re.IGNORECASE)
_LASTING: Final = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_DATED: Final = re.compile(r"[dmyhs]", re.IGNORECASE)


class NumberFormatKind(StrEnum):
    """What a number format makes of a number."""

    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"


class NumberFormat(NamedTuple):
    """A number format and what it makes of a number; `width` is that of whole ones, if it does no more than fill it."""

    number_format: str
    kind: NumberFormatKind
    width: int | None = None


# Formats that are known by their number. Source: ECMA-376 part 1, 18.8.30; 27-36 and 50-58 are dates in East Asia.
_NUMBERED: Final = (
    {1: "0"}
    | dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd")
    | dict.fromkeys((18, 19, 20, 21, 45, 47), "h:mm:ss")
    | {22: "yyyy-mm-dd h:mm", 46: "[h]:mm:ss"}
)


@lru_cache(maxsize=1024)
def style(number_format: str) -> NumberFormat:
    """What the format, as a workbook spells it, makes of a number."""
    bare = _PLAIN_WORD.sub("", _WORDS.sub("", number_format.partition(";")[0]))
    if _LASTING.search(bare):
        return NumberFormat(number_format, NumberFormatKind.DURATION)
    if _DATED.search(bare):
        return NumberFormat(number_format, NumberFormatKind.DATE)
    zeros = len(number_format)
    return NumberFormat(
        number_format, NumberFormatKind.NUMBER, zeros if number_format == "0" * zeros else 1 if not bare else None
    )


def numbered_style(number: int) -> NumberFormat:
    """The style that a workbook names by a number alone."""
    return style(_NUMBERED.get(number, GENERAL))


def number_text(spelt: str, of: NumberFormat, *, since_1904: bool) -> str:
    """The text of a cell that holds the number `spelt`.

    Raises:
        ValueError: it is no number, or no day or time that a sheet can show.
    """
    if of.width is not None and _ID.fullmatch(spelt):  # the ids of a large roster, all different
        return spelt.zfill(of.width)
    return _number_text(spelt, of, since_1904)


@lru_cache(maxsize=4096)  # a roster says the same days again and again
def _number_text(spelt: str, of: NumberFormat, since_1904: bool) -> str:  # noqa: FBT001 - passed on
    if of.kind is NumberFormatKind.NUMBER and _WHOLE.fullmatch(spelt):
        return shown(int(spelt), of.number_format)
    value = float(spelt)
    if not math.isfinite(value):
        raise ValueError(spelt)
    return (
        shown(value, of.number_format)
        if of.kind is NumberFormatKind.NUMBER
        else shown(_moment(value, of.kind, since_1904))
    )


def iso_text(spelt: str) -> str:
    """The text of a cell that holds a date spelt in ISO 8601; what is no such date stays as it is."""
    try:
        return shown(datetime.fromisoformat(spelt).replace(tzinfo=None))
    except ValueError:
        return spelt


def lost_digits(text: str) -> bool:
    """Whether a number cell's text lacks digits: it is rounded, or has zeros from the sixteenth digit on."""
    digits = text.lstrip("-")
    return "E+" in text or (len(digits) > _KEPT_DIGITS and digits.isdigit() and not digits[_KEPT_DIGITS:].strip("0"))


def _moment(days: float, kind: NumberFormatKind, since_1904: bool) -> date | time | timedelta:  # noqa: FBT001 - passed on
    if days < 0 or days >= 2_958_466:  # noqa: PLR2004 - the day after 9999-12-31
        raise ValueError(days)
    since = timedelta(seconds=round(days * _DAY_S))
    if kind is NumberFormatKind.DURATION:
        return since
    if days < 1 and not since_1904:
        return (_EPOCHS[False] + since).time()
    if not since_1904 and days < _LEAP_DAY:
        since += timedelta(days=1)
    return _EPOCHS[since_1904] + since
