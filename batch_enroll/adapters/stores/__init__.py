"""Private SQLite stores beside the ledger."""
