"""The option `--fix` of `check`: writes a repaired copy of a roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.files.csv_table import write_table
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import UsageError
from batch_enroll.core.roster.roster_repair import RosterRepairer
from batch_enroll.wiring.rosters import open_rosters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.ports import RosterSource
    from batch_enroll.settings import Settings

_TABLES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm"})


def fix(settings: Settings, rosters: Sequence[str], out: Path) -> RosterRepairer:
    """Writes the repaired copy as CSV and returns what was changed.

    Raises:
        UsageError: the argument is not a single table in a file, or the copy would overwrite it.
        RosterError: it cannot be read to its end; then nothing is written.
    """
    roster = _check_arguments(rosters, out)
    source = open_rosters(settings, [roster])
    repairer = RosterRepairer(source.describe(), marked=any(row.problem is not None for row in source.rows()))
    write_table(out, _write_lines(source, repairer))
    return repairer


def _write_lines(source: RosterSource, repairer: RosterRepairer) -> Iterator[Sequence[str]]:
    yield repairer.header()
    apart = False
    for row in source.rows():
        apart = apart or any(doubt.code == catalogue.ANOTHER_TABLE for doubt in row.warnings)
        if (line := repairer.row(row)) is not None:
            yield from ((), line) if apart else (line,)  # what is apart may be another table, in the copy too
            apart = False


def _check_arguments(rosters: Sequence[str], out: Path) -> str:
    if len(rosters) != 1 or rosters[0] == STDIN or Path(rosters[0]).suffix.lower() not in _TABLES:
        raise UsageError("--fix repairs one roster at a time, a .csv, .tsv, .txt or .xlsx file")
    if out.exists() and Path(rosters[0]).exists() and out.samefile(rosters[0]):
        raise UsageError(f"--fix: {out} is the roster itself; name another file for the copy")
    if out.suffix.lower() not in {".csv", ".txt"}:
        raise UsageError(f"--fix writes CSV; call the copy {out.with_suffix('.csv').name}")
    return rosters[0]
