"""A spreadsheet's values as a person sees them: the text of a cell, not its value, is the id."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

Value: TypeAlias = str | int | float | bool | date | time | timedelta | None

_EXACT_WHOLES: Final = 10**15  # a spreadsheet keeps fifteen digits
_SECOND: Final = timedelta(seconds=1)
_MIDNIGHT: Final = time(0)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PIECE: Final = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|_.|\*.|([-+/ :().]|0)|(.)', re.DOTALL)


def shown(value: Value, number_format: str = "General") -> str:
    """The text of a cell: whole numbers without a tail, zeros its format puts in front, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(_character, value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format)
    return _temporal(value)


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _number(value: float, number_format: str) -> str:
    if not (isinstance(value, int) or (value.is_integer() and abs(value) < _EXACT_WHOLES)):
        return f"{value:.15g}".upper()
    digits = str(int(value))
    pattern = _zero_pattern(number_format)
    return digits if pattern is None or value < 0 else _filled(pattern, digits)


def _filled(pattern: tuple[str, ...], digits: str) -> str:
    """The digits laid over the pattern's zeros from the right; the leftmost zero takes all that remain."""
    zeros = pattern.count("0")
    digits = digits.rjust(zeros, "0")
    rest, tail = digits[: len(digits) - zeros + 1], iter(digits[len(digits) - zeros + 1 :])
    laid, first = [], True
    for piece in pattern:
        if piece != "0":
            laid.append(piece.removeprefix("\\"))
        else:
            laid.append(rest if first else next(tail))
            first = False
    return "".join(laid)


@lru_cache(maxsize=256)
def _zero_pattern(number_format: str) -> tuple[str, ...] | None:
    """Zeros and fixed text of a format such as `00000` or `"S-"000-00`; None if it does anything else.

    Fixed text is marked with a backslash, so that a literal 0 is not taken for a digit's place.
    """
    pattern: list[str] = []
    for text, escaped, plain, other in _PIECE.findall(number_format.partition(";")[0]):
        if other or plain == ".":
            return None
        pattern += [plain] if plain == "0" else ["\\" + (text or escaped or plain)]
    return tuple(pattern) if "0" in pattern else None


def _temporal(value: date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value / _SECOND), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, datetime):
        whole = value.replace(microsecond=0)
        return whole.date().isoformat() if whole.time() == _MIDNIGHT else whole.isoformat()
    return value.isoformat() if isinstance(value, date) else value.replace(microsecond=0).isoformat()
