"""Which zip archives are refused before anything in them is unpacked."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final, Protocol

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cells import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ENTRIES: Final = 10_000
MOST_BYTES: Final = 2 << 30  # unpacked; a district of a million enrollments has a tenth of it
_SMALL_BYTES: Final = 10_000_000  # below it, no ratio does harm
_MOST_RATIO: Final = 200  # text packs to a tenth; what packs better was made to
_ENCRYPTED: Final = 0x1
_PACKINGS: Final = frozenset({0, 8})  # stored and deflated, which every program writes


class ZipEntry(Protocol):
    """What a zip directory says of one file; `zipfile.ZipInfo` is one."""

    filename: str
    file_size: int
    compress_size: int
    compress_type: int
    flag_bits: int
    external_attr: int


def refuse_unsafe(entries: Iterable[ZipEntry], name: str) -> None:
    """Returns if the archive can be unpacked in bounded space and none of its names leaves it.

    Raises:
        RosterError: it is encrypted, a bomb, holds a link or a path that leads out of it, or one name twice.
    """
    total = 0
    names: set[str] = set()
    for nth, entry in enumerate(entries, 1):
        flaw = _flaw(entry)
        if flaw is not None:
            raise RosterError(f"{name}: {flaw}")
        if entry.filename in names:  # programs differ in which of the two they read
            raise RosterError(f'{name}: the archive holds two files called "{shorten(entry.filename)}"; pack it again')
        names.add(entry.filename)
        total += entry.file_size
        if nth > MOST_ENTRIES or total > MOST_BYTES:
            raise RosterError(f"{name}: more than {MOST_ENTRIES} files or {MOST_BYTES >> 30} GiB when unpacked")


def _flaw(entry: ZipEntry) -> str | None:
    if entry.flag_bits & _ENCRYPTED:
        return "the archive is protected by a password; save it without one"
    if _leads_out(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
        return "the archive holds a link or a path that leads out of it; pack it again"
    if entry.file_size > _SMALL_BYTES and entry.file_size > _MOST_RATIO * entry.compress_size:
        return "the archive unpacks to more than 200 times its size; this is no roster"
    if entry.compress_type not in _PACKINGS:
        return "the archive is packed in an unusual way; pack it as a plain zip"
    return None


def _leads_out(filename: str) -> bool:
    path = filename.replace("\\", "/")
    return path.startswith("/") or path[1:2] == ":" or ".." in path.split("/")
