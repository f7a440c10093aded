"""The parts of a workbook's archive, unpacked and parsed piece by piece in bounded space."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.zip_safety import refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OLE: Final = b"\xd0\xcf\x11\xe0"  # old .xls, and any workbook with a password
PIECE_BYTES: Final = 1 << 17
MOST_SMALL_BYTES: Final = 32 << 20  # of an index or the styles; sheets and shared strings have limits of their own
SPACE: Final = " "  # between the namespace of a name and its local part
# Errors of the standard library on archives and markup that are damaged, or made to do damage.
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


class Excerpt(NamedTuple):
    """The elements of a small part that are read, by their names, each with its attributes that are read.

    `most` is how many of these elements the part may have.
    """

    elements: Mapping[str, tuple[str, ...]]
    most: int


class Package:
    """An open archive with the parts of a workbook."""

    def __init__(self, archive: ZipFile, name: str) -> None:
        self._archive = archive
        self.name = name
        # Programs differ in case and slashes between a part's name and how others refer to it; Excel reads them all.
        self._entries = {_normalize(entry.filename): entry for entry in archive.infolist()}

    def excerpt(self, path: str, excerpt: Excerpt) -> Element:
        """Returns the root of a small part with the elements of the excerpt; all below any other element is left out.

        Names are compared and given back without their namespace. Elements of another namespace than the root's are
        left out: extensions use the same names for other things.

        Raises:
            RosterError: the part is larger than a part of its kind can be, or defines entities.
        """
        if self._entries[_normalize(path)].file_size > MOST_SMALL_BYTES:
            raise RosterError(f"{self.name}: {path} is larger than {MOST_SMALL_BYTES >> 20} MiB; save the sheet as CSV")
        parser = make_parser(self.name)
        reader = _ExcerptReader(excerpt, f"{self.name}: {path}")
        parser.StartElementHandler = reader.start
        parser.EndElementHandler = reader.end
        for piece in self.pieces(path):
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - the library takes it by place
        return reader.root

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yields the part's bytes."""
        with self._archive.open(self._entries[_normalize(path)]) as part:
            while piece := part.read(PIECE_BYTES):
                yield piece

    def holds(self, path: str) -> bool:
        """Returns True if there is such a part."""
        return _normalize(path) in self._entries


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Yields the workbook's parts, once the archive is known to unpack in bounded space.

    Raises:
        RosterError: the file cannot be opened or read; the message is one line.
    """
    with translate_errors(path), path.open("rb") as file:
        if file.read(len(OLE)) == OLE:
            raise RosterError(
                f"{path.name} is an old .xls workbook or has a password; save it as .xlsx without a password"
            )
        with ZipFile(file) as archive:
            refuse_unsafe(archive.infolist(), path.name)
            yield Package(archive, path.name)


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Raises a RosterError of one line for any error that a library raises on the file."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError) as why:
        raise RosterError(f"{path.name} cannot be read: {why.strerror}") from why
    except _DAMAGE as why:
        raise RosterError(f"{path.name} is damaged or not a workbook; open it in Excel and save it as .xlsx") from why


class _ExcerptReader:
    """Builds the tree of an excerpt from a parser's events."""

    def __init__(self, excerpt: Excerpt, where: str) -> None:
        self.root = Element("none")
        self._elements, self._most = excerpt
        self._where = where
        self._own = ""  # namespace
        self._open: list[Element] = []
        self._read = 0
        self._left_out = 0  # elements that are open and not in the tree

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Takes an element that begins."""
        tag = strip_namespace(name)
        if not self._open:
            self._own = name.removesuffix(tag)
            self.root = Element(tag)
            self._open.append(self.root)
        elif self._left_out or tag not in self._elements or name != self._own + tag:
            self._left_out += 1
        else:
            wanted = self._elements[tag]
            found = {key: text for name, text in attributes.items() if (key := strip_namespace(name)) in wanted}
            self._open.append(SubElement(self._open[-1], tag, found))
            self._read += 1
            if self._read > self._most:
                raise RosterError(f"{self._where} lists more than {self._most:,} entries; save the sheet as CSV")

    def end(self, _: str) -> None:
        """Takes an element that ends."""
        if self._left_out:
            self._left_out -= 1
        else:
            self._open.pop()


def make_parser(name: str) -> expat.XMLParserType:
    """Returns a parser that joins texts and refuses a document type, which entity bombs need and no workbook has."""

    def refuse(*_: object) -> None:
        raise RosterError(
            f"{name}: defines XML entities, which a workbook never does; open it in Excel and save it as .xlsx"
        )

    parser = expat.ParserCreate(namespace_separator=SPACE)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def strip_namespace(name: str) -> str:
    """Returns the name without its namespace."""
    return name.rpartition(SPACE)[2]


def _normalize(path: str) -> str:
    return path.replace("\\", "/").lstrip("/").casefold()
