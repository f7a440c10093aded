"""The ledger in SQL: SQLite by default, PostgreSQL for machines that come and go."""

from batch_enroll.adapters.ledger.sql_ledger import SqlLedger

__all__ = ["SqlLedger"]
