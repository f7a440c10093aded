"""The real command in a process of its own, against a rehearsal server in the test's loop."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from batch_enroll.sandbox import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

# What makes commands measure themselves, which takes them twice as long: one test of each family of commands does it.
COVERAGE = ("COVERAGE", "COV_")


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON on the last line of stdout."""
        summary: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return summary

    def rows(self, name: str = "results") -> list[dict[str, str]]:
        """The lines of one of the run's files."""
        with Path(self.summary["files"][name]).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@dataclass(frozen=True)
class Desk:
    """A working folder with its state, and a server to talk to."""

    folder: Path
    sandbox: Sandbox
    embedded: bool = False
    measured: bool = False

    def environment(self) -> dict[str, str]:
        """What a user would have exported."""
        strange = ("TIMEBACK", "EDUBRIDGE") if self.measured else ("TIMEBACK", "EDUBRIDGE", *COVERAGE)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        # A pace that feels its way begins with 20 requests a second, for good reason; these tests are about other
        # things.
        kept |= {
            "TIMEBACK_ENV": "sandbox",
            "BATCH_ENROLL_STATE": str(self.folder / "state"),
            "BATCH_ENROLL_PACE": "fixed",
        }
        if self.embedded:
            return kept
        return kept | {
            "TIMEBACK_API_BASE_URL": self.sandbox.base_url,
            "TIMEBACK_API_AUTH_URL": self.sandbox.token_url,
            "TIMEBACK_API_CLIENT_ID": self.sandbox.client_id,
            "TIMEBACK_API_CLIENT_SECRET": self.sandbox.client_secret,
        }

    @asynccontextmanager
    async def started(
        self, *arguments: str, stdin: int = asyncio.subprocess.DEVNULL
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """The command as a process; killed if it outlives the block."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "batch_enroll", *arguments,
            cwd=self.folder, env=self.environment(), stdin=stdin,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def call(self, *arguments: str) -> Finished:
        """The command, to its end."""
        async with self.started(*arguments) as process:
            return await finished(process)

    async def run(self, *arguments: str) -> Finished:
        """`run --json`, to its end."""
        return await self.call("run", "--json", *arguments)


async def finished(process: asyncio.subprocess.Process) -> Finished:
    """Waits for the end of a started command."""
    with anyio.fail_after(100):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert "Traceback" not in err.decode()
    return Finished(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def desk(
    folder: Path, *scenarios: str, seed: int = 0, school: Path | None = None, measured: bool = False
) -> AsyncIterator[Desk]:
    """A desk with a rehearsal server that plays `scenarios`; it knows everybody, or whom the bundle `school` holds."""
    async with serve(scenarios=scenarios, seed=seed, school_bundle=school) as sandbox:
        yield Desk(folder, sandbox, measured=measured)


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A roster of `rows`, all with the columns of the first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def term(count: int, courses: int = 20) -> list[Mapping[str, str]]:
    """`count` different enrollments."""
    return [
        {
            "user_id": f"{number:06}",
            "course_id": f"course-{number % courses}",
            "school_id": "0042",
            "note": f"n{number}",
        }
        for number in range(count)
    ]
