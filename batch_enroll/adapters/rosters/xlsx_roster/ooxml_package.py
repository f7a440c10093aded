"""The parts of a workbook's archive: found by their relations, and parsed piece by piece in bounded space."""

from __future__ import annotations

import posixpath
import zlib
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.zip_safety import refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

OLE: Final = b"\xd0\xcf\x11\xe0"  # old .xls, and any workbook with a password
PIECE_BYTES: Final = 1 << 17
MOST_SMALL_BYTES: Final = 32 << 20  # parts that are no sheet and no table of texts: an index, the styles
SPACE: Final = " "  # stands between a name's namespace and its local part
# What the standard library raises on archives and markup that are damaged, or made to do damage.
_DAMAGE: Final = (
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    expat.ExpatError,
    zlib.error,
)


class OoxmlPart(NamedTuple):
    """Another part that a part refers to: its kind (`worksheet`, `styles`) and its path in the archive."""

    kind: str
    path: str


class Package:
    """An open archive with the parts of a workbook."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._archive = archive
        self.name = name
        # Programs differ in case and slashes between a part's name and how others refer to it; Excel reads them all.
        self._entries = {_plain(entry.filename): entry for entry in archive.infolist()}

    @cached_property
    def workbook(self) -> str:
        """The path of the index of sheets."""
        parts = self.relations("").values()
        return next((part.path for part in parts if part.kind == "officeDocument"), "xl/workbook.xml")

    def relations(self, path: str) -> Mapping[str, OoxmlPart]:
        """What the part refers to, by the ids that it uses for them."""
        folder, file = posixpath.split(path)
        found: dict[str, OoxmlPart] = {}

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, attributes["Target"]))
                found[attributes["Id"]] = OoxmlPart(attributes["Type"].rpartition("/")[2], target.lstrip("/"))

        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        if _plain(relations) in self._entries:
            self.walk(relations, start)
        return found

    def walk(
        self,
        path: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Tells of every element of a small part by its local name, of one from a foreign namespace by its whole name.

        Extensions use the same local names for other things.
        """
        parser = new_parser(self.name)

        def root(name: str, attributes: Mapping[str, str]) -> None:
            own = name.removesuffix(local(name))
            parser.StartElementHandler = lambda name, attributes: start(name.removeprefix(own), attributes)
            parser.EndElementHandler = lambda name: end(name.removeprefix(own))
            start(local(name), attributes)

        parser.StartElementHandler = root
        read = 0
        for piece in self.pieces(path):
            read += len(piece)
            if read > MOST_SMALL_BYTES:
                raise RosterError(f"{self.name}: {path} has more than {MOST_SMALL_BYTES >> 20} MiB; save it as CSV")
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - the library takes it by place

    def pieces(self, path: str) -> Iterator[bytes]:
        """The part's bytes."""
        with self._archive.open(self._entries[_plain(path)]) as part:
            while piece := part.read(PIECE_BYTES):
                yield piece

    def holds(self, path: str) -> bool:
        """Whether there is such a part."""
        return _plain(path) in self._entries


@contextmanager
def package(path: Path) -> Iterator[Package]:
    """The workbook's parts, once the archive is known to unpack in bounded space.

    Raises:
        RosterError: in one line, whatever is wrong with the file.
    """
    with translated(path), path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            raise RosterError(f"{path.name} is an old .xls or has a password; save it as .xlsx without a password")
        with ZipFile(file) as archive:
            refuse_unsafe(archive.infolist(), path.name)
            yield Package(archive, path.name)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Makes one clear line of whatever the library meets in the file."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError) as why:
        raise RosterError(f"{path.name} cannot be read: {why.strerror}") from why
    except _DAMAGE as why:
        raise RosterError(
            f"{path.name} is not a workbook that can be read; open it in Excel and save it as .xlsx"
        ) from why


def new_parser(name: str) -> expat.XMLParserType:
    """A parser that joins texts and refuses a document type, the door of entity bombs; workbooks never have one."""

    def refuse(*_: object) -> None:
        raise RosterError(f"{name}: defines XML entities, as no workbook does; open it in Excel and save it as .xlsx")

    parser = expat.ParserCreate(namespace_separator=SPACE)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition(SPACE)[2]


def _plain(path: str) -> str:
    return path.replace("\\", "/").lstrip("/").casefold()
