"""The headline of a run, and the command to type next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.past_runs import ALREADY, DRY, ENROLLED, FAILED, INVALID, RUN, SKIPPED, summary_of

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Outcome, OutcomeKind
from batch_enroll.core.reporting.headline import format_headline
from batch_enroll.core.reporting.next_step import suggest_next_step

if TYPE_CHECKING:
    from batch_enroll.core.run_record import RunRecord

EMBEDDED = replace(RUN, scope="rehearsal r1")
GONE = Outcome(OutcomeKind.WITHDRAWN)
HELD = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.STOPPED)


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([ENROLLED, ALREADY], "All 2 rows are enrolled."),
        ([ENROLLED], "The one row is enrolled."),
        ([ENROLLED, ENROLLED, SKIPPED], "All 2 rows are enrolled; 1 more was skipped."),
        ([ENROLLED, SKIPPED, SKIPPED], "The one row is enrolled; 2 more were skipped."),
        ([ENROLLED, FAILED], "1 of 2 rows are enrolled, 1 is not."),
        ([FAILED], "0 of 1 row is enrolled, 1 is not."),
        ([SKIPPED], "There was nothing to do: 1 row, 1 skipped."),
        ([GONE], "The one row is withdrawn."),
        ([ENROLLED, GONE, FAILED], "2 of 3 rows are enrolled or withdrawn, 1 is not."),
        ([*[ENROLLED] * 1500, INVALID, INVALID], "1,500 of 1,502 rows are enrolled, 2 are not."),
    ],
)
def test_the_result_of_a_run_is_one_sentence(outcomes: list[Outcome], sentence: str) -> None:
    assert format_headline(summary_of(*outcomes)) == sentence


def test_a_dry_run_says_that_nothing_was_sent() -> None:
    summary = replace(summary_of(DRY, DRY), run=replace(RUN, dry_run=True))
    assert format_headline(summary) == "Nothing was sent: this was a dry run over 2 rows."


@pytest.mark.parametrize(
    ("outcomes", "run", "files", "command"),
    [
        ([ENROLLED], RUN, {"failed": "f.csv"}, None),
        ([ENROLLED, HELD], RUN, {}, "batch-enroll resume r1 --env staging"),
        ([FAILED, INVALID], RUN, {"failed": "f.csv"}, "batch-enroll retry r1 --env staging"),
        ([INVALID], RUN, {"failed": "my f.csv"}, "batch-enroll retry r1 --from 'my f.csv' --env staging"),
        ([INVALID], replace(RUN, environment="custom"), {}, "batch-enroll retry r1 --base-url https://example.test"),
        ([HELD], replace(RUN, dry_run=True, facts={"undone": "r0"}), {}, "batch-enroll undo r0 --env staging"),
        ([HELD], replace(RUN, dry_run=True), {}, "batch-enroll run term.csv --env staging"),
        ([HELD], EMBEDDED, {"failed": "f.csv"}, "batch-enroll run f.csv --env staging"),
        ([HELD], replace(EMBEDDED, exit_status=130), {}, "batch-enroll run term.csv --env staging"),
        ([HELD], EMBEDDED, {}, None),
    ],
)
def test_the_next_step_can_be_pasted(
    outcomes: list[Outcome], run: RunRecord, files: dict[str, str], command: str | None
) -> None:
    summary = replace(summary_of(*outcomes), run=run, files=files, exit_status=run.exit_status or 1)
    step = suggest_next_step(summary)
    assert (None if step is None else step.command) == command
