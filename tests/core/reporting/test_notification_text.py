"""The text of notifications: no names, no ids."""

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


def test_a_good_run_takes_two_lines() -> None:
    notification = notification_text.notification_for(summary_of(RUN, Outcome(OutcomeKind.ENROLLED)))
    assert notification == notification_text.Notification(
        "batch-enroll on staging: The one row is enrolled.", "Run r1\nenrolled 1", well=True
    )


def test_causes_come_with_counts_and_without_anything_of_the_roster() -> None:
    invalid = Outcome(OutcomeKind.INVALID, catalogue.UNKNOWN_ROLE, 'role: "ada@school.test" is not one of student')
    skipped = Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, "repeats term.csv row 2")
    run = replace(RUN, ending="stopped by SIGTERM", facts={"warnings": ["the roster has 1 rows"]})
    notification = notification_text.notification_for(summary_of(run, invalid, invalid, skipped))
    assert (
        notification.title == "batch-enroll on staging: needs attention (exit 3): 0 of 3 rows are enrolled, 2 are not."
    )
    assert notification.body.splitlines() == [
        "Run r1",
        "invalid 2, skipped 1",
        "The run was stopped before it was complete.",
        "E104 2 x Unknown role",
        "Unusual: the roster has 1 rows",
    ]
    assert "ada" not in notification.title + notification.body


def test_many_causes_are_cut_short() -> None:
    codes = sorted(code for code in catalogue.CATALOGUE if code.startswith("E"))[:10]
    notification = notification_text.notification_for(
        summary_of(RUN, *(Outcome(OutcomeKind.FAILED, code) for code in codes))
    )
    assert notification.body.splitlines()[-1] == "and 2 more causes"


def test_a_command_that_failed_has_its_exit_status_in_words() -> None:
    notification = notification_text.notification_without_run("production", 6, "the state is locked or damaged")
    assert notification == notification_text.Notification(
        "batch-enroll on production: failed (exit 6)",
        "The state is locked or damaged. See the log on this machine.",
        well=False,
    )


def test_a_command_that_had_nothing_to_do_is_well() -> None:
    notification = notification_text.notification_without_run("production", 0, "")
    assert notification == notification_text.Notification(
        "batch-enroll on production: nothing to do", "Nothing was sent.", well=True
    )
