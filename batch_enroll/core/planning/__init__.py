"""Turns a row and its ledger entry into a request or a skip; plans, sync, resume and verification."""
