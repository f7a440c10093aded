"""What every test shares: profiles, how virtual time moves, and surroundings in which nobody has set anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support import virtual_time

if TYPE_CHECKING:
    from pathlib import Path

settings.register_profile("dev", deadline=None, max_examples=60)
settings.register_profile(
    "ci", deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_itemcollected(item: pytest.Item) -> None:
    """What is marked for virtual time moves it at once."""
    if item.get_closest_marker("looptime"):
        item.add_marker(virtual_time.moves_at_once)


@pytest.fixture
def empty_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables of ours, and a folder of its own to work in."""
    for name in list(os.environ):
        if name.startswith(("TIMEBACK_", "EDUBRIDGE_", "BATCH_ENROLL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def credentials(empty_surroundings: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - comes first
    """A client, as its variables name it."""
    monkeypatch.setenv("TIMEBACK_CLIENT_ID", "client-7")
    monkeypatch.setenv("TIMEBACK_CLIENT_SECRET", "hush-hush")
