"""Feeds a reader with what a coverage-guided fuzzer thinks of: `make fuzz`.

Anything but rows or a RosterError is a finding, and so is a file that takes twenty seconds or much memory. A finding
lies in .fuzz/READER/ as `crash-...`, `timeout-...` or `oom-...`; `fuzz.py READER FILE` plays it again.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
import tempfile
import zipfile
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

atheris = importlib.import_module("atheris")  # not in the lock: `make fuzz` installs it, and only there is it needed
READERS = ["batch_enroll.adapters", "batch_enroll.core"]  # the rest takes a minute to instrument and reads nothing
with atheris.instrument_imports(include=READERS, enable_loader_override=False):
    from support.paths import SAMPLES
    from support.paths import SHARED_ROSTERS as SHARED
    from support.roster_files import HEADER, ROW, csv_text, share_texts, write_xlsx  # brings readers in, too

    from batch_enroll.adapters.rosters import bundle_roster, xlsx_roster  # noqa: F401 - later they would be imported bare
    from batch_enroll.core.errors import RosterError
    from batch_enroll.core.roster.row_parser import Defaults, read_row
    from batch_enroll.settings import Needs, load
    from batch_enroll.wiring.rosters import open_rosters


SETTINGS = load({}, needs=Needs.ROSTER)
FINDING = load({"find": ["user=email", "course=title", "school=name"]}, needs=Needs.ROSTER)
MOST_SEED_BYTES = 30_000
MOST_ROWS = 5_000
# What a mutation would hardly hit upon letter by letter.
WORDS = (
    '<row r="2">', "<row>", "</row>", '<c r="B2"', ' t="s"', ' t="e"', ' t="d"', ' t="b"', ' t="str"',
    ' t="inlineStr"', ' s="1"', "<v>", "</v>", "<f>", "</f>", "<is>", "<t>", "</t>", "<si>", "<rPh>", "</c>", "<x:c>",
    "&#13;", "<![CDATA[", "<!DOCTYPE a [", "1E+300", "45901.5", "-1", "NaN", "[h]:mm", "yyyy-mm-dd", "00000",
    'date1904="1"', 'numFmtId="14"', "sep=;", "user_id", "course_id", "userSourcedId", "metadata.goals.a",
    '</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>',
    "enroll_row", "enroll_outcome", "enroll_code", "tobedeleted", "2026-09-01", "1.23E+11", "2-Mar", "\r\n",
)  # fmt: skip
LIMITS = ["-timeout=20", "-rss_limit_mb=700", "-max_len=40000", "-len_control=20"]


class Archive:
    """An archive of which the first byte of an input says which part the rest of it replaces; 255: all of them."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = parts
        self._names = sorted(name for name in parts if not name.startswith(("docProps/", "xl/theme/", "[")))

    def file(self, data: bytes) -> bytes:
        """The archive with the input in it."""
        if not data or data[0] == 255:
            return data[1:]
        name = self._names[data[0] % len(self._names)]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for part, content in (self._parts | {name: data[1:]}).items():
                archive.writestr(part, content)
        return packed.getvalue()

    def seeds(self) -> Iterator[bytes]:
        """Each part as it is."""
        for nth, name in enumerate(self._names):
            yield bytes([nth]) + self._parts[name]


def _unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def _workbook() -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        book = write_xlsx(Path(folder) / "r.xlsx", {"A": [HEADER, ROW, (7, 8.5, True, date(2026, 9, 1), "=1")]})
        return Archive(_unpacked(share_texts(book)))


def _shared(*endings: str) -> Iterator[bytes]:
    for path in sorted(SHARED.rglob("*")) if SHARED.is_dir() else ():
        if path.suffix in endings and path.stat().st_size < MOST_SEED_BYTES:
            yield path.read_bytes()


def _csv_seeds() -> Iterator[bytes]:
    for path in SAMPLES.glob("*.csv"):
        yield path.read_bytes()
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        for delimiter in (",", ";", "\t", "|"):
            yield csv_text([HEADER, ROW, ("ü", "", "", "", "")], delimiter=delimiter).encode(encoding)
    yield b"sep=;\r\nuser_id;course_id\r\n00417;1.23E+11\r\n417;2-Mar\r\n"
    yield from _shared(".csv", ".tsv", ".txt")


def _seeds(reader: str) -> Iterator[bytes]:
    if reader == "csv":
        yield from _csv_seeds()
        return
    yield from ARCHIVES[reader].seeds()
    yield from (b"\xff" + whole for whole in _shared(".xlsx" if reader == "xlsx" else ".zip"))
    if reader == "xlsx":
        for whole in _shared(".xlsx"):
            with (
                suppress(zipfile.BadZipFile, NotImplementedError, ValueError),
                zipfile.ZipFile(io.BytesIO(whole)) as book,
            ):
                yield from (PART[name] + book.read(name) for name in book.namelist() if name in PART)


ARCHIVES = {"xlsx": _workbook(), "bundle": Archive(_unpacked(SAMPLES / "oneroster_11.zip"))}
PART = {name: bytes([nth]) for nth, name in enumerate(ARCHIVES["xlsx"]._names)}
ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "bundle": ".zip"}


def one_input(reader: str, path: Path) -> Callable[[bytes], None]:
    """Reads the roster that the fuzzer thought of."""
    made = ARCHIVES[reader].file if reader in ARCHIVES else bytes

    def read(data: bytes) -> None:
        path.write_bytes(made(data))
        with suppress(RosterError):
            # One in two exports is read for its names, too; the same input always in the same way.
            source = open_rosters(FINDING if reader == "bundle" and len(data) % 2 else SETTINGS, [str(path)])
            source.describe()
            for row in islice(source.rows(), MOST_ROWS):
                read_row(row, Defaults())

    return read


def _respell(word: str) -> str:
    return "".join(rf"\x{byte:02x}" for byte in word.encode())


def main() -> None:
    """Fuzzes one reader for so long, or plays one finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=ENDINGS)
    parser.add_argument("finding", nargs="?", type=Path)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"))
    asked = parser.parse_args()
    folder = Path(asked.folder) / asked.reader
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    read = one_input(asked.reader, Path(tempfile.mkdtemp()) / f"roster{ENDINGS[asked.reader]}")
    if asked.finding is not None:
        read(asked.finding.read_bytes())
        return
    for nth, seed in enumerate(_seeds(asked.reader)):
        (folder / "corpus" / f"seed-{nth}").write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{_respell(word)}"\n' for word in WORDS))
    flags = [
        *LIMITS,
        f"-dict={words}",
        f"-max_total_time={asked.seconds}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *flags, str(folder / "corpus")], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
