"""All codes in one place: `catalogue.MISSING_USER` is a code, `CATALOGUE` has its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes.roster_codes import *  # noqa: F403 - one name space; each code is defined once, over there
from batch_enroll.core.codes.roster_codes import ROSTER_CODES
from batch_enroll.core.codes.server_codes import *  # noqa: F403 - as above
from batch_enroll.core.codes.server_codes import SERVER_CODES
from batch_enroll.core.codes.settled_codes import *  # noqa: F403 - as above
from batch_enroll.core.codes.settled_codes import SETTLED_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.codes.code_entry import CodeEntry

CATALOGUE: Final[Mapping[str, CodeEntry]] = {**ROSTER_CODES, **SERVER_CODES, **SETTLED_CODES}
WARNINGS: Final = frozenset(code for code in CATALOGUE if code.startswith("W"))


def get_title(code: str) -> str:
    """The title of `code`; the code itself if it is not in the catalogue."""
    entry = CATALOGUE.get(code)
    return code if entry is None else entry.title


def get_remedy(code: str) -> str:
    """The remedy for `code`; empty if it has none."""
    entry = CATALOGUE.get(code)
    return "" if entry is None else entry.remedy
