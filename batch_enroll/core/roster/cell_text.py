"""A spreadsheet's values as a person sees them: the text of a cell, not its value, is the id.

A number shows what its number format makes of it. The rules for formats are those that ids need: zeros in front, fixed
text, dates and durations; thousands separators, percent signs and fractions are left out.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

Value: TypeAlias = str | int | float | bool | date | time | timedelta | None

GENERAL: Final = "General"
_KEPT_DIGITS: Final = 15  # digits that a spreadsheet keeps of a number
_SECOND: Final = timedelta(seconds=1)
_MIDNIGHT: Final = time(0)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PIECE: Final = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|_.|\*.|([-+/ :().]|0)|(.)', re.DOTALL)

_DAY_S: Final = 86_400
_END_OF_DAYS: Final = 2_958_466  # the day after 9999-12-31
_LEAP_DAY: Final = 60  # 29 February 1900, which is in the calendar of 1900 and never was
_EPOCHS: Final = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a sheet has no time zone
_ID: Final = re.compile("0|[1-9][0-9]{0,14}")
_WHOLE: Final = re.compile(r"-?\d{1,4000}", re.ASCII)
_FIXED_TEXT: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_PLAIN_WORD: Final = re.compile(r"general|e[+-]", re.IGNORECASE)
_LASTING: Final = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_DATED: Final = re.compile(r"[dmyhs]", re.IGNORECASE)
# Formats that are known by their number. Source: ECMA-376 part 1, 18.8.30; 27-36 and 50-58 are dates in East Asia.
_BUILT_IN: Final = (
    {1: "0"}
    | dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd")
    | dict.fromkeys((18, 19, 20, 21, 45, 47), "h:mm:ss")
    | {22: "yyyy-mm-dd h:mm", 46: "[h]:mm:ss"}
)


def format_value(value: Value, number_format: str = GENERAL) -> str:
    """Returns the text of a cell: whole numbers without a decimal point, zeros as its format has them, ISO dates."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(_unescape, value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _format_number(value, number_format)
    return _format_temporal(value)


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _format_number(value: float, number_format: str) -> str:
    if not (isinstance(value, int) or (value.is_integer() and abs(value) < 10**_KEPT_DIGITS)):
        return f"{value:.15g}".upper()
    digits = str(int(value))
    pattern = _parse_zeros(number_format)
    return digits if pattern is None or value < 0 else _fill_zeros(pattern, digits)


def _fill_zeros(pattern: tuple[str, ...], digits: str) -> str:
    """Returns the digits in the places of the pattern's zeros, from the right; the leftmost takes all that remain."""
    zeros = pattern.count("0")
    digits = digits.rjust(zeros, "0")
    rest, tail = digits[: len(digits) - zeros + 1], iter(digits[len(digits) - zeros + 1 :])
    filled, first = [], True
    for piece in pattern:
        if piece != "0":
            filled.append(piece.removeprefix("\\"))
        else:
            filled.append(rest if first else next(tail))
            first = False
    return "".join(filled)


@lru_cache(maxsize=256)
def _parse_zeros(number_format: str) -> tuple[str, ...] | None:
    """Returns zeros and fixed text of a format such as `00000` or `"S-"000-00`; None if it does anything else.

    Fixed text is marked with a backslash, so that a literal 0 is not taken for a digit's place.
    """
    pattern: list[str] = []
    for text, escaped, plain, other in _PIECE.findall(number_format.partition(";")[0]):
        if other or plain == ".":
            return None
        pattern += [plain] if plain == "0" else ["\\" + (text or escaped or plain)]
    return tuple(pattern) if "0" in pattern else None


def _format_temporal(value: date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value / _SECOND), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, datetime):
        whole = value.replace(microsecond=0)
        return whole.date().isoformat() if whole.time() == _MIDNIGHT else whole.isoformat()
    return value.isoformat() if isinstance(value, date) else value.replace(microsecond=0).isoformat()


# -- numbers as a file holds them -------------------------------------------------------------------------------------


class NumberFormatKind(StrEnum):
    """The kinds of values that number formats show."""

    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"


class NumberFormat(NamedTuple):
    """A number format and what it makes of a number.

    `width` is the least number of digits of whole numbers, if the format does no more than fill them up with zeros.
    """

    number_format: str
    kind: NumberFormatKind
    width: int | None = None


@lru_cache(maxsize=1024)
def parse_number_format(text: str) -> NumberFormat:
    """Reads a number format as a workbook writes it."""
    bare = _PLAIN_WORD.sub("", _FIXED_TEXT.sub("", text.partition(";")[0]))
    if _LASTING.search(bare):
        return NumberFormat(text, NumberFormatKind.DURATION)
    if _DATED.search(bare):
        return NumberFormat(text, NumberFormatKind.DATE)
    zeros = len(text)
    width = zeros if text == "0" * zeros else 1 if not bare else None
    return NumberFormat(text, NumberFormatKind.NUMBER, width)


def get_built_in_format(number: int) -> NumberFormat:
    """Returns the format that a workbook names by a number alone."""
    return parse_number_format(_BUILT_IN.get(number, GENERAL))


def format_number_cell(text: str, of: NumberFormat, *, since_1904: bool) -> str:
    """Returns what a cell shows that holds the number `text`.

    Raises:
        ValueError: it is not a number, or not a day or time that a sheet can show.
    """
    if of.width is not None and _ID.fullmatch(text):  # the ids of a large roster, all different
        return text.zfill(of.width)
    return _format_number_cell(text, of, since_1904)


@lru_cache(maxsize=4096)  # a roster has the same days again and again
def _format_number_cell(text: str, of: NumberFormat, since_1904: bool) -> str:  # noqa: FBT001 - passed on
    if of.kind is NumberFormatKind.NUMBER and _WHOLE.fullmatch(text):
        return format_value(int(text), of.number_format)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    if of.kind is NumberFormatKind.NUMBER:
        return format_value(value, of.number_format)
    return format_value(_to_temporal(value, of.kind, since_1904))


def format_iso_cell(text: str) -> str:
    """Returns what a cell shows that holds a date in ISO 8601; a text that is not such a date is unchanged."""
    try:
        return format_value(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        return text


def lost_digits(text: str) -> bool:
    """Returns True if the text of a number cell is rounded, or has zeros from the sixteenth digit on."""
    digits = text.lstrip("-")
    return "E+" in text or (len(digits) > _KEPT_DIGITS and digits.isdigit() and not digits[_KEPT_DIGITS:].strip("0"))


def _to_temporal(days: float, kind: NumberFormatKind, since_1904: bool) -> date | time | timedelta:  # noqa: FBT001 - passed on
    if days < 0 or days >= _END_OF_DAYS:
        raise ValueError(days)
    since = timedelta(seconds=round(days * _DAY_S))
    if kind is NumberFormatKind.DURATION:
        return since
    if days < 1 and not since_1904:
        return (_EPOCHS[False] + since).time()
    if not since_1904 and days < _LEAP_DAY:
        since += timedelta(days=1)
    return _EPOCHS[since_1904] + since
