"""The reports people read: what they say, in what order, and that they fit a terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from batch_enroll.cli.output import Tone, coloured, plain
from batch_enroll.cli.report import check_lines, run_lines
from batch_enroll.core import catalogue
from batch_enroll.core.model import OutcomeKind, Requests, RosterRef, RunId, RunRecord
from batch_enroll.core.summary import Cause, RunSummary

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

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
    return Cause(kind.value, code, catalogue.title(code), detail, catalogue.hint(code), count, examples)


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
    return "\n".join(run_lines(summary, plain))


def test_a_run_is_told_from_the_headline_to_the_next_command() -> None:
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
        "  E201 37 rows rejected: the server does not know the user",
        "       404: user <user> not found",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90, ...",
        "       -> Create or sync the user first, or mend user_id; then run failed.csv",
        "         again.",
        "  E104 3 rows invalid: a role EduBridge does not have",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90",
        "       -> Use student, teacher, proctor or administrator.",
        "",
        "Skipped, by cause",
        "  S102 28 rows skipped: the enrollment's end date has passed",
        "       at term list.csv row 41, term list.csv row 57, term list.csv row 90, ...",
        "       -> Nothing to do; use --as-of to read the roster as on another day.",
        "",
        "Files",
        "  results   my runs/a/results.csv",
        "  failed    my runs/a/failed.csv",
        "  summary   my runs/a/summary.json",
        "",
        "Next: mend the rows, then",
        "  batch-enroll run 'my runs/a/failed.csv' --env staging",
    ]


def test_a_run_that_went_well_asks_for_nothing() -> None:
    text = text_of(summary_of(replace(RUN, exit_status=0), enrolled=1, skipped=1))
    assert "1 of 2 rows enrolled." in text
    assert "Next" not in text
    assert "by cause" not in text


def test_an_interrupted_run_says_how_to_go_on() -> None:
    run = replace(RUN, exit_status=130, ending="interrupted by Ctrl-C", environment="custom", base_url="https://x.org")
    text = text_of(summary_of(run, enrolled=1, not_attempted=9))
    assert "The run was stopped: interrupted by Ctrl-C" in text
    assert text.endswith(
        "Next: go on with what is left\n  batch-enroll run 'my runs/a/failed.csv' --base-url https://x.org"
    )


def test_a_dry_run_says_that_nothing_was_sent_and_names_the_real_one() -> None:
    text = text_of(summary_of(replace(RUN, dry_run=True, exit_status=0), not_attempted=5))
    assert "Dry run: nothing was sent." in text
    assert "enrolled." not in text
    assert text.endswith("batch-enroll run 'term list.csv' --env staging")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0 s"), (59.4, "59.4 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_times_are_told_as_people_do(seconds: float, shown: str) -> None:
    assert f"time: {shown}," in text_of(replace(FAILED, duration_s=seconds))


def test_every_line_fits_a_terminal() -> None:
    long = cause(OutcomeKind.FAILED, "E301", 2, "word " * 60)
    assert max(map(len, text_of(replace(FAILED, causes=(long,))).splitlines())) <= 80


def test_a_terminal_gets_the_same_words_in_colours() -> None:
    text = "\n".join(run_lines(FAILED, coloured))
    assert "\x1b[31m" in text
    assert coloured("x", Tone.STRONG) != coloured("x", Tone.QUIET) != coloured("x", Tone.GOOD)
    for tone in Tone:
        assert "x" in coloured("x", tone)


# A check


@dataclass(frozen=True, slots=True)
class Found:
    file: str
    row: int
    column: str
    value: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Checked:
    rows: int
    outcomes: dict[str, int]
    problems: tuple[Found, ...]
    readings: tuple[str, ...]
    estimated_s: float | None
    rate: float | None
    exit_status: int = 1

    def as_json(self) -> dict[str, Json]:
        return {"rows": self.rows}


def found(row: int, column: str, value: str, code: str, message: str) -> Found:
    return Found("term.csv", row, column, value, code, message, catalogue.hint(code))


def test_a_check_tells_every_problem_with_its_place_value_and_cure() -> None:
    checked = Checked(
        rows=5000,
        outcomes={"to send": 4990, "already_enrolled": 0, "skipped": 1, "invalid": 3},
        problems=(
            found(9, "", "", "S101", "repeats row 8"),
            found(41, "Role", "pet", "E104", "'pet' is not a role"),
            found(7, "user_id", "", "E101", "empty"),
            found(43, "Role", "cat", "E104", "'cat' is not a role"),
        ),
        readings=("term.csv: CSV, UTF-8, comma", "  user_id <- user_id"),
        estimated_s=499.0,
        rate=10.0,
    )
    assert list(check_lines(checked, plain)) == [
        "term.csv: CSV, UTF-8, comma",
        "  user_id <- user_id",
        "",
        "5,000 rows; nothing was sent.",
        "  to send                4,990",
        "  skipped                    1",
        "  invalid                    3",
        "",
        "E101 1 row: no user id",
        "  -> Fill in the user_id column (the user's sourcedId).",
        '  term.csv row 7, user_id "": empty',
        "",
        "E104 2 rows: a role EduBridge does not have",
        "  -> Use student, teacher, proctor or administrator.",
        "  term.csv row 41, Role \"pet\": 'pet' is not a role",
        "  term.csv row 43, Role \"cat\": 'cat' is not a role",
        "",
        "S101 1 row: repeats another row",
        "  -> Nothing to do: the other row stands for both.",
        "  term.csv row 9: repeats row 8",
        "",
        "A run would take about 8 min 19 s at 10 requests/s.",
    ]


def test_a_check_without_a_rate_or_an_estimate_promises_nothing() -> None:
    checked = Checked(0, {}, (), (), None, None, exit_status=0)
    assert "would take" not in "\n".join(check_lines(checked, plain))
    assert list(check_lines(replace(checked, estimated_s=2.0), plain))[-1] == "A run would take about 2.0 s."
