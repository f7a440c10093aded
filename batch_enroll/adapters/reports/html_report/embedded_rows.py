"""The rows to fix, compressed and embedded in the page.

Compression keeps the page of a large run small enough to mail, and its encoding keeps the roster's text from being read
as part of the page.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import KINDS_TO_FIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import ResultRow

_GZIP: Final = 31  # zlib's code for the gzip format with the largest window
_BETWEEN: Final = "\x1f"  # the unit separator of ASCII
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_OWN: Final = ("Row", "Outcome", "Code", "Detail")


class ProblemRows:
    """Packs the rows to fix one by one, in bounded memory.

    The page shows control characters as blanks; the exact cells are in the results.
    """

    def __init__(self, columns: Sequence[str], *, with_roster: bool = False) -> None:
        self.columns = [*_OWN, *(("Roster",) if with_roster else ()), *columns]
        self._width = len(columns)
        self._with_roster = with_roster
        self._packer = zlib.compressobj(wbits=_GZIP)
        self._packed: list[bytes] = []
        self.count = 0

    def add(self, row: ResultRow) -> None:
        """Packs one row if it is to be fixed."""
        outcome = row.outcome
        if outcome.kind not in KINDS_TO_FIX:
            return
        roster = (row.location.file,) if self._with_roster else ()
        cells = (
            str(row.location.row),
            outcome.kind.replace("_", " "),
            outcome.code,
            outcome.detail,
            *roster,
            *row.cells[: self._width],
        )
        line = _BETWEEN.join([cell if cell.isprintable() else _CONTROLS.sub(" ", cell) for cell in cells])
        start = "\n" if self.count else ""
        self._packed.append(self._packer.compress(f"{start}{line}".encode(errors="backslashreplace")))
        self.count += 1

    def packed(self) -> str:
        """All rows as Base64, which has no meaning in HTML; call it once, at the end."""
        self._packed.append(self._packer.flush())
        return b64encode(b"".join(self._packed)).decode()
