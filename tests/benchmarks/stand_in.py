"""The fast local server of the benchmarks: `stand_in.c`, compiled and pinned to a core of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).with_name("stand_in.c")


class Counts(NamedTuple):
    """What came in, and when the first request did (on the clock of `time.monotonic`)."""

    connections: int
    requests: int
    first_at: float


@dataclass(frozen=True)
class StandIn:
    """Where it listens."""

    base_url: str

    def counts(self) -> Counts:
        """What came in since the last call."""
        with urllib.request.urlopen(f"{self.base_url}/counts", timeout=10) as answer:  # noqa: S310 - our own server
            counted = json.load(answer)
        # This question took a connection too.
        return Counts(counted["connections"] - 1, counted["requests"], counted["first_at"])


def compiled(folder: Path) -> Path:
    """The program, made with the C compiler of the machine."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        sys.exit("the benchmarks need a C compiler for their server: install gcc or clang")
    program = folder / "stand_in"
    subprocess.run([compiler, "-O2", "-o", program, SOURCE], check=True)  # noqa: S603 - our own source
    return program


@contextmanager
def served(program: Path, latency_ms: float, core: int | None) -> Iterator[StandIn]:
    """The server, while the block runs."""
    pin = [] if core is None else ["taskset", "-c", str(core)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*pin, program, str(latency_ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield StandIn(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.stdin.close()  # it ends with its stdin
