"""The record of one code, and a table of them."""

from __future__ import annotations

from typing import NamedTuple


class CodeEntry(NamedTuple):
    """A code and its explanation, free of ids and names.

    Attributes:
        code: a letter and three digits, such as `E201`.
        title: a short noun phrase, for tables and counts.
        meaning: what happened, and what is true of the enrollment now; one or more sentences.
        causes: likely causes, the likeliest first.
        remedy: what to do; empty where there is nothing to do.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    remedy: str


class CodeTable(dict[str, CodeEntry]):
    """Records by their code, in the order in which they were added."""

    def add(self, code: str, title: str, *, meaning: str, causes: tuple[str, ...], remedy: str = "") -> str:
        """Adds a record and returns its code.

        Raises:
            ValueError: the code is taken.
        """
        if code in self:
            raise ValueError(f"{code} is taken: {self[code].title}")
        self[code] = CodeEntry(code, title, meaning, causes, remedy)
        return code
