"""What each code means, what is likely behind it, and which code was meant by a misspelt one.

The catalogue says it in a line, for tables; this says it in a few, for `batch-enroll explain`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.codes.roster_codes import ROWS
from batch_enroll.core.codes.server_codes import ANSWERS
from batch_enroll.core.codes.skip_codes import SEATS
from batch_enroll.core.model import OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

EXPLANATIONS: Final = {**ROWS, **ANSWERS, **SEATS}

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
    """How a row with this code ended."""
    return _AFTER_LOSS.get(code) or _KINDS[code[:2]]


def outcome_of(code: str) -> str:
    """The name of that outcome; a doubt decides none."""
    return "warning" if code in catalogue.DOUBTS else kind_of(code).value


def as_json(code: str) -> dict[str, Json]:
    """One code of the catalogue for programs."""
    entry, explanation = catalogue.CATALOGUE[code], EXPLANATIONS[code]
    return {
        "code": code,
        "outcome": outcome_of(code),
        "title": entry.title,
        "meaning": explanation.meaning,
        "causes": list(explanation.causes),
        "hint": entry.hint,
    }


def nearest(text: str) -> list[str]:
    """Codes that may have been meant by `text`: near in spelling, or with a title that holds its words."""
    words = text.strip().casefold()
    code = re.sub(r"[^A-Z0-9]", "", text.upper())
    code = code[:1] + code[1:].translate(_LIKE_DIGITS)
    told = [known for known, entry in catalogue.CATALOGUE.items() if words and words in entry.title.casefold()]
    spelt = get_close_matches(code, catalogue.CATALOGUE, n=3, cutoff=0.6)
    return list(dict.fromkeys([*told, *spelt]))[:3]
