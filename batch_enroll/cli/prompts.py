"""What a person has to agree to: that something is taken away, or that a guard is wrong this time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.guards.rules import Allowance


def confirming(*, yes: bool) -> Callable[[str], None]:
    """What asks on a terminal, agrees with `yes`, and refuses where nobody can be asked."""

    def confirm(what: str) -> None:
        from batch_enroll.core.errors import UsageError  # noqa: PLC0415 - not for --help
        from batch_enroll.wiring.guards import refuse_unconfirmed  # noqa: PLC0415 - not for --help

        if yes:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            refuse_unconfirmed(what)
        elif not _agreed(what):
            raise UsageError("not confirmed; nothing was sent")

    return confirm


def _agreed(what: str) -> bool:
    try:
        return typer.confirm(f"{what}. Go on?", err=True)
    except typer.Abort:  # Ctrl-C or Ctrl-D where a yes was asked for is a no
        return False


def overruling(allow: Sequence[str] | None, reason: str | None) -> Allowance:
    """The guards that are overruled, and why. Raises UsageError as `parse_allowance` does."""
    from batch_enroll.core.guards.rules import parse_allowance  # noqa: PLC0415 - not for --help

    return parse_allowance(allow or (), reason)
