"""Turns one answer into a decision: settle, retry, renew the token, or halt."""
