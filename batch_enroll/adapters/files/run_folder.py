"""The folder a run leaves behind: `<out>/<UTC time>-<roster name>/`, 0700, its files 0600."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import ReportError, RunStoppedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from batch_enroll.core.model import Json

SUMMARY: Final = "summary.json"
PAGE: Final = "report.html"
LOG: Final = "log.jsonl"
_ROLES: Final = ("results", "failed", "report", "summary", "log")  # as a run names them
_LONGEST_NAME: Final = 60


def create(out: Path, roster: str, now: datetime) -> Path:
    """A new, empty folder named for the time and the roster; its name is the run's id.

    Raises:
        RunStoppedError: it cannot be created or written; nothing was sent.
    """
    out = out.absolute()
    stem = f"{now:%Y%m%dT%H%M%SZ}-{_name(roster)}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        for attempt in count(1):
            folder = out / (stem if attempt == 1 else f"{stem}-{attempt}")
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                folder.chmod(0o700)  # whatever the umask made of it
                return folder
    except OSError as error:
        raise RunStoppedError(
            f"the results folder {out} cannot be written ({error.strerror}); give another one with --out"
        ) from error
    raise AssertionError  # count() does not end


@contextmanager
def unless(failing: type[BaseException], out: Path, roster: str, now: datetime) -> Iterator[Path]:
    """A new folder as `create` makes it, gone again if what follows fails so and left no more in it than its log.

    Raises:
        RunStoppedError: as `create`.
    """
    folder = create(out, roster, now)
    try:
        yield folder
    except failing:
        with suppress(OSError):
            if {path.name for path in folder.iterdir()} <= {LOG}:
                (folder / LOG).unlink(missing_ok=True)
                folder.rmdir()
        raise


def reopened(folder: Path) -> Path:
    """The folder of a past run, made again if it was removed.

    Raises:
        RunStoppedError: it cannot be made; nothing was sent.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RunStoppedError(f"the run's folder {folder} cannot be written ({error.strerror})") from error
    return folder


def own_files(folder: Path) -> dict[str, Path]:
    """The files of a run beside its reports, by role."""
    return {"report": folder / PAGE, "summary": folder / SUMMARY, "log": folder / LOG}


def files_in(folder: Path) -> dict[str, str]:
    """What is left of a past run's files, by role."""
    found = {path.stem: str(path) for path in sorted(folder.glob("*.*")) if not path.name.startswith(".")}
    roles = [role for role in _ROLES if role in found]
    return {role: found[role] for role in (*roles, *sorted(found.keys() - roles))}


def write_summary(path: Path, summary: Mapping[str, Json]) -> None:
    """Writes `summary.json` whole or not at all. Raises as `write_whole`."""
    write_whole(path, [f"{json.dumps(summary, indent=2, ensure_ascii=False)}\n".encode(errors="backslashreplace")])


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Writes a file, readable by its owner only, whole or not at all.

    Raises:
        ReportError: it cannot be written; the ledger has everything.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
        draft.replace(path)
    except OSError as error:
        raise ReportError(
            f"{path} cannot be written ({error.strerror}); the ledger has every outcome: batch-enroll show",
            error.strerror or type(error).__name__,
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _name(roster: str) -> str:
    """The roster's file name without its ending, fit for a folder."""
    name = "stdin" if roster == "-" else Path(roster).resolve().stem
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:_LONGEST_NAME] or "roster"
