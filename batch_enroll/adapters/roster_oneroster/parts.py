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
from zipfile import BadZipFile, ZipFile, is_zipfile

from batch_enroll.core import csvtext
from batch_enroll.core.archives import refuse_unsafe
from batch_enroll.core.cells import clean
from batch_enroll.core.errors import RosterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from batch_enroll.core.csvtext import Survey

ENROLLMENTS: Final = "enrollments.csv"
_UNPACKING_FAILED: Final = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error)


def recognises(path: Path) -> bool:
    """Whether the path is a folder, or a zip archive that holds an enrollments.csv."""
    if path.is_dir():
        return True
    if not path.is_file() or not is_zipfile(path):
        return False
    try:
        with ZipFile(path) as archive:
            return bool(_enrollments(archive.namelist()))
    except _UNPACKING_FAILED:
        return False


class Parts:
    """The files beside a bundle's enrollments.csv, each readable as text. One enclosing folder is looked through."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = path.resolve().name
        self._surveys: dict[str, Survey] = {}

    def __contains__(self, part: str) -> bool:
        return part in self._names

    def label(self, part: str) -> str:
        """The part as a person finds it: `bundle.zip/enrollments.csv`."""
        return f"{self._name}/{self._names.get(part, part)}"

    @cached_property
    def sha256(self) -> str:
        """The digest of the archive; of a folder, that of its parts' names and digests."""
        if not self._path.is_dir():
            with self._translated(), self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        digests = [f"{part} {self.survey(part).sha256}\n" for part in sorted(self._names)]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def survey(self, part: str) -> Survey:
        """The part's encoding, digest and lines."""
        if part not in self._surveys:
            self._surveys[part] = csvtext.survey(lambda: self._chunks(part), self.label(part))
        return self._surveys[part]

    @contextmanager
    def text(self, part: str) -> Iterator[io.TextIOWrapper]:
        """The part, opened as text with its line ends as they are."""
        encoding = self.survey(part).encoding
        with self._bytes(part) as source:
            text = io.TextIOWrapper(source, encoding, newline="")
            yield text
            text.detach()

    def select(self, part: str, columns: Sequence[str], needed: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Some columns of every row, stripped, by their `plain` names; empty where the part lacks one."""
        with self.text(part) as text:
            head = text.read(csvtext.HEAD_CHARS)
        delimiter, places = csvtext.find_columns(head, frozenset(needed), self.label(part))
        chosen = [places.get(column, -1) for column in columns]
        with self.text(part) as text:
            for record in islice(csvtext.records(text, delimiter, self.label(part)), 1, None):
                yield tuple([clean(record[at]) if 0 <= at < len(record) else "" for at in chosen])

    @cached_property
    def _names(self) -> dict[str, str]:
        """Part, in lower case, to its path within the bundle."""
        paths = self._folder_paths() if self._path.is_dir() else self._archive_paths()
        enrollments = _enrollments(paths)
        if len(enrollments) != 1:
            files = ", ".join(sorted(paths)[:20]) or "none"
            found = "several enrollments.csv" if enrollments else "no enrollments.csv"
            raise RosterError(f"{self._name}: {found} in the bundle; files: {files}")
        folder = PurePosixPath(enrollments[0]).parent
        return {PurePosixPath(path).name.lower(): path for path in paths if PurePosixPath(path).parent == folder}

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
            while chunk := source.read(csvtext.CHUNK_BYTES):
                yield chunk

    @contextmanager
    def _bytes(self, part: str) -> Iterator[IO[bytes]]:
        path = self._names[part]
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


def _enrollments(paths: Sequence[str]) -> list[str]:
    """Paths of an enrollments.csv, at most one folder down; copies that archivers leave beside it do not count."""
    parts = [PurePosixPath(path).parts for path in paths]
    found = [path for path in parts if path[-1].lower() == ENROLLMENTS and path[0] != "__MACOSX"]
    return ["/".join(path) for path in found if len(path) == min(map(len, found)) and len(path) <= 2]  # noqa: PLR2004
