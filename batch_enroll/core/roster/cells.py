"""Text of single cells: what counts as blank, and formulas made harmless and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# White space of Unicode plus what no one can see at a cell's ends: zero-width characters and the byte order mark.
# Control characters other than tab and line ends stay, so that an id that holds one is refused instead of mended.
BLANKS: Final = (
    " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000\u180e\u200b\u200c\u200d\u2060\ufeff"
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SUSPECT: Final = frozenset(("'", *_FORMULA_STARTS))
_PLAIN_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)
_SHOWN: Final = 40


def clean_cell(text: str) -> str:
    """The text without white space and invisible characters at its ends."""
    return text.strip(BLANKS)


def all_blank(cells: Iterable[str]) -> bool:
    """Whether no cell holds anything to be seen."""
    return not any(cell.strip(BLANKS) for cell in cells)


def shorten(text: str, limit: int = _SHOWN) -> str:
    """The text on one line for a message, cut with an ellipsis after `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def defuse(text: str) -> str:
    """The text as a spreadsheet will show it instead of run it; `undefuse` gives the text back."""
    # The first look is for speed: of the millions of cells of a large roster hardly one is more than plain text.
    return "'" + text if text[:1] in _SUSPECT and _acts_as_formula(text) else text


def defused(cells: Iterable[str]) -> list[str]:
    """Each text as `defuse` gives it."""
    return [defuse(cell) if cell[:1] in _SUSPECT else cell for cell in cells]


def undefuse(text: str) -> str:
    """The text that `defuse` was given."""
    return text[1:] if text.startswith("'") and _acts_as_formula(text) else text


def _acts_as_formula(text: str) -> bool:
    # Apostrophes in front are looked through: one that was there before must not be mistaken for ours.
    bare = text.lstrip("'")
    return bare.startswith(_FORMULA_STARTS) and _PLAIN_NUMBER.fullmatch(bare) is None
