"""The README is true: its commands run, their output is what it shows, its tables are the program's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import readme

from batch_enroll.cli.errors import EXIT_CODES
from batch_enroll.core.model import OutcomeKind
from batch_enroll.settings import Needs, load
from batch_enroll.settings.sources import VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

TEXT = readme.README.read_text(encoding="utf-8")


@pytest.mark.timeout(400)  # fifty commands, each a start of the program; a busy machine takes its time
def test_every_console_block_shows_what_its_commands_print() -> None:
    assert readme.played(TEXT) == TEXT


def test_the_exit_codes_are_those_of_the_program() -> None:
    listed = dict(re.findall(r"^\| (\d+) \| (.+) \|$", TEXT, re.MULTILINE))
    assert {int(code): meaning for code, meaning in listed.items()} == EXIT_CODES


def test_the_settings_file_is_one_that_the_program_takes(tmp_path: Path) -> None:
    file = tmp_path / "batch-enroll.toml"
    file.write_text("".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)), encoding="utf-8")
    settings = load({"env": "production", "config": str(file)}, needs=Needs.ROSTER)
    assert (settings.rate, settings.max_in_flight, settings.probe) == (15.0, 10, "first_row")


def test_every_outcome_and_every_variable_is_named() -> None:
    assert all(f"`{kind.value}`" in TEXT for kind in OutcomeKind)
    variables = {name for names in VARIABLES.values() for name in names if not name.endswith("SECRET")}
    assert all(name in TEXT for name in variables)
