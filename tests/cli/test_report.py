"""The reports people read: what they say, in what order, and that they fit a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch_enroll.cli.output import Tone, add_color, keep_plain
from batch_enroll.cli.text_report import format_check, format_run
from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation, RunId
from batch_enroll.core.reporting.check_summary import CheckSummary, Estimate, RowFinding
from batch_enroll.core.reporting.run_summary import Cause, RunSummary, Tally
from batch_enroll.core.run_record import Requests, RosterRef, RunRecord

RUN = RunRecord(
    run_id=RunId("20250901T120000Z-term"),
    environment="staging",
    base_url="https://api.staging.alpha-1edtech.ai",
    scope="https://api.staging.alpha-1edtech.ai",
    columns=("user_id",),
    started_at=datetime(2025, 9, 1, 12, tzinfo=UTC),
    folder="runs/a",
    rosters=(RosterRef("term list.csv", "00ff", 1855),),
    requests=Requests(1840, 12, 3),
    exit_status=1,
)
FILES = {"results": "my runs/a/results.csv", "failed": "my runs/a/failed.csv", "summary": "my runs/a/summary.json"}


def cause(kind: OutcomeKind, code: str, count: int, detail: str = "") -> Cause:
    examples = tuple(f"term list.csv row {row}" for row in (41, 57, 90)[:count])
    return Cause(kind.value, code, catalogue.get_title(code), detail, catalogue.get_remedy(code), count, examples)


def summary_of(run: RunRecord = RUN, **counts: int) -> RunSummary:
    outcomes = {kind.value: counts.get(kind.value, 0) for kind in OutcomeKind}
    return RunSummary(run, 83.2, outcomes, 22.3, (), FILES, run.exit_status or 0)


FAILED = replace(
    summary_of(enrolled=1780, already_enrolled=7, rejected=37, invalid=3, skipped=28),
    causes=(
        cause(OutcomeKind.REJECTED, "E201", 37, "404: user <user> not found"),
        cause(OutcomeKind.INVALID, "E104", 3),
        cause(OutcomeKind.SKIPPED, "S102", 28),
    ),
)


def text_of(summary: RunSummary) -> str:
    return "\n".join(format_run(summary, keep_plain))


def test_a_run_is_reported_from_the_headline_to_the_next_command() -> None:
    assert text_of(FAILED).splitlines() == [
        "Run 20250901T120000Z-term on staging",
        "  term list.csv: 1,855 rows",
        "1,787 of 1,855 rows enrolled.",
        "",
        "  enrolled               1,780",
        "  already enrolled           7",
        "  invalid                    3",
        "  rejected                  37",
        "  skipped                   28",
        "",
        "  requests: 1,840 sent, 12 of them repeats, 3 throttled",
        "  time: 1 min 23 s, 22.3 rows/s",
        "",
        "Not enrolled, by cause",
        "  E201 37 rows rejected: User unknown to the server",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90, ...",
        "       404: user <user> not found",
        "       -> Create or sync the user first, or correct user_id; then run",
        "         failed.csv.",
        "  E104 3 rows invalid: Unknown role",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90",
        "       -> Use student, teacher, proctor or administrator.",
        "",
        "Skipped, by cause",
        "  S102 28 rows skipped: End date reached",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90, ...",
        "       -> Nothing to do; use --as-of to read the roster as of another day.",
        "",
        "Files",
        "  results   my runs/a/results.csv",
        "  failed    my runs/a/failed.csv",
        "  summary   my runs/a/summary.json",
        "",
        "Next: fix the rows, then",
        "  batch-enroll retry 20250901T120000Z-term --from 'my runs/a/failed.csv' --env staging",
    ]


def test_rows_that_only_failed_are_sent_again_as_they_are() -> None:
    text = text_of(summary_of(RUN, enrolled=1, rejected=1, failed=2))
    assert text.endswith("Next: send the failed rows again\n  batch-enroll retry 20250901T120000Z-term --env staging")


def test_a_run_that_went_well_asks_for_nothing() -> None:
    text = text_of(summary_of(replace(RUN, exit_status=0), enrolled=1, skipped=1))
    assert "1 of 2 rows enrolled." in text
    assert "Next" not in text
    assert "by cause" not in text


def test_an_interrupted_run_says_how_to_resume() -> None:
    url = "https://x.org"
    run = replace(RUN, exit_status=130, ending="interrupted", environment="custom", base_url=url, scope=url)
    text = text_of(summary_of(run, enrolled=1, not_attempted=9))
    assert "The run was stopped: interrupted" in text
    assert text.endswith(
        "Next: continue with the remaining rows\n  batch-enroll resume 20250901T120000Z-term --base-url https://x.org"
    )


def test_a_run_that_was_cut_short_can_be_resumed_without_its_files() -> None:
    text = text_of(replace(summary_of(replace(RUN, exit_status=130), unknown=3), files={}))
    assert text.endswith("  batch-enroll resume 20250901T120000Z-term --env staging")


def test_an_interrupted_rehearsal_is_run_again_because_its_server_is_gone() -> None:
    run = replace(RUN, exit_status=130, environment="sandbox", scope="rehearsal 20250901T120000Z-term")
    text = text_of(summary_of(run, enrolled=1, not_attempted=9))
    assert text.endswith(
        "Next: continue with the remaining rows\n  batch-enroll run 'my runs/a/failed.csv' --env sandbox"
    )
    text = text_of(replace(summary_of(run, unknown=3), files={}))
    assert text.endswith(
        "Next: run it again; enrolled rows are not sent twice\n  batch-enroll run 'term list.csv' --env sandbox"
    )


def test_a_dry_run_says_that_nothing_was_sent_and_names_the_real_one() -> None:
    text = text_of(summary_of(replace(RUN, dry_run=True, exit_status=0), not_attempted=5))
    assert "Dry run: nothing was sent." in text
    assert "enrolled." not in text
    assert text.endswith("batch-enroll run 'term list.csv' --env staging")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0 s"), (59.4, "59.4 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_times_are_written_as_people_write_them(seconds: float, shown: str) -> None:
    assert f"time: {shown}," in text_of(replace(FAILED, duration_s=seconds))


def test_every_line_fits_a_terminal() -> None:
    long = cause(OutcomeKind.FAILED, "E301", 2, "word " * 60)
    lines = text_of(replace(FAILED, causes=(long,))).splitlines()
    assert max(len(line) for line in lines if not line.startswith("  batch-enroll ")) <= 80  # a command stays whole


def test_a_terminal_gets_the_same_words_in_colors() -> None:
    text = "\n".join(format_run(FAILED, add_color))
    assert "\x1b[31m" in text
    assert add_color("x", Tone.STRONG) != add_color("x", Tone.QUIET) != add_color("x", Tone.GOOD)
    for tone in Tone:
        assert "x" in add_color("x", tone)


# A check


def found(row: int, column: str, value: str, code: str, message: str) -> RowFinding:
    return RowFinding("term.csv", None, row, column, value, code, message, catalogue.get_remedy(code))


def tally_of(**counts: int) -> Tally:
    tally = Tally()
    for kind, count in counts.items():
        for row_no in range(1, count + 1):
            tally.add(ResultRow(row_no, RowLocation("term.csv", row_no + 1), (), Outcome(OutcomeKind(kind)), None))
    return tally


CHECKED = CheckSummary(
    rosters=RUN.rosters,
    readings=("term.csv: CSV, UTF-8, comma", "  user_id <- user_id"),
    tally=tally_of(not_attempted=4990, skipped=1, invalid=3),
    problems=(
        found(9, "", "", "S101", "repeats row 8"),
        found(41, "Role", "pet", "E104", "'pet' is not a role"),
        found(7, "user_id", "", "E101", ""),
        replace(found(43, "Role", "cat", "E104", "'cat' is not a role"), sheet="Fall"),
    ),
    estimate=Estimate(rate_per_s=10.0, max_in_flight=10),
)


def test_a_check_reports_every_problem_with_its_place_value_and_remedy() -> None:
    assert list(format_check(CHECKED, keep_plain)) == [
        "term.csv: CSV, UTF-8, comma",
        "  user_id <- user_id",
        "",
        "4,994 rows; nothing was sent.",
        "  to send                4,990",
        "  skipped                    1",
        "  invalid                    3",
        "",
        "E101 1 row: Missing user id",
        "  -> Fill in the user_id column (the user's sourcedId).",
        '  term.csv row 7, user_id ""',
        "",
        "E104 2 rows: Unknown role",
        "  -> Use student, teacher, proctor or administrator.",
        "  term.csv row 41, Role \"pet\": 'pet' is not a role",
        "  term.csv [Fall] row 43, Role \"cat\": 'cat' is not a role",
        "",
        "S101 1 row: Duplicate of another row",
        "  -> Nothing to do: the result of the other row applies to both.",
        "  term.csv row 9: repeats row 8",
        "",
        "A run would take about 8 min 19 s at 10 requests/s.",
    ]


def test_a_check_without_a_rate_names_none() -> None:
    checked = replace(CHECKED, estimate=Estimate(None, 10))
    assert list(format_check(checked, keep_plain))[-1].endswith(" s.")


def test_a_check_says_where_a_roster_breaks_off() -> None:
    lines = list(format_check(replace(CHECKED, unreadable="term.csv row 9: quote never closed"), keep_plain))
    assert "The rest cannot be read: term.csv row 9: quote never closed" in lines


def test_the_content_of_a_roster_cannot_control_the_terminal() -> None:
    evil = found(2, "Role\x1b[2J", "\x1b]0;gone\x07\nrow 3", "E104", "seen \x9b31m")
    text = "\n".join(format_check(replace(CHECKED, problems=(evil,), readings=("\x1b[2J",)), keep_plain))
    assert not {"\x1b", "\x07", "\x9b"} & set(text)
    assert '"\\x1b]0;gone\\x07\\nrow 3"' in text
    run = replace(RUN, rosters=(RosterRef("a\x1b[2J.csv", "00ff", 1),))
    assert "\x1b" not in text_of(summary_of(run, enrolled=1))
