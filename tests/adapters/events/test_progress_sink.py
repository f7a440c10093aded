"""The progress display: what it says, where it keeps quiet, and that it never harms a run."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch_enroll.adapters.events.progress_sink import ProgressSink
from batch_enroll.core.events import (
    AttemptFailed,
    LookingUp,
    PaceChanged,
    ReportFailed,
    RowSettled,
    RowsRead,
    RunEnded,
    RunStarted,
    Stopping,
    TokenRenewed,
)
from batch_enroll.core.model import Outcome, OutcomeKind, RunId
from batch_enroll.core.run_record import RunRecord

RUN = RunRecord(
    run_id=RunId("run-1"),
    environment="staging",
    base_url="https://enroll.example.org",
    scope="https://enroll.example.org",
    columns=("user_id",),
    started_at=datetime(2025, 9, 1, tzinfo=UTC),
    folder="runs/run-1",
)
WELL = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201, enrollment_id="seat-of-ada")
UNKNOWN_USER = Outcome(OutcomeKind.REJECTED, "E201", "user <user> not found for ada@example.org", 1, 404)
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Closed(io.StringIO):
    """A terminal that went away."""

    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


def settle(sink: ProgressSink, clock: Clock, outcome: Outcome, rows: int, *, each_s: float) -> None:
    for row_no in range(rows):
        clock.now += each_s
        sink.emit(RowSettled(row_no, outcome, 0.1))


def frames(text: str) -> list[str]:
    """The lines that were drawn, without colours and movements."""
    return [line.rstrip() for line in re.split(r"[\r\n]+", CONTROLS.sub("", text)) if line.strip()]


def played(stream: io.StringIO, clock: Clock, sink: ProgressSink) -> str:
    """A run of 1,000 rows, watched until it is nearly done."""
    sink.emit(RunStarted(RUN, 1000))
    sink.emit(RowsRead(500, 0))
    settle(sink, clock, WELL, 300, each_s=0.01)
    sink.emit(AttemptFailed(7, 1, "HTTP 429", 1.0))
    sink.emit(AttemptFailed(8, 1, "timeout", 1.0))
    sink.emit(PaceChanged(4, 5.0, 30.0, "throttled"))
    settle(sink, clock, UNKNOWN_USER, 100, each_s=0.01)
    settle(sink, clock, Outcome(OutcomeKind.INVALID, "E101"), 3, each_s=0.01)
    settle(sink, clock, Outcome(OutcomeKind.FAILED, "E301"), 2, each_s=0.01)
    settle(sink, clock, Outcome(OutcomeKind.UNKNOWN, "E401"), 1, each_s=0.3)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_terminal_shows_count_speed_and_the_three_most_frequent_causes(width: int) -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=True, width=width) as sink:
        drawn = frames(played(stream, clock, sink))
    last = "\n".join(drawn[-8:])
    for part in ("406 of about 1,000 rows", "rows/s", "ETA 0:0", "in flight 4", "throttled 1", "not enrolled 106"):
        assert part in last
    assert "paused " in last
    causes = [line.strip().split("  ")[:1] + line.strip().split("  ")[1:2] for line in drawn[-3:]]
    assert [(count, cause[:4]) for count, cause in causes] == [("100", "E201"), ("3", "E101"), ("2", "E301")]
    assert max(map(len, drawn)) <= width


def test_the_display_is_drawn_at_most_five_times_a_second_and_leaves_one_line_behind() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=True, width=80) as sink:
        sink.emit(RunStarted(RUN, 1000))
        settle(sink, clock, WELL, 1000, each_s=0.002)
        looks = stream.getvalue().count("rows/s")
        sink.emit(RunEnded(RUN))
    assert 8 <= looks <= 12
    assert frames(stream.getvalue())[-1] == "1,000 rows in 0:02, 500.0 rows/s"


def test_elsewhere_one_plain_line_is_written_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, 100))
        sink.emit(RowsRead(100, 0))
        settle(sink, clock, WELL, 25, each_s=1.0)
        sink.emit(RunEnded(RUN))
    assert stream.getvalue().splitlines() == [
        "10 of about 100 rows, 1.0 rows/s, ETA 1:30, in flight 10, throttled 0",
        "20 of about 100 rows, 1.0 rows/s, ETA 1:20, in flight 10, throttled 0",
        "25 rows in 0:25, 1.0 rows/s",
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_ids_that_are_looked_up_first_are_seen_to_be(*, is_terminal: bool) -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=is_terminal, width=80) as sink:
        sink.emit(TokenRenewed(3600.0))
        for asked in range(31):
            clock.now += 1.0
            sink.emit(LookingUp("users by e-mail", asked, 60))
        assert "looking up users by e-mail: 30 of 60" in (drawn := CONTROLS.sub("", stream.getvalue()))
        assert "1.0 names/s" in drawn
        assert "ETA 0:30" in drawn
        sink.emit(LookingUp("courses by title", 0, 2))
        sink.emit(RunStarted(RUN, 100))
        settle(sink, clock, WELL, 25, each_s=1.0)
        sink.emit(RunEnded(RUN))
    assert "20 of about 100 rows" in stream.getvalue()
    assert frames(stream.getvalue())[-1] == "25 rows in 0:25, 1.0 rows/s"


def test_a_roster_of_unknown_length_has_no_eta() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, None))
        settle(sink, clock, WELL, 10, each_s=1.0)
    assert stream.getvalue() == "10 rows, 1.0 rows/s, in flight 0, throttled 0\n"


def test_an_estimate_that_was_too_low_is_no_longer_told() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=True, width=80) as sink:
        sink.emit(RunStarted(RUN, 5))
        settle(sink, clock, WELL, 10, each_s=1.0)
    assert "10 rows" in frames(stream.getvalue())[-2]
    assert "ETA" not in frames(stream.getvalue())[-1]


def test_an_hour_is_written_as_one() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, 7400))
        settle(sink, clock, WELL, 10, each_s=1.0)
    assert "ETA 2:03:10" in stream.getvalue()


def test_a_dry_run_has_no_speed_to_tell() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, 100))
        sink.emit(RunEnded(replace(RUN, dry_run=True)))
    assert stream.getvalue() == ""


def test_stopping_is_told_at_once() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, 100))
        sink.emit(Stopping("api_down"))
    assert "Stopping: the API is down." in stream.getvalue()


def test_stopping_while_ids_are_looked_up_finishes_nothing_that_is_in_flight() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(LookingUp("users by e-mail", 3, 100))
        sink.emit(Stopping("deadline"))
    assert "looked up no further and nothing is sent" in stream.getvalue()


def test_rows_that_were_never_tried_count_neither_as_done_nor_as_failed() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock) as sink:
        sink.emit(RunStarted(RUN, 500))
        settle(sink, clock, WELL, 3, each_s=1.0)
        sink.emit(Stopping("interrupted"))
        settle(sink, clock, Outcome(OutcomeKind.NOT_ATTEMPTED, "N101"), 400, each_s=0.0)
        sink.emit(RunEnded(RUN))
    assert "not enrolled" not in stream.getvalue()
    assert stream.getvalue().splitlines()[-1] == "3 rows in 0:03, 1.0 rows/s"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet_says_nothing_at_all(*, is_terminal: bool) -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, quiet=True, is_terminal=is_terminal, width=80) as sink:
        played(stream, clock, sink)
        sink.emit(TokenRenewed(3600.0))
        sink.emit(RunEnded(RUN))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_report_that_could_not_be_written_has_its_line_after_the_display(*, is_terminal: bool, quiet: bool) -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, quiet=quiet, is_terminal=is_terminal, width=80) as sink:
        played(stream, clock, sink)
        before = len(stream.getvalue())
        clock.now += 60.0
        sink.emit(ReportFailed("report.html", "No space left on device", "batch-enroll report run-1"))
        sink.emit(RunEnded(RUN))
    after = CONTROLS.sub("", stream.getvalue()[before:]).replace("\r", "\n").split("\n")
    said = [line for line in after if line][-1 if quiet else -2 :]
    line = "report.html could not be written (No space left on device); get it with: batch-enroll report run-1"
    assert said == ([line] if quiet else [line, "406 rows in 1:04, 6.3 rows/s"])


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_stream_that_cannot_be_written_to_harms_nothing(*, is_terminal: bool) -> None:
    stream, clock = Closed(), Clock()
    with ProgressSink(stream, clock, is_terminal=is_terminal, width=80) as sink:
        played(stream, clock, sink)
        settle(sink, clock, WELL, 20, each_s=1.0)
        sink.emit(RunEnded(RUN))


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=True, width=80) as sink:
        played(stream, clock, sink)
        sink.emit(RunEnded(RUN))
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_neither_details_nor_ids_are_shown(*, is_terminal: bool) -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressSink(stream, clock, is_terminal=is_terminal, width=200) as sink:
        played(stream, clock, sink)
        sink.emit(RunEnded(RUN))
    assert "ada" not in stream.getvalue()
