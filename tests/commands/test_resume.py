"""Resuming a run, as far as it can be refused before anything is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.commands.resume import resume
from batch_enroll.core.errors import UsageError
from batch_enroll.settings import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.usefixtures("empty_surroundings")
def test_a_dry_run_set_for_every_command_is_refused_by_resume_and_opens_nothing(tmp_path: Path) -> None:
    settings = load({"env": "sandbox", "dry_run": True, "state": str(tmp_path / "state")})
    with pytest.raises(UsageError, match="BATCH_ENROLL_DRY_RUN"):
        resume(settings, None, accept_changes=False)
    assert not (tmp_path / "state").exists()
