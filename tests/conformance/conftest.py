"""The ledger's suite runs against a real PostgreSQL too."""

from __future__ import annotations

from postgres_server import postgres

__all__ = ["postgres"]
