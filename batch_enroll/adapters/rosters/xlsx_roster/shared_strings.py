"""The shared strings of a workbook: texts that its cells name by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import make_parser, strip_namespace
from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cell_text import format_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import Package

MOST_ONE_BYTES: Final = 8 << 20  # of markup for one text or row; a cell has at most 32,767 characters
_MOST_TEXTS: Final = 3_000_000
_MOST_CHARS: Final = 100_000_000


def read_shared_strings(package: Package, path: str) -> list[str]:
    """Returns the texts of the part, in the order by which cells name them.

    Raises:
        RosterError: there are more than fit into memory.
    """
    reader = _TextReader(package.name)
    for piece in package.pieces(path):
        reader.feed(piece)
    reader.parser.Parse(b"", True)  # noqa: FBT003 - the library takes it by place
    return reader.texts


class _TextReader:
    """Reads texts: each `si` is one, made of the `t` within it without those in `rPh`, which are reading aids."""

    def __init__(self, name: str) -> None:
        self.parser = make_parser(name)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.texts: list[str] = []
        self._name = name
        self._pieces: list[str] = []
        self._aids = 0
        self._chars = 0
        self._waiting = 0

    def feed(self, piece: bytes) -> None:
        before = len(self.texts)
        self.parser.Parse(piece)
        self._waiting = 0 if len(self.texts) > before else self._waiting + len(piece)
        if self._waiting > MOST_ONE_BYTES or len(self.texts) > _MOST_TEXTS or self._chars > _MOST_CHARS:
            raise RosterError(f"{self._name}: more text than can be read; save the sheet as CSV")

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        tag = strip_namespace(name)
        if tag == "t":
            if not self._aids:
                self.parser.CharacterDataHandler = self._pieces.append
        elif tag == "rPh":
            self._aids += 1

    def _end(self, name: str) -> None:
        tag = strip_namespace(name)
        if tag == "t":
            self.parser.CharacterDataHandler = None
        elif tag == "si":
            text = format_value("".join(self._pieces))
            self._pieces.clear()
            self._chars += len(text)
            self.texts.append(text)
        elif tag == "rPh":
            self._aids -= 1
