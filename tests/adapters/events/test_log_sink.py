"""Log records: what is in them, what never is, and that a log never harms a run."""

from __future__ import annotations

import io
import json
import logging
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import structlog

from batch_enroll.adapters.events.log_sink import LogSink
from batch_enroll.core.events import (
    AttemptFailed,
    Event,
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
from batch_enroll.core.run_record import Requests, RosterRef, RunRecord

RUN = RunRecord(
    run_id=RunId("run-1"),
    environment="staging",
    base_url="https://enroll.example.org",
    scope="https://enroll.example.org",
    columns=("user_id",),
    started_at=datetime(2025, 9, 1, tzinfo=UTC),
    folder="/home/ada/runs",
    rosters=(RosterRef("/home/ada/class of ada.csv", "00ff", 3),),
    requests=Requests(sent=5, retried=2, throttled=1),
    exit_status=1,
    ending="stopped for ada@example.org",
)
WELL = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201, enrollment_id="seat-of-ada")
REFUSED = Outcome(OutcomeKind.REJECTED, "E201", "user ada@example.org not found", 1, 404, "seat-of-ada")
EVERY_EVENT: tuple[Event, ...] = (
    LookingUp("users by e-mail", 0, 60),
    LookingUp("users by e-mail", 30, 60),
    RunStarted(RUN, 3),
    RowsRead(3, 1),
    TokenRenewed(3600.04),
    RowSettled(1, WELL, 0.2),
    AttemptFailed(2, 1, "HTTP 429", 1.23456),
    PaceChanged(5, None, 2.0, "throttled"),
    RowSettled(2, REFUSED, 0.25),
    Stopping("interrupted"),
    ReportFailed("report.html", "No space left on device", "batch-enroll report run-1"),
    RunEnded(RUN),
)


def noon() -> datetime:
    return datetime(2025, 9, 1, 12, tzinfo=UTC)


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


class Full(io.StringIO):
    """A disk with no room left."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    def write(self, text: str, /) -> int:
        self.tries += 1
        raise OSError(28, "No space left on device", text)


def test_the_run_folder_gets_a_json_line_for_each_event_worth_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogSink(path, None, None, noon, run_id="run-1") as sink:
        for event in EVERY_EVENT:
            sink.emit(event)
    written = records(path.read_text(encoding="utf-8"))
    assert [record["event"] for record in written] == [
        "looking_up",
        "run_started",
        "token_renewed",
        "attempt_failed",
        "pace_changed",
        "row_settled",
        "stopping",
        "report_failed",
        "run_ended",
    ]
    assert {record["run_id"] for record in written} == {"run-1"}
    assert {record["timestamp"] for record in written} == {"2025-09-01T12:00:00.000Z"}
    assert written[5] == {
        "timestamp": "2025-09-01T12:00:00.000Z",
        "level": "warning",
        "event": "row_settled",
        "run_id": "run-1",
        "row_no": 2,
        "outcome": "rejected",
        "code": "E201",
        "status": 404,
        "attempts": 1,
        "elapsed_s": 0.25,
    }
    assert written[3]["wait_s"] == 1.235
    assert [written[7][field] for field in ("report", "reason", "remedy")] == [
        "report.html",
        "No space left on device",
        "batch-enroll report run-1",
    ]
    assert (written[8]["sent"], written[8]["retried"], written[8]["throttled"], written[8]["rows"]) == (5, 2, 1, 3)


def test_rows_that_went_well_are_written_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogSink(path, None, None, noon, level=logging.DEBUG) as sink:
        for event in EVERY_EVENT:
            sink.emit(event)
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(EVERY_EVENT)


def test_rows_that_were_never_tried_are_not_written_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogSink(path, None, None, noon) as sink:
        sink.emit(RowSettled(1, Outcome(OutcomeKind.NOT_ATTEMPTED, "N101"), 0.0))
        sink.emit(RowSettled(2, Outcome(OutcomeKind.NOT_ATTEMPTED, "N101", attempts=1), 0.0))
    assert [record["row_no"] for record in records(path.read_text(encoding="utf-8"))] == [2]


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with LogSink(tmp_path / "log.jsonl", None, None, noon):
        pass
    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o600


def test_a_second_sitting_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        with LogSink(tmp_path / "log.jsonl", None, None, noon) as sink:
            sink.emit(RunStarted(RUN, 3))
    assert len((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_stderr_gets_json_lines_when_asked() -> None:
    stream = io.StringIO()
    with LogSink(None, stream, "json", noon) as sink:
        sink.emit(TokenRenewed(3600.0))
    assert records(stream.getvalue())[0]["event"] == "token_renewed"


def test_stderr_gets_lines_for_people_when_asked() -> None:
    stream = io.StringIO()
    with LogSink(None, stream, "console", noon) as sink:
        sink.emit(AttemptFailed(2, 1, "HTTP 429", 1.2))
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("2025-09-01T12:00:00.000Z [info     ] attempt_failed")
    assert "cause='HTTP 429'" in line
    assert "\x1b" not in line


def test_stderr_is_left_alone_when_not_asked() -> None:
    stream = io.StringIO()
    with LogSink(None, stream, None, noon) as sink:
        sink.emit(TokenRenewed(3600.0))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_record_tells_who_anybody_is(log_format: Literal["console", "json"], tmp_path: Path) -> None:
    path, stream = tmp_path / "log.jsonl", io.StringIO()
    with LogSink(path, stream, log_format, noon, level=logging.DEBUG) as sink:
        for event in EVERY_EVENT:
            sink.emit(event)
    assert "ada" not in path.read_text(encoding="utf-8") + stream.getvalue()


def test_a_log_that_cannot_be_written_ends_and_the_other_goes_on(tmp_path: Path) -> None:
    full, path = Full(), tmp_path / "log.jsonl"
    with LogSink(path, full, "json", noon) as sink:
        sink.emit(TokenRenewed(1.0))
        sink.emit(TokenRenewed(2.0))
    assert full.tries == 1
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_file_that_cannot_be_opened_harms_nothing(tmp_path: Path) -> None:
    stream = io.StringIO()
    with LogSink(tmp_path / "gone" / "log.jsonl", stream, "json", noon) as sink:
        sink.emit(TokenRenewed(1.0))
    assert len(records(stream.getvalue())) == 1


def test_a_full_disk_harms_nothing() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with LogSink(full, None, None, noon) as sink:
        sink.emit(TokenRenewed(1.0))
        sink.emit(TokenRenewed(2.0))


def test_the_process_keeps_its_own_structlog() -> None:
    with LogSink(None, io.StringIO(), "json", noon) as sink:
        sink.emit(TokenRenewed(1.0))
    assert not structlog.is_configured()
