"""The findings of `check`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batch_enroll.core import events
from batch_enroll.core.codes import catalogue
from batch_enroll.core.guards.rules import Guard, GuardResult
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation, RowProblem, SourceRow
from batch_enroll.core.planning.row_planner import ParsedRow
from batch_enroll.core.reporting.check_summary import CheckSummary, Estimate, row_finding, warning_findings
from batch_enroll.core.reporting.run_summary import Tally
from batch_enroll.core.run_record import RosterRef

PLACE = RowLocation("term.xlsx", 7, "Grade 7")
TO_SEND = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.DRY_RUN)
INVALID = Outcome(OutcomeKind.INVALID, catalogue.UNKNOWN_ROLE, "role: no such role")
SKIPPED = Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, "repeats term.xlsx row 2")
ROSTER = RosterRef("term.xlsx", "abc", 3)


def checked(*outcomes: Outcome, rosters: tuple[RosterRef, ...] = (ROSTER,), unreadable: str = "") -> CheckSummary:
    tally = Tally()
    for number, outcome in enumerate(outcomes, 1):
        tally.add(ResultRow(number, PLACE, (), outcome, None))
    found = tuple(
        row_finding(ParsedRow(1, SourceRow(PLACE, (), {})), outcome) for outcome in outcomes if outcome != TO_SEND
    )
    return CheckSummary(rosters, ("column 'a': user_id",), tally, found, Estimate(2.0, 10), unreadable)


def test_the_counts_say_what_a_run_would_do() -> None:
    summary = checked(TO_SEND, TO_SEND, INVALID, SKIPPED)
    assert dict(summary.outcomes) == {"to_send": 2, "already_enrolled": 0, "skipped": 1, "invalid": 1}
    assert (summary.rows, summary.rate, summary.estimated_s, summary.exit_status) == (4, 2.0, 1.0, 1)


def test_a_warning_has_its_column_and_value() -> None:
    warning = RowProblem(catalogue.SHORT_ID, "has 3 digits", "Student ID", "417")
    (finding,) = warning_findings(SourceRow(PLACE, (), {}, warnings=(warning,)))
    assert (finding.code, finding.column, finding.value, finding.row) == ("W101", "Student ID", "417", 7)


def test_a_file_that_breaks_off_is_3() -> None:
    assert checked(TO_SEND, unreadable="row 9: a quote is never closed").exit_status == 3


def test_the_json_holds_everything() -> None:
    as_json = checked(TO_SEND, INVALID).as_json()
    assert json.loads(json.dumps(as_json)) == as_json
    assert as_json["roster"] == {"path": "term.xlsx", "sha256": "abc", "rows": 3, "read_as": "", "changes_only": False}
    assert isinstance(checked(TO_SEND, rosters=(ROSTER, ROSTER)).as_json()["roster"], list)


def test_a_problem_has_its_column_and_value_and_a_skip_its_reason() -> None:
    problem = RowProblem(catalogue.UNKNOWN_ROLE, "no such role", "Role", "wizard")
    finding = row_finding(ParsedRow(1, SourceRow(PLACE, (), {}), problem=problem), INVALID)
    assert (finding.file, finding.sheet, finding.row, finding.column, finding.value) == (
        "term.xlsx",
        "Grade 7",
        7,
        "Role",
        "wizard",
    )
    assert finding.hint == catalogue.get_remedy(catalogue.UNKNOWN_ROLE)
    skipped = row_finding(ParsedRow(1, SourceRow(PLACE, (), {})), SKIPPED)
    assert (skipped.column, skipped.code, skipped.message) == ("", "S101", "repeats term.xlsx row 2")


@pytest.mark.parametrize(("rate", "in_flight", "seconds"), [(10.0, 100, 10.0), (None, 11, 5.0), (1_000.0, 11, 5.0)])
def test_the_time_is_computed_from_the_rate_or_from_a_usual_latency(
    rate: float | None, in_flight: int, seconds: float
) -> None:
    assert Estimate(rate, in_flight).seconds(100) == pytest.approx(seconds)


def test_events_are_values() -> None:
    assert events.RowsRead(3, 1) == events.RowsRead(3, 1)
    assert events.Stopping("interrupted") != events.Stopping("api_down")


def test_a_guard_that_would_stop_the_run_is_5() -> None:
    stops = GuardResult(Guard.SHRUNK, "3 rows", "10 wanted", stops=True)
    summary = replace(checked(TO_SEND), guards=(GuardResult(Guard.CROWDED, "", ""), stops))
    assert summary.exit_status == 5
    assert [guard["stops"] for guard in json.loads(json.dumps(summary.as_json()))["guards"]] == [False, True]
