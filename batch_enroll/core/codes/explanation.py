"""What is said of one code."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """What happened and what that means for the seat, and what is likely behind it, the likeliest first."""

    meaning: str
    causes: tuple[str, ...]
