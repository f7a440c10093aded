"""Resolves e-mail addresses, titles and names to sourcedIds."""
