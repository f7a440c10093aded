"""The command line: argv to Settings, exceptions to exit codes, nothing else."""

from __future__ import annotations


def main() -> None:
    """Runs the command line and exits with its status."""
