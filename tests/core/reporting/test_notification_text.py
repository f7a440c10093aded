"""What is told to people who did not watch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation, RunId
from batch_enroll.core.reporting import notification_text
from batch_enroll.core.reporting.run_summary import RunSummary, Tally, summarize
from batch_enroll.core.run_record import RunRecord

START = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)
RUN = RunRecord(
    RunId("r1"),
    "staging",
    "https://a.test",
    "a",
    ("user_id",),
    START,
    "runs/r1",
    finished_at=START + timedelta(hours=1),
)


def summary_of(run: RunRecord, *outcomes: Outcome) -> RunSummary:
    tally = Tally()
    for number, outcome in enumerate(outcomes, 1):
        tally.add(ResultRow(number, RowLocation("term.csv", number + 1), ("ada@school.test",), outcome, START))
    return summarize(run, tally, {})


def test_a_good_run_is_told_in_two_lines() -> None:
    told = notification_text.notification_for(summary_of(RUN, Outcome(OutcomeKind.ENROLLED)))
    assert told == notification_text.Notification(
        "batch-enroll on staging: The one row is enrolled.", "Run r1\nenrolled 1", well=True
    )


def test_causes_come_with_counts_and_without_anything_of_the_roster() -> None:
    invalid = Outcome(OutcomeKind.INVALID, catalogue.UNKNOWN_ROLE, 'role: "ada@school.test" is not one of student')
    skipped = Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, "repeats term.csv row 2")
    run = replace(RUN, ending="stopped by SIGTERM", facts={"warnings": ["the roster has 1 rows"]})
    told = notification_text.notification_for(summary_of(run, invalid, invalid, skipped))
    assert told.title == "batch-enroll on staging: needs attention (exit 3): 0 of 3 rows are enrolled, 2 are not."
    assert told.body.splitlines() == [
        "Run r1",
        "invalid 2, skipped 1",
        "The run was stopped before its end.",
        "E104 2 x Unknown role",
        "Unusual: the roster has 1 rows",
    ]
    assert "ada" not in told.title + told.body


def test_many_causes_are_cut_short() -> None:
    codes = sorted(code for code in catalogue.CATALOGUE if code.startswith("E"))[:10]
    told = notification_text.notification_for(summary_of(RUN, *(Outcome(OutcomeKind.FAILED, code) for code in codes)))
    assert told.body.splitlines()[-1] == "and 2 more causes"


def test_a_command_that_failed_tells_its_exit_status_in_words() -> None:
    told = notification_text.notification_without_run("production", 6, "the state is locked or damaged")
    assert told == notification_text.Notification(
        "batch-enroll on production: failed (exit 6)",
        "The state is locked or damaged. The machine's own log says more.",
        well=False,
    )


def test_a_command_that_had_nothing_to_do_is_well() -> None:
    told = notification_text.notification_without_run("production", 0, "")
    assert told == notification_text.Notification(
        "batch-enroll on production: nothing to do", "Nothing was sent.", well=True
    )
