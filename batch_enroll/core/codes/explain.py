"""The text and data of `batch-enroll explain`, and the codes that a mistyped one may mean."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

_KINDS: Final = {
    "E1": OutcomeKind.INVALID,
    "E2": OutcomeKind.REJECTED,
    "E3": OutcomeKind.FAILED,
    "E4": OutcomeKind.UNKNOWN,
    "S1": OutcomeKind.SKIPPED,
    "A1": OutcomeKind.ALREADY_ENROLLED,
    "A2": OutcomeKind.ALREADY_WITHDRAWN,
    "N1": OutcomeKind.NOT_ATTEMPTED,
}
_AFTER_LOSS: Final = {
    catalogue.FOUND_AFTER_LOSS: OutcomeKind.ENROLLED,
    catalogue.GONE_AFTER_LOSS: OutcomeKind.WITHDRAWN,
}
_LIKE_DIGITS: Final = str.maketrans("LIO", "110")


def kind_of(code: str) -> OutcomeKind:
    """The outcome of a row with this code, which is not a warning."""
    return _AFTER_LOSS.get(code) or _KINDS[code[:2]]


def outcome_of(code: str) -> str:
    """The name of that outcome; `warning` for a code that decides none."""
    return "warning" if code in catalogue.WARNINGS else kind_of(code).value


def as_json(code: str) -> dict[str, Json]:
    """The record of a code, for programs."""
    entry = catalogue.CATALOGUE[code]
    return {
        "code": code,
        "outcome": outcome_of(code),
        "title": entry.title,
        "meaning": entry.meaning,
        "causes": list(entry.causes),
        "hint": entry.remedy,
    }


def nearest(text: str) -> list[str]:
    """At most three codes that `text` may mean: with its words in their title, or written like it."""
    words = text.strip().casefold()
    code = re.sub(r"[^A-Z0-9]", "", text.upper())
    code = code[:1] + code[1:].translate(_LIKE_DIGITS)
    titled = [known for known, entry in catalogue.CATALOGUE.items() if words and words in entry.title.casefold()]
    alike = get_close_matches(code, catalogue.CATALOGUE, n=3, cutoff=0.6)
    return list(dict.fromkeys([*titled, *alike]))[:3]
