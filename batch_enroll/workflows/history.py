"""What was run before, as the ledger tells it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from batch_enroll.core.reporting.run_summary import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger


def history(ledger: Ledger, limit: int) -> Iterator[RunRecord]:
    """The latest runs, latest first, each with its outcomes; those of a run that never ended are counted now."""
    for run in islice(ledger.runs(), limit):
        yield run if run.finished_at is not None else replace(run, outcomes=_counted(run, ledger))


def _counted(run: RunRecord, ledger: Ledger) -> dict[str, int]:
    tally = Tally()
    for row in ledger.results(run.run_id):
        tally.add(row)
    return tally.counts()
