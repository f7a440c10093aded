from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import matrix
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs on PATH are shell scripts")


def put(folder: Path, name: str, script: str) -> None:
    """A program on PATH."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def find(folder: Path, version: str = "3.12") -> str | None:
    return matrix.find_python(version, {"PATH": f"{folder}{os.pathsep}/bin"})


def test_a_python_on_path_is_found_with_its_real_place(tmp_path: Path) -> None:
    put(tmp_path, "python3.12", "echo 3.12 /opt/python 3.12/bin/python")
    assert find(tmp_path) == "/opt/python 3.12/bin/python"


def test_a_version_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert find(tmp_path) is None


def test_a_shim_that_does_not_start_anything_is_not_found(tmp_path: Path) -> None:
    put(tmp_path, "python3.12", "echo pyenv: python3.12: command not found >&2; exit 127")
    assert find(tmp_path) is None


def test_a_program_of_another_version_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path, "python3.12", "echo 3.11 /usr/bin/python3.11")
    assert find(tmp_path) is None


def test_pyenv_is_asked_for_the_newest_release_that_starts(tmp_path: Path) -> None:
    put(tmp_path, "pyenv", "printf '3.11.7\\n3.12.1\\n3.12.10\\n3.12.9\\n3.13.0t\\n'")
    put(tmp_path, "python3.12", '[ "$PYENV_VERSION" = 3.12.9 ] && echo "3.12 /pyenv/$PYENV_VERSION" || exit 127')
    assert find(tmp_path) == "/pyenv/3.12.9"


def test_each_version_gets_a_line_and_a_failure_fails_the_whole() -> None:
    pythons = {"3.12": "a", "3.13": "b"}
    status, lines = matrix.run_matrix(["3.12", "3.13", "3.14"], pythons.get, lambda _, python: python == "a")
    assert status == 1
    assert lines == ["passed: python3.12", "failed: python3.13", "not run: python3.14 was not found"]


def test_versions_that_were_not_found_fail_nothing() -> None:
    assert matrix.run_matrix(["3.14"], lambda _: None, lambda *_: False)[0] == 0
