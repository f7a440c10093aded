"""Every real and hostile file, read by a process of its own within limits of time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import read_within_limits
from support.e2e_cli import COVERAGE
from support.paths import SHARED_ROSTERS as SHARED

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 300_000_000
PROCESSES = 2

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="shared rosters are not here")


def paths() -> list[Path]:
    files = [path for path in SHARED.rglob("*") if path.is_file()]
    return sorted({*files, *(path.parent for path in files)})


@pytest.mark.parametrize("part", range(PROCESSES))
def test_every_file_is_read_or_refused_below_300_mb_and_10_s(part: int, tmp_path: Path) -> None:
    mine = [str(path) for path in paths()[part::PROCESSES]]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(read_within_limits.__file__)],
        input="\n".join(mine),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith(COVERAGE)},
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["path"] for each in told] == mine, done.stderr[-2000:]
    assert done.stderr == ""
    for each in told:
        assert each["rows"] or each["refused"], each
        assert "\n" not in each["refused"]
        assert len(each["refused"]) < 2000
        assert each["peak_bytes"] < MOST_BYTES, each
