"""Who is measured: each is a program that carries a roster to the stand-in, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command: TypeAlias = Callable[[Path, str, int, Path], list[str | Path]]

LOOPS = Path(__file__).with_name("loops")
PROJECT = Path(__file__).parents[2]
_INSTALL_S = 180
_STRANGE = ("COV_", "COVERAGE", "PYTHON", "TIMEBACK", "EDUBRIDGE", "ONEROSTER", "BATCH_ENROLL", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Contender:
    """One way to send a roster. `rows`: how many, since a slow one need not take all day to be measured."""

    name: str
    command: Command
    rows: int


@dataclass(frozen=True)
class Spent:
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def spend(contender: Contender, roster: Path, base_url: str, in_flight: int, desk: Path, core: int | None) -> Spent:
    """Runs a contender to its end, pinned to `core`."""
    if sys.platform == "win32":
        raise NotImplementedError
    pin: list[str | Path] = [] if core is None else ["taskset", "-c", str(core)]
    command = [*pin, *contender.command(roster, base_url, in_flight, desk)]
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, env=_environment(base_url), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{contender.name} ended with {process.returncode}: {' '.join(map(str, command))}")
    return Spent(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(pace: str, rows: int) -> Contender:
    """The real command: read CSV, plan, ledger, pace, POST, parse, settle, results."""

    def command(roster: Path, base_url: str, in_flight: int, desk: Path) -> list[str | Path]:
        del base_url  # it stands in the environment, where users keep it
        return [
            sys.executable, "-m", "batch_enroll", "run", roster, "--max-in-flight", str(in_flight), "--json", "--quiet",
            "--pace", pace, "--out", desk / "runs", "--state", desk / "state",
        ]  # fmt: skip

    return Contender(f"ours, {pace} pace", command, rows)


def bare(kind: str, rows: int) -> Contender:
    """The bare aiohttp loop on this Python."""

    def command(roster: Path, base_url: str, in_flight: int, _desk: Path) -> list[str | Path]:
        return [sys.executable, LOOPS / "bare_aiohttp.py", kind, roster, base_url, str(in_flight)]

    return Contender(f"bare aiohttp, {kind}", command, rows)


def httpx(venvs: Path, rows: int) -> Contender | str:
    """The httpx loop in a venv of its own, or why not."""
    return _elsewhere("httpx", "httpx", LOOPS / "httpx_loop.py", [Path(sys.executable)], venvs, rows)


def official_sdk(venvs: Path, rows: int) -> Contender | str:
    """The official SDK's loop in a venv of its own, or why not."""
    newer = [path for path in _pythons() if _runs(path, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))")]
    if not newer:
        return "the official SDK needs Python 3.12 or newer, and none was found"
    return _elsewhere("official SDK", "timeback-edubridge", LOOPS / "official_sdk.py", newer, venvs, rows)


def _elsewhere(name: str, package: str, program: Path, pythons: list[Path], venvs: Path, rows: int) -> Contender | str:
    home = venvs / package
    python = home / "bin" / "python"
    here = _runs(python, "-m", "pip", "show", package) if python.exists() else _runs(pythons[0], "-m", "venv", home)
    if not here or not _runs(python, "-m", "pip", "install", "--quiet", "--retries", "1", package):
        return f"{package} could not be installed; offline?"

    def command(roster: Path, base_url: str, in_flight: int, _desk: Path) -> list[str | Path]:
        return [python, program, roster, base_url, str(in_flight)]

    return Contender(name, command, rows)


def _pythons() -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from sorted(Path(folder).glob("python3.1[2-9]"))
    yield from sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.1[2-9]*/bin/python3"))


def _runs(*command: str | Path) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - pythons found on this machine
            command, env=_environment(""), capture_output=True, check=False, timeout=_INSTALL_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _environment(base_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_STRANGE)}
    return kept | {
        "PYTHONPATH": str(PROJECT),
        "TIMEBACK_API_BASE_URL": base_url,
        "TIMEBACK_API_AUTH_URL": f"{base_url}/token",
        "TIMEBACK_API_CLIENT_ID": "bench",
        "TIMEBACK_API_CLIENT_SECRET": "bench",
    }
