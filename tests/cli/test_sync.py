"""What a sync refuses before it asks anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.commands.sync import SyncRequest, sync
from batch_enroll.core.errors import UsageError
from batch_enroll.settings import load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_of_a_roster_withdraws_nobody(tmp_path: Path) -> None:
    settings = load({"env": "sandbox", "limit": "5", "withdraw": True, "state": str(tmp_path)})
    with pytest.raises(UsageError, match="needs the whole roster"):
        sync(settings, ["term.csv"], SyncRequest("roster-courses"))


def test_a_scope_that_there_is_not_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="choose one of roster-courses, roster-users, roster-schools"):
        SyncRequest("everything")
