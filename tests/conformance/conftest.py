"""The ledger's suite runs against a real PostgreSQL too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.postgres_server import postgres

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger in SQL may be made: a file, or an empty schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres").schema_url())
