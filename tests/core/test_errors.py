"""Errors that carry more than their text."""

from __future__ import annotations

from batch_enroll.core.errors import ReportError


def test_a_report_that_cannot_be_written_names_its_cause_apart_from_the_path() -> None:
    error = ReportError("report.html cannot be written: the disk is full", "the disk is full")
    assert (str(error), error.reason, error.exit_status) == (
        "report.html cannot be written: the disk is full",
        "the disk is full",
        5,
    )
