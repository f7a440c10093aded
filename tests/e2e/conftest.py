"""Some commands run with a ledger in PostgreSQL."""

from __future__ import annotations

from support.postgres_server import postgres

__all__ = ["postgres"]
