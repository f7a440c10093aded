"""Shared by all tests: profiles, the loop of virtual time, and an environment without the program's variables."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from pathlib import Path

settings.register_profile("dev", deadline=None, max_examples=60)
settings.register_profile(
    "ci", deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], AbstractEventLoop]]:
    """Gives each test marked `virtual_time` a loop on virtual time."""
    virtual = item.get_closest_marker("virtual_time")
    return {"virtual": VirtualTimeLoop} if virtual else {"real": asyncio.new_event_loop}


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
