"""Rosters and earlier runs for tests of the guards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats
from batch_enroll.core.guards.rules import GuardContext
from batch_enroll.core.model import RunId
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RosterRef, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER = "https://api.test"
TODAY = date(2026, 9, 1)
USUAL = GuardLimits()
_AT = datetime(2026, 9, 1, 4, tzinfo=UTC)


def stats_of(
    rows: Iterable[Mapping[str, str]], limits: GuardLimits = USUAL, defaults: Defaults | None = None
) -> RosterStats:
    """Returns the figures of some rows."""
    stats = RosterStats(defaults or Defaults(), limits)
    for row in rows:
        stats.add(row)
    return stats


def pupils(count: int, courses: int = 20, also: Mapping[str, str] | None = None, **more: str) -> list[dict[str, str]]:
    """Returns rows of different pupils in some courses of one school."""
    more |= also or {}
    return [{"user_id": f"u{n}", "course_id": f"c{n % courses}", "school_id": "s1", **more} for n in range(count)]


def past_run(rows: int, run_id: str = "r1", path: str = "export.csv", sha256: str = "a", **also: object) -> RunRecord:
    """Returns a finished run of one roster with so many rows."""
    values: dict[str, Any] = {"finished_at": _AT, "rosters": (RosterRef(path, sha256, rows),), **also}
    return replace(RunRecord(RunId(run_id), "production", SERVER, SERVER, (), _AT, ""), **values)


def context_of(rows: int, **also: object) -> GuardContext:
    """Returns the circumstances of a roster with so many rows."""
    values: dict[str, Any] = {"names": ("export.csv",), "today": TODAY, **also}
    return GuardContext(rows, **values)
