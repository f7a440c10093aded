"""Files that were made to do harm, each built small: every one ends in one clear line, in little memory and time."""

from __future__ import annotations

import os
import stat
import sys
import tracemalloc
import zipfile
import zlib
from itertools import repeat
from typing import TYPE_CHECKING

import pytest
from support.roster_files import write_xlsx

from batch_enroll.core.errors import RosterError
from batch_enroll.settings import Needs, load
from batch_enroll.wiring.rosters import open_rosters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTINGS = load({}, needs=Needs.ROSTER)
HEADER = "user_id,course_id\n"
SEATS = "sourcedId,classSourcedId,userSourcedId,role\n"
MOST_BYTES = 60_000_000


def endless_quote(path: Path) -> None:
    path.write_text(HEADER + 'u1,"c1\n' + "u2,c2\n" * 100_000)


def endless_row_of_quoted_lines(path: Path) -> None:
    path.write_text(HEADER + '"a\n",' * 1_000_000)


def endless_line(path: Path) -> None:
    path.write_text(HEADER + "x" * 5_000_000)


def million_columns(path: Path) -> None:
    path.write_text(HEADER + "u1,c1" + ",x" * 1_000_000 + "\n")


def million_headers(path: Path) -> None:
    path.write_text("user_id,course_id" + ",x" * 20_000 + "\nu1,c1\n")


def bundle(path: Path, name: str = "enrollments.csv", *, mode: int = 0, flags: int = 0, text: str = SEATS) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("enrollments.csv", SEATS)
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        if name != "enrollments.csv":
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    if flags:  # as in an archive with a password
        content = bytearray(path.read_bytes())
        at = content.index(b"PK\x01\x02")
        content[at + 8] |= flags
        path.write_bytes(content)


def zip_slip(path: Path) -> None:
    bundle(path, "../../users.csv")


def absolute_name(path: Path) -> None:
    bundle(path, "/etc/users.csv")


def linked(path: Path) -> None:
    bundle(path, "users.csv", mode=stat.S_IFLNK | 0o777, text="/etc/passwd")


def locked(path: Path) -> None:
    bundle(path, flags=1)


def zip_bomb(path: Path) -> None:
    bundle(path, "users.csv", text="0" * 30_000_000)


def lying_bomb(path: Path) -> None:
    """The directory tells a small size; what is behind it unpacks to more."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(packed.compress(piece) for piece in repeat(b"0" * 1_000_000, 30)) + packed.flush()
    bundle(path, "users.csv", text="sourcedId\n")
    with zipfile.ZipFile(path) as archive:
        small = archive.read("users.csv")
    assert len(small) < len(body)
    content = path.read_bytes()
    path.write_bytes(
        content.replace(content[content.rindex(b"users.csv", 0, content.index(b"PK\x01\x02")) + 9 :], body)
    )


def cut_archive(path: Path) -> None:
    bundle(path)
    path.write_bytes(path.read_bytes()[:60])


def old_workbook(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000))


def workbook_bomb(path: Path) -> None:
    write_xlsx(path, {"A": [("user_id", "course_id"), ("u", "c")]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/picture.png", bytes(30_000_000))


def pipe(path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("needs pipes in the file system")
    os.mkfifo(path)


HOSTILE: list[tuple[str, Callable[[Path], None], str]] = [
    ("r.csv", endless_quote, "a quote may be missing"),
    ("r.csv", endless_row_of_quoted_lines, "a row longer than 1 MiB"),
    ("r.csv", endless_line, "a line longer than 1 MiB"),
    ("r.csv", million_columns, "a row longer than 1 MiB"),
    ("r.csv", million_headers, "more than 16384 columns"),
    ("r.zip", zip_slip, "leads out of it"),
    ("r.zip", absolute_name, "leads out of it"),
    ("r.zip", linked, "a link or a path"),
    ("r.zip", locked, "protected by a password"),
    ("r.zip", zip_bomb, "200 times its size"),
    ("r.zip", lying_bomb, "cannot be unpacked"),
    ("r.zip", cut_archive, "cannot be unpacked"),
    ("r.xlsx", old_workbook, "has a password; save it as .xlsx"),
    ("r.xls", old_workbook, "has a password; save it as .xlsx"),
    ("r.xlsx", workbook_bomb, "200 times its size"),
    ("r.csv", pipe, "a pipe or a device"),
]


@pytest.mark.parametrize(("name", "build", "why"), HOSTILE, ids=[build.__name__ for _, build, _ in HOSTILE])
def test_a_hostile_file_ends_in_one_clear_line(
    tmp_path: Path, name: str, build: Callable[[Path], None], why: str
) -> None:
    build(tmp_path / name)
    tracemalloc.start()
    try:
        with pytest.raises(RosterError, match=why) as refused:
            list(open_rosters(SETTINGS, [str(tmp_path / name)]).rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refused.value)
    assert name in str(refused.value)
    assert peak < MOST_BYTES


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "enrollments.csv").write_text(SEATS)
    (tmp_path / "bundle" / "users.csv").symlink_to("/etc/passwd")
    with pytest.raises(RosterError, match="symbolic link"):
        open_rosters(SETTINGS, [str(tmp_path / "bundle")])
