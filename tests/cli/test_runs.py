"""The list of past runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from batch_enroll.cli.runs import count_enrolled, format_run_as_json
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import RosterRef, RunRecord

AT = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)
RUN = RunRecord(
    RunId("r1"), "staging", "https://api.test", "https://api.test", (), AT, "runs/r1",
    rosters=(RosterRef("term.csv", "abc", 4),), outcomes={"enrolled": 2, "already_enrolled": 1, "failed": 1},
)  # fmt: skip


def test_a_run_in_progress_or_killed_has_no_end() -> None:
    line = format_run_as_json(RUN)
    assert (line["rows"], line["rosters"], line["finished_at"], line["exit_status"]) == (4, ["term.csv"], None, None)
    assert line["outcomes"] == {"enrolled": 2, "already_enrolled": 1, "failed": 1}


def test_a_run_that_ended_says_when_and_how() -> None:
    line = format_run_as_json(replace(RUN, finished_at=AT, exit_status=1))
    assert (line["started_at"], line["finished_at"], line["exit_status"]) == (
        line["finished_at"],
        line["started_at"],
        1,
    )


def test_rows_enrolled_before_count_as_well() -> None:
    assert count_enrolled(RUN) == 3


def test_only_a_run_at_a_lasting_server_can_be_resumed() -> None:
    assert RUN.lasting
    assert not replace(RUN, scope="rehearsal r1").lasting
    assert not replace(RUN, dry_run=True).lasting
