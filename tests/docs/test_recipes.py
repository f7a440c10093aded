"""The recipes for unattended runs, each run for real as it is printed: only paths and the server differ."""

from __future__ import annotations

import asyncio
import configparser
import re
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types
from support.e2e_cli import finished, term, write_csv
from support.readme import PAGES

from batch_enroll.sandbox import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.asyncio

ROWS = 62


@dataclass(frozen=True)
class Machine:
    """A folder in place of the root of a machine, with a roster and a secret where the recipes expect them."""

    root: Path
    sandbox: Sandbox

    def __post_init__(self) -> None:
        for folder in ("rosters", "secrets", "srv/rosters", "etc", "opt/batch-enroll/bin"):
            (self.root / folder).mkdir(parents=True)
        for folder in ("rosters", "srv/rosters"):
            write_csv(self.root / folder / "export.csv", term(ROWS))
        for secret in ("secrets/client-secret", "etc/batch-enroll.secret"):
            (self.root / secret).write_text(self.sandbox.client_secret)
        program = self.root / "opt/batch-enroll/bin/batch-enroll"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m batch_enroll "$@"\n')
        program.chmod(0o755)

    def relocate(self, text: str) -> str:
        """Replaces absolute paths in a text by those below the folder."""
        return re.sub(r"(?<![\w/.])/(?=(?:rosters|secrets|srv|etc|opt)/)", f"{self.root}/", text)

    async def run(self, command: str, environment: Mapping[str, str], folder: str = "/") -> list[Path]:
        """Runs a command line, checks that it succeeds, and returns the summaries that it wrote."""
        process = await asyncio.create_subprocess_shell(
            self.relocate(command),
            cwd=self.relocate(folder + "/").rstrip("/") or "/",
            env={
                "PATH": f"{self.root}/opt/batch-enroll/bin:/usr/bin:/bin",
                "TIMEBACK_API_BASE_URL": self.sandbox.base_url,
                "TIMEBACK_API_AUTH_URL": self.sandbox.token_url,
                "TIMEBACK_CLIENT_ID": self.sandbox.client_id,
                "BATCH_ENROLL_STATE": str(self.root / "state"),
                **{name: self.relocate(value) for name, value in environment.items()},
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        done = await finished(process)
        assert done.status == 0, done.err
        assert sum(self.sandbox.school.enroll_writes.values()) == ROWS
        return list(self.root.rglob("summary.json"))


def recipe(language: str, marker: str) -> str:
    """Returns the only block of all pages in this language that contains the marker."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    (block,) = (block for block in re.findall(rf"```{language}\n(.*?)```", pages, re.DOTALL) if marker in block)
    return str(block)


async def test_the_crontab(tmp_path: Path) -> None:
    lines = recipe("console", "crontab -l").splitlines()
    environment = dict(line.split("=", 1) for line in lines if re.match(r"TIMEBACK_\w+=(?!\.\.\.)", line))
    (entry,) = (line for line in lines if line.startswith("15 2 * * *"))
    async with serve() as sandbox:
        (summary,) = await Machine(tmp_path, sandbox).run(entry.split(None, 5)[5], environment)
    assert summary.is_relative_to(tmp_path / "srv/rosters")
    assert (tmp_path / "srv/rosters/enroll.log").read_text().count('"exit_status": 0') == 1


async def test_the_systemd_units(tmp_path: Path) -> None:
    service, timer = recipe("ini", "batch-enroll.service").split("# batch-enroll.timer")
    units = configparser.ConfigParser(interpolation=None)
    units.read_string(service + timer)
    unit = units["Service"]
    name, _, credential = unit["LoadCredential"].partition(":")
    variable, _, value = unit["Environment"].partition("=")
    assert value == f"%d/{name}"
    environment = {"TIMEBACK_ENV": "production", variable: credential}
    async with serve() as sandbox:
        (summary,) = await Machine(tmp_path, sandbox).run(unit["ExecStart"], environment, unit["WorkingDirectory"])
    assert summary.is_relative_to(tmp_path / "srv/rosters")
    assert units["Timer"]["Persistent"] == "true"


async def test_the_cron_job_of_kubernetes(tmp_path: Path) -> None:
    job: dict[str, Any] = yaml.safe_load(recipe("yaml", "CronJob"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    async with serve() as sandbox:
        (summary,) = await Machine(tmp_path, sandbox).run(shlex.join(container["args"]), environment)
    assert summary.is_relative_to(tmp_path / "rosters/runs")
