"""A run in numbers."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.past_runs import ALREADY, DRY, ENROLLED, FAILED, INVALID, RUN, SKIPPED, START, summary_of, tally_of

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import WITHDRAWN_KINDS, Outcome, OutcomeKind, RunId
from batch_enroll.core.reporting.run_summary import summarize
from batch_enroll.core.run_record import RosterRef, RunRecord


@given(st.lists(st.builds(Outcome, st.sampled_from(OutcomeKind), st.sampled_from(sorted(catalogue.CATALOGUE)))))
def test_the_outcomes_add_up_to_the_rows(outcomes: list[Outcome]) -> None:
    summary = summary_of(*outcomes)
    assert summary.rows == sum(summary.outcomes.values()) == len(outcomes)
    shown = [kind for kind in OutcomeKind if kind not in WITHDRAWN_KINDS or kind in {one.kind for one in outcomes}]
    assert list(summary.outcomes) == [kind.value for kind in shown]


def test_everything_enrolled_or_already_so_is_0_and_skips_do_not_matter() -> None:
    assert tally_of(ENROLLED, ALREADY, SKIPPED).exit_status() == 0


def test_an_undo_names_the_run_that_it_undid() -> None:
    assert summary_of(ENROLLED).undone == ""
    undo = replace(RUN, kind="undo", facts={"undone": "r0"})
    summary = summarize(undo, tally_of(ENROLLED), {})
    assert (summary.undone, summary.as_json()["kind"]) == ("r0", "undo")


def test_rows_withdrawn_as_the_roster_says_are_fine_too() -> None:
    gone = Outcome(OutcomeKind.WITHDRAWN), Outcome(OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BY_LEDGER)
    assert tally_of(ENROLLED, *gone).exit_status() == 0


def test_one_row_that_was_not_enrolled_is_1() -> None:
    assert tally_of(ENROLLED, FAILED).exit_status() == 1
    assert tally_of(ENROLLED, INVALID).exit_status() == 1


def test_no_usable_row_is_3() -> None:
    assert tally_of(INVALID, SKIPPED).exit_status() == 3
    assert tally_of().exit_status() == 3


def test_a_dry_run_of_good_rows_is_0() -> None:
    assert tally_of(DRY, DRY, SKIPPED).exit_status() == 0
    assert tally_of(DRY, INVALID).exit_status() == 1


def test_causes_are_grouped_with_examples_and_what_to_fix_comes_first() -> None:
    causes = tally_of(SKIPPED, SKIPPED, FAILED, INVALID, INVALID, INVALID, INVALID, DRY).causes()
    assert [(cause.code, cause.count) for cause in causes] == [("E101", 4), ("E301", 1), ("S101", 2)]
    assert causes[0].examples == ("term.csv row 5", "term.csv row 6", "term.csv row 7")
    assert causes[0].hint == catalogue.get_remedy("E101")


def test_causes_are_counted_together_where_only_values_differ_and_apart_where_details_do() -> None:
    invalid = [Outcome(OutcomeKind.INVALID, catalogue.UNKNOWN_ROLE, f'role: "{pet}" is not one') for pet in "abc"]
    refused = [Outcome(OutcomeKind.REJECTED, "E206", f"HTTP 400: {why}") for why in ("begin date", "goals", "goals")]
    causes = tally_of(*invalid, *refused).causes()
    assert [(cause.code, cause.count, cause.detail) for cause in causes] == [
        ("E104", 3, "role: <value> is not one"),
        ("E206", 2, "HTTP 400: goals"),
        ("E206", 1, "HTTP 400: begin date"),
    ]


def test_a_code_with_ever_new_details_stays_a_bounded_list_of_causes() -> None:
    odd = [Outcome(OutcomeKind.REJECTED, "E206", f"HTTP 400: {number}") for number in range(100)]
    causes = tally_of(*odd).causes()
    assert len(causes) == 13
    assert (causes[0].count, causes[0].detail) == (88, "")


def test_the_json_has_every_promised_key() -> None:
    as_json = summary_of(ENROLLED, ALREADY, INVALID, SKIPPED).as_json()
    assert {
        "run_id", "roster", "environment", "base_url", "started_at", "finished_at", "duration_s", "outcomes",
        "requests", "rows_per_s", "causes", "files", "exit_status",
    } <= as_json.keys()  # fmt: skip
    assert as_json["roster"] == {"path": "term.csv", "sha256": "abc", "rows": 4, "read_as": "", "changes_only": False}
    assert as_json["requests"] == {"sent": 4, "retried": 1, "throttled": 0}
    assert (as_json["started_at"], as_json["duration_s"]) == ("2026-09-01T06:15:00.000Z", 2.0)
    assert as_json["rows_per_s"] == 2.0
    assert as_json["exit_status"] == 1
    assert json.loads(json.dumps(as_json)) == as_json


def test_several_rosters_are_listed_and_an_unfinished_run_has_no_end() -> None:
    open_run = RunRecord(
        RunId("r2"), "staging", "https://example.test", "s", (), START, "f",
        rosters=(RosterRef("a", "1", 1), RosterRef("b", "2", 1)), exit_status=130,
    )  # fmt: skip
    as_json = summarize(open_run, tally_of(ENROLLED), {}).as_json()
    assert isinstance(as_json["roster"], list)
    assert as_json["finished_at"] is None
    assert (as_json["duration_s"], as_json["rows_per_s"], as_json["exit_status"]) == (0.0, 0.0, 130)


def test_measured_limits_are_shown_with_the_time_lost_to_them() -> None:
    found = replace(RUN, facts={"pace": {"rate_per_s": 49.5, "in_flight": 12, "lost_s": 3.4}})
    summary = summarize(found, tally_of(ENROLLED), {})
    assert summary.limits == ("about 49.5 requests/s", "12 at once", "3.4 s lost waiting for it")
    assert summary.as_json()["pace"] == {"rate_per_s": 49.5, "in_flight": 12, "lost_s": 3.4}
    nothing = replace(RUN, facts={"pace": {"rate_per_s": None, "in_flight": None, "lost_s": 0.0}})
    assert summarize(nothing, tally_of(ENROLLED), {}).limits == ()
    assert summary_of(ENROLLED).limits == ()
