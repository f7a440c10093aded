"""The folder of a run, and when none is left behind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from batch_enroll.adapters.files.run_folder import LOG, unless
from batch_enroll.core.errors import BatchEnrollError, RunStoppedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def left(out: Path, error: type[BatchEnrollError], *files: str) -> list[str]:
    """What is left of a folder with these files, in which that went wrong."""

    def use() -> None:
        with unless(UsageError, out, "term.csv", NOON) as folder:
            for name in files:
                (folder / name).touch()
            raise error("why")

    with pytest.raises(error):
        use()
    return [path.relative_to(out).as_posix() for path in sorted(out.rglob("*"))]


def test_a_run_that_was_not_agreed_to_leaves_no_folder(tmp_path: Path) -> None:
    assert left(tmp_path, UsageError, LOG) == []
    assert left(tmp_path, UsageError) == []


def test_a_folder_that_tells_something_stays(tmp_path: Path) -> None:
    name = "20260901T120000Z-term"
    assert left(tmp_path / "a", RunStoppedError, LOG) == [name, f"{name}/{LOG}"]
    assert left(tmp_path / "b", UsageError, LOG, "results.csv") == [name, f"{name}/{LOG}", f"{name}/results.csv"]
