"""What was changed in a repaired copy -> lines for people."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.cli.output import Tone, visible, wrapped
from batch_enroll.core.roster.cells import shorten
from batch_enroll.core.roster.roster_repair import RepairSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.roster.roster_repair import Change, RosterRepairer

_WIDEST: Final = 60
_SHOWN: Final = 20  # of each kind; --json has them all


def mended_lines(mended: RosterRepairer, out: Path, paint: Paint) -> Iterator[str]:
    """Where the copy is, and each change, by kind."""
    yield ""
    yield paint(f"Repaired copy: {out}, {mended.rows:,} rows, {len(mended.changes):,} changes", Tone.STRONG)
    for kind in RepairSettings:
        changes = [change for change in mended.changes if change.mending is kind]
        if changes:
            yield f"  {kind.value}: {len(changes):,}"
        for change in islice(changes, _SHOWN):
            yield from wrapped(visible(_told(change)), 4)
        if len(changes) > _SHOWN:
            yield f"    and {len(changes) - _SHOWN:,} more; --json has them all"
    if mended.marked:
        yield from wrapped(
            "Rows that could not be read whole are in the copy as they were read; the column enroll_code keeps them "
            "INVALID until you mend them and empty it.",
            2,
        )


def _told(change: Change) -> str:
    if change.mending is RepairSettings.HEADER:
        return f'"{shorten(change.before)}" is now {change.after}'
    if change.mending is RepairSettings.REPEAT:
        return f"{change.location}, which says the same as {change.before}"
    if change.mending is RepairSettings.BLANKS:
        return f'{change.location}, {change.column}: "{change.before[:_WIDEST]}"'
    return f'{change.location}, {change.column}: "{shorten(change.before)}" is now "{shorten(change.after)}"'
