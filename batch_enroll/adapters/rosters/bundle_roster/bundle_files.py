"""The files of a bundle, in a zip archive or a folder, by name and without regard to case."""

from __future__ import annotations

import hashlib
import io
import zlib
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final
from zipfile import BadZipFile, ZipFile

from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation
from batch_enroll.core.roster import csv_text
from batch_enroll.core.roster.formats import ENROLLMENT_FILES, name_enrollment_files
from batch_enroll.core.roster.zip_safety import refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from batch_enroll.core.roster.csv_text import TextInfo
    from batch_enroll.core.roster.damaged_ids import CellProblem

_UNPACKING_FAILED: Final = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error)
_SHOWN_FILES: Final = 20


class BundleFiles:
    """The RosterParts of a folder or zip archive; one enclosing folder is looked through, in an archive any."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = path.resolve().name
        self._surveys: dict[str, TextInfo] = {}

    @property
    def path(self) -> Path:
        """The folder or archive."""
        return self._path

    @cached_property
    def names(self) -> dict[str, str]:
        """Each file, in lower case, and its path within the bundle."""
        paths = self._folder_paths() if self._path.is_dir() else self._archive_paths()
        folders = _folders(paths)
        if len(folders) > 1:
            raise RosterError(f"{self._name}: several rosters in one, in {', '.join(folders)}; give one of them")
        if not folders:
            files = ", ".join(sorted(paths)[:_SHOWN_FILES]) or "none"
            raise RosterError(f"{self._name}: no {name_enrollment_files()} in the bundle; files: {files}")
        inside = PurePosixPath(folders[0])
        return {PurePosixPath(path).name.lower(): path for path in paths if PurePosixPath(path).parent == inside}

    def locate(self, name: str, row: int) -> RowLocation:
        """As a person finds it: `bundle.zip/enrollments.csv`."""
        return RowLocation(self._label(name), row)

    @cached_property
    def sha256(self) -> str:
        """The digest of the archive; of a folder, that of its parts' names and digests."""
        if not self._path.is_dir():
            with self._translated(), self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        digests = [f"{part} {self._survey(part).sha256}\n" for part in sorted(self.names)]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def lines(self, name: str) -> int:
        """The lines of a file; quoted line ends count too, so it may be a little high."""
        return self._survey(name).lines - 1

    def records(self, name: str) -> Iterator[list[str]]:
        """The records of a file, whatever its encoding and delimiter."""
        with self._text(name) as text:
            delimiter, skipped = csv_text.detect_delimiter(text.read(csv_text.HEAD_CHARS))
        with self._text(name) as text:
            yield from csv_text.records(islice(text, skipped, None), delimiter, self._label(name))

    def rows_with_problems(self, name: str) -> Iterator[tuple[list[str], Mapping[int, CellProblem]]]:
        """The same: a text is what it is."""
        return ((record, {}) for record in self.records(name))

    def merged_ranges(self, name: str) -> tuple[()]:  # noqa: ARG002 - as a RosterParts
        """None: a text has no merged cells."""
        return ()

    def _label(self, part: str) -> str:
        return f"{self._name}/{self.names.get(part, part)}"

    def _survey(self, part: str) -> TextInfo:
        if part not in self._surveys:
            self._surveys[part] = csv_text.detect_text(lambda: self._chunks(part), self._label(part))
        return self._surveys[part]

    @contextmanager
    def _text(self, part: str) -> Iterator[io.TextIOWrapper]:
        """The part, opened as text with its line ends as they are."""
        encoding = self._survey(part).encoding
        with self._bytes(part) as source:
            text = io.TextIOWrapper(source, encoding, newline="")
            yield text
            text.detach()

    def _folder_paths(self) -> list[str]:
        inside = [
            path for pattern in ("*", "*/*") for path in self._path.glob(pattern) if path.suffix.lower() == ".csv"
        ]
        if any(path.is_symlink() or path.parent.is_symlink() for path in inside if path.parent != self._path):
            raise RosterError(
                f"{self._name}: a folder or file in the bundle is a symbolic link; copy the files instead"
            )
        if any(path.is_symlink() for path in inside):
            raise RosterError(f"{self._name}: a file in the bundle is a symbolic link; copy the files instead")
        return [path.relative_to(self._path).as_posix() for path in inside if path.is_file()]

    def _archive_paths(self) -> list[str]:
        with self._translated(), ZipFile(self._path) as archive:
            refuse_unsafe(archive.infolist(), self._name)
            return [name for name in archive.namelist() if name.lower().endswith(".csv")]

    def _chunks(self, part: str) -> Iterator[bytes]:
        with self._bytes(part) as source:
            while chunk := source.read(csv_text.CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _bytes(self, part: str) -> Iterator[IO[bytes]]:
        path = self.names[part]
        with self._translated():
            if self._path.is_dir():
                with (self._path / path).open("rb") as source:
                    yield source
            else:
                with ZipFile(self._path) as archive, archive.open(path) as source:
                    yield source

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _UNPACKING_FAILED as why:
            raise RosterError(f"{self._name} cannot be unpacked; it is damaged or not a zip archive") from why


def _folders(paths: Sequence[str]) -> list[str]:
    """The folders that hold a roster, the least deep ones; copies that archivers leave beside it do not count."""
    found = [PurePosixPath(path) for path in paths if PurePosixPath(path).name.lower() in ENROLLMENT_FILES]
    folders = {path.parent for path in found if path.parts[0] != "__MACOSX"}
    least = min((len(folder.parts) for folder in folders), default=0)
    return sorted(folder.as_posix() for folder in folders if len(folder.parts) == least)
