"""The fast part of the tests on each further version of Python that is installed.

    python tools/matrix.py 3.12 3.13 3.14

Looks for a version on PATH and among those of pyenv, and takes one that starts: a shim of pyenv may be on PATH although
its version is not selected. Calls `make fast` in a virtual environment of its own for each, and prints one line for
each version at the end. Exits with 1 if tests failed; a version that was not found is reported and fails nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from shutil import which
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_SHOW: Final = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
_STARTS_WITHIN_S: Final = 60


def find_python(version: str, environment: Mapping[str, str]) -> str | None:
    """Returns the executable of a Python such as `3.12`, or None if there is none that starts."""
    command = which(f"python{version}", path=environment.get("PATH"))
    if command is None:
        return None
    for choice in _choices(version, environment):
        found = _output([command, "-c", _SHOW], choice).split(maxsplit=1)
        if found and found[0] == version:
            return found[1].strip()
    return None


def run_fast_tests(version: str, python: str) -> bool:
    """Runs the fast part of the tests on an executable; true if they pass."""
    call = ["make", "--no-print-directory", f"VENV=.venv-{version}", f"PYTHON={python}", "fast"]
    return subprocess.run(call, check=False).returncode == 0  # noqa: S603 - our own Makefile


def run_matrix(
    versions: Sequence[str], find: Callable[[str], str | None], run: Callable[[str, str], bool]
) -> tuple[int, list[str]]:
    """Returns the exit status and a line for each version."""
    lines, status = [], 0
    for version in versions:
        python = find(version)
        if python is None:
            lines.append(f"not run: python{version} was not found")
        elif run(version, python):
            lines.append(f"passed: python{version}")
        else:
            lines.append(f"failed: python{version}")
            status = 1
    return status, lines


def _choices(version: str, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Yields the environment as it is, then with each of pyenv's releases of the version selected, newest first."""
    yield environment
    pyenv = which("pyenv", path=environment.get("PATH"))
    if pyenv is None:
        return
    release = re.compile(rf"{re.escape(version)}\.(\d+)")
    found = [
        match
        for line in _output([pyenv, "versions", "--bare"], environment).split()
        if (match := release.fullmatch(line))
    ]
    for match in sorted(found, key=lambda match: int(match[1]), reverse=True):
        yield {**environment, "PYENV_VERSION": match[0]}


def _output(call: Sequence[str], environment: Mapping[str, str]) -> str:
    """Returns what a program prints, or nothing if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - a Python or pyenv from PATH
            call, env=environment, capture_output=True, text=True, timeout=_STARTS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def main(versions: Sequence[str]) -> int:
    """Runs the matrix and prints its lines."""
    status, lines = run_matrix(versions, lambda version: find_python(version, os.environ), run_fast_tests)
    sys.stdout.write("\n".join([*lines, ""]))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
