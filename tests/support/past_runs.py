"""A run that is over, and outcomes of its rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation, RunId
from batch_enroll.core.reporting.run_summary import RunSummary, Tally, summarize
from batch_enroll.core.run_record import Requests, RosterRef, RunRecord

START = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)
RUN = RunRecord(
    run_id=RunId("r1"),
    environment="staging",
    base_url="https://example.test",
    scope="https://example.test",
    columns=("user_id",),
    started_at=START,
    folder="runs/r1",
    rosters=(RosterRef("term.csv", "abc", 4),),
    requests=Requests(4, 1, 0),
    finished_at=START + timedelta(seconds=2),
)


def tally_of(*outcomes: Outcome) -> Tally:
    tally = Tally()
    for number, outcome in enumerate(outcomes, 1):
        tally.add(ResultRow(number, RowLocation("term.csv", number + 1), ("u",), outcome, START))
    return tally


def summary_of(*outcomes: Outcome) -> RunSummary:
    return summarize(RUN, tally_of(*outcomes), {"results": "runs/r1/results.csv"})


ENROLLED = Outcome(OutcomeKind.ENROLLED)
ALREADY = Outcome(OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_LEDGER)
SKIPPED = Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, "repeats term.csv row 2")
INVALID = Outcome(OutcomeKind.INVALID, catalogue.MISSING_USER, "user_id: is empty")
FAILED = Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, "HTTP 500")
DRY = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.DRY_RUN)
