"""A table as a CSV file that appears whole or not at all, readable by its owner only."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_NEW: Final = os.O_CREAT | os.O_WRONLY | os.O_TRUNC


def write_table(path: Path, lines: Iterable[Sequence[str]]) -> None:
    """Writes the lines; a file that is there is replaced.

    Raises:
        UsageError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        # The file is its owner's from its first byte on.
        with os.fdopen(os.open(draft, _NEW, 0o600), "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        draft.replace(path)
    except OSError as why:
        raise UsageError(f"{path} cannot be written: {why.strerror}") from why
    finally:
        with suppress(OSError):
            draft.unlink()
