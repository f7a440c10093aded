"""Syncs that are refused before a request is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.commands.sync import SyncRequest, sync
from batch_enroll.core.errors import UsageError
from batch_enroll.settings import load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_of_a_roster_withdraws_no_one(tmp_path: Path) -> None:
    settings = load({"env": "sandbox", "limit": "5", "withdraw": True, "state": str(tmp_path)})
    with pytest.raises(UsageError, match="needs the whole roster"):
        sync(settings, ["term.csv"], SyncRequest("roster-courses"))


def test_an_unknown_scope_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="choose one of roster-courses, roster-users, roster-schools"):
        SyncRequest("everything")
