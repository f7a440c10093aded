"""Console blocks of the README and its pages, run for real: this program rewrites their output, a test compares it.

The commands of a page run in one folder, one after the other, against one rehearsal server to which the exported
variables point. Parts that differ from run to run (times, run ids, the folder) are replaced by those of the page. A
block after `<!-- not run -->` is left alone; a Python block whose first line names a file is written to that file.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support.paths import PROJECT, README

from batch_enroll.sandbox import serve

PAGES = (README, *sorted((PROJECT / "docs").rglob("*.md")))
PAGES_WITH_COMMANDS = tuple(page for page in PAGES if "```console" in page.read_text(encoding="utf-8"))
_BLOCK = re.compile(r"(?<!<!-- not run -->\n)```console\n(.*?)```", re.DOTALL)
_PROGRAM = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)
_HOME = "/home/ana"
_VARYING = (
    (re.compile(r"\d{8}T\d{6}Z"), "20260901T061502Z"),
    (re.compile(r"\d+\.\d s, [\d,.]+ rows/s"), "0.4 s, 155.0 rows/s"),
    (re.compile(r"in \d+:\d\d, [\d,.]+ rows/s"), "in 0:00, 155.0 rows/s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8080"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "2026-09-01T06:15:02.417Z"),
    (re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d"), "2026-09-01 06:15"),
    (re.compile(r"[\d.]+ GB free"), "77.4 GB free"),
    (re.compile(r"answered 200 in \d+ ms"), "answered 200 in 21 ms"),
    (re.compile(r"within \d+ s of"), "within 1 s of"),
    (re.compile(r"as of 20\d\d-\d\d-\d\d"), "as of 2026-09-01"),
)


@dataclass(frozen=True)
class Shell:
    """A folder that contains the sample rosters, with exported variables."""

    folder: Path
    exported: dict[str, str]

    async def run(self, command: str) -> str:
        """Runs a command and returns its output on both streams, without what differs from run to run."""
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=self.folder,
            env=self.exported,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return stabilize(out.decode().replace(str(self.folder), _HOME))


def stabilize(text: str) -> str:
    """Replaces the parts of a text that differ from run to run."""
    for changing, shown in _VARYING:
        text = changing.sub(shown, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def run_page(text: str) -> str:
    """Runs the console blocks of a page and returns the page with their current output."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        (home / "sample_rosters").symlink_to(PROJECT / "sample_rosters")
        return asyncio.run(_run_blocks(text, home))


async def _run_blocks(text: str, home: Path) -> str:
    async with serve() as sandbox:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIMEBACK", "BATCH", "COV"))}
        exported = kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "TIMEBACK_API_BASE_URL": sandbox.base_url,
            "TIMEBACK_API_AUTH_URL": sandbox.token_url,
            "TIMEBACK_API_CLIENT_ID": sandbox.client_id,
            "TIMEBACK_API_CLIENT_SECRET": sandbox.client_secret,
        }
        shell = Shell(home, exported)
        for name, program in _PROGRAM.findall(text):
            (home / name).write_text(program, encoding="utf-8")
        for block in _BLOCK.finditer(text):
            text = text.replace(block.group(1), await _run_block(shell, block.group(1)))
    return text


async def _run_block(shell: Shell, block: str) -> str:
    lines: list[str] = []
    for command in re.findall(r"^\$ (.*(?:\\\n.*)*)", block, re.MULTILINE):
        lines.append(f"$ {command}")
        for assignment in re.findall(r"^export (\w+)=(.*)", command):
            name, value = assignment
            if name not in shell.exported:
                shell.exported[name] = shlex.split(value)[0]
        if not command.startswith("export "):
            real = _with_real_runs(shell.folder, command)
            lines += (await shell.run(real)).splitlines()
    return "\n".join(lines) + "\n"


def _with_real_runs(folder: Path, command: str) -> str:
    """Replaces the run ids of the page in a command by the latest real ones of the same rosters."""

    def real(shown: re.Match[str]) -> str:
        runs = sorted((folder / "batch-enroll-runs").glob(f"*Z-{shown.group(1)}"))
        return runs[-1].name if runs else shown.group(0)

    return re.sub(r"20260901T061502Z-([\w-]+)", real, command)


def main() -> None:
    """Rewrites every page that shows commands."""
    for page in PAGES_WITH_COMMANDS:
        text = page.read_text(encoding="utf-8")
        page.write_text(run_page(text), encoding="utf-8")


if __name__ == "__main__":
    main()
