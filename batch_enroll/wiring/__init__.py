"""Picks the concrete classes: `open_*` owns what it returns, `make_*` does not."""
