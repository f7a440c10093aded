"""The README and its pages: the commands print the shown output, and the tables agree with the program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from support import readme
from support.paths import README

from batch_enroll.core.model import OutcomeKind
from batch_enroll.settings import Needs, load
from batch_enroll.settings.model import OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

TEXT = README.read_text(encoding="utf-8")


@pytest.mark.timeout(400)  # fifty commands, each a start of the program; a busy machine takes its time
@pytest.mark.parametrize("page", readme.PAGES_WITH_COMMANDS, ids=lambda page: page.stem)
def test_every_console_block_shows_what_its_commands_print(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert readme.run_page(text) == text


def test_the_settings_file_is_one_that_the_program_takes(tmp_path: Path) -> None:
    file = tmp_path / "batch-enroll.toml"
    file.write_text("".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)), encoding="utf-8")
    settings = load({"env": "production", "config": str(file)}, needs=Needs.ROSTER)
    assert (settings.rate, settings.max_in_flight, settings.probe) == (15.0, 10, "first_row")


def test_every_outcome_and_every_variable_is_named() -> None:
    assert all(f"`{kind.value}`" in TEXT for kind in OutcomeKind)
    variables = {
        name
        for option in OPTIONS.values()
        for name in option.variables
        if not name.startswith("BATCH") and not name.endswith("SECRET")
    }
    assert all(name in TEXT for name in variables)
