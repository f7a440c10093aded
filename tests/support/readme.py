"""The console blocks of the README and its pages, run for real: this program rewrites their output, a test
compares it.

The commands of a page run in one shell folder, one after the other, against one rehearsal server that the exported
variables name.
What differs from run to run (times, run ids, the folder) is replaced by what the page shows. A block behind
`<!-- not run -->` is left alone; a Python block that begins with the name of a file is that file.
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

PAGES = (README, *sorted((PROJECT / "docs").glob("*.md")))
_BLOCK = re.compile(r"(?<!<!-- not run -->\n)```console\n(.*?)```", re.DOTALL)
_PROGRAM = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)
_HOME = "/home/ana"
_STEADY = (
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
    """A folder with the sample rosters in it, and what is exported there."""

    folder: Path
    exported: dict[str, str]

    async def type(self, command: str) -> str:
        """What `command` prints on both streams, made steady."""
        process = await asyncio.create_subprocess_shell(
            command,
            cwd=self.folder,
            env=self.exported,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return steady(out.decode().replace(str(self.folder), _HOME))


def steady(text: str) -> str:
    """`text` with what changes from run to run replaced."""
    for changing, shown in _STEADY:
        text = changing.sub(shown, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def played(text: str) -> str:
    """A page with the output of its console blocks as it is now."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        (home / "sample_rosters").symlink_to(PROJECT / "sample_rosters")
        return asyncio.run(_played(text, home))


async def _played(text: str, home: Path) -> str:
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
            text = text.replace(block.group(1), await _block(shell, block.group(1)))
    return text


async def _block(shell: Shell, block: str) -> str:
    lines: list[str] = []
    for command in re.findall(r"^\$ (.*(?:\\\n.*)*)", block, re.MULTILINE):
        lines.append(f"$ {command}")
        for assignment in re.findall(r"^export (\w+)=(.*)", command):
            name, value = assignment
            if name not in shell.exported:
                shell.exported[name] = shlex.split(value)[0]
        if not command.startswith("export "):
            real = _with_real_runs(shell.folder, command)
            lines += (await shell.type(real)).splitlines()
    return "\n".join(lines) + "\n"


def _with_real_runs(folder: Path, command: str) -> str:
    """`command` with the run id that the page shows replaced by the latest real one of that roster."""

    def real(shown: re.Match[str]) -> str:
        runs = sorted((folder / "batch-enroll-runs").glob(f"*Z-{shown.group(1)}"))
        return runs[-1].name if runs else shown.group(0)

    return re.sub(r"20260901T061502Z-([\w-]+)", real, command)


def main() -> None:
    """Rewrites every page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(played(text), encoding="utf-8")


if __name__ == "__main__":
    main()
