"""Earlier runs of the same roster, recognized by its name: the measure of a new one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from batch_enroll.core.run_record import RunRecord

_SIZE_GUARD: Final = "shrunk"
_OWN_FILES: Final = frozenset(
    {"failed", "results"}
)  # files of a run, not rosters: the size of one says nothing about the next
_DAY_OR_TIME: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:[T_ -]?\d{4,6}Z?)?(?!\d)")


def last_comparable_run(names: Sequence[str], scope: str, runs: Iterable[RunRecord]) -> RunRecord | None:
    """Returns the latest run of rosters of these names that read them whole and overruled no guard about their size.

    A run for which a half-empty file was allowed does not set the limits of the next one.
    """
    for run in _find_runs(names, scope, runs):
        overruled = run.facts.get("allowed")
        shrunk = isinstance(overruled, list) and any(
            isinstance(each, dict) and each.get("guard") == _SIZE_GUARD for each in overruled
        )
        if run.options.get("limit") is None and not shrunk:
            return run
    return None


def newer_run_than(
    sha256s: Sequence[str], names: Sequence[str], scope: str, runs: Iterable[RunRecord]
) -> RunRecord | None:
    """Returns the run that applied another roster of this name after this very content was applied.

    The same file again is what a nightly job does when nothing changed, and sends nothing. An older file after a newer
    one takes back what the newer one did: pupils it enrolled are withdrawn again.
    """
    newer = None
    for run in _find_runs(names, scope, runs):
        if [sha256 for _, sha256, _ in run_sources(run)] == list(sha256s):
            return newer
        newer = newer or run
    return None


def run_sources(run: RunRecord) -> tuple[tuple[str, str, int], ...]:
    """Returns path, SHA-256 and rows of the rosters of a run; of an applied plan, of the rosters it was made from."""
    recorded = run.facts.get("source")
    if isinstance(recorded, list):
        return tuple(
            (str(each.get("path")), str(each.get("sha256")), int(str(each.get("rows", 0))))
            for each in recorded
            if isinstance(each, dict)
        )
    return tuple((ref.path, ref.sha256, ref.rows) for ref in run.rosters)


def _find_runs(names: Sequence[str], scope: str, runs: Iterable[RunRecord]) -> Iterator[RunRecord]:
    ours = [normalize_source_name(name) for name in names]
    if _OWN_FILES.intersection(ours):
        return
    for run in runs:
        same = [normalize_source_name(path) for path, _, _ in run_sources(run)] == ours
        if same and run.scope == scope and run.finished_at is not None and not run.dry_run:
            yield run


def normalize_source_name(path: str) -> str:
    """Returns the name of a file without its folder, its ending and a day in its name."""
    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return _DAY_OR_TIME.sub("", last.rsplit(".", 1)[0] if "." in last[1:] else last).strip("-_. ").casefold()
