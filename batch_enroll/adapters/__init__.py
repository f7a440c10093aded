"""One library each; no adapter imports another."""
