"""One run from its first row to the goodbye."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING, Self

import pytest
from support.fakes import FakeRoster, Remembering, students
from support.memory_ledger import MemoryLedger

from batch_enroll import workflows
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import LedgerError, RunStoppedError
from batch_enroll.core.events import RunEnded, RunStarted
from batch_enroll.core.model import Outcome, OutcomeKind, RunId, SettledRow
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.reporting.check_summary import Estimate
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.engine import EngineResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from batch_enroll.core.model import PlannedRow, ResultRow
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.engine import BatchSource

pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
RUN_ID = RunId("r1")
RULES = PlanSettings("test", RUN_ID, NOON.date(), Defaults())
RECORD = RunRecord(RUN_ID, "test", "https://api.test", "test", ("user_id",), NOON, "runs/r1")
ENROLLED = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201)


@dataclass
class ListReport:
    """A ReportWriter into a list."""

    rows: list[ResultRow] = field(default_factory=list)
    completed: bool = False

    @property
    def files(self) -> Mapping[str, Path]:
        return {"results": Path("results.csv")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.completed = exc[0] is None

    def write(self, row: ResultRow) -> None:
        self.rows.append(row)


@dataclass
class Case:
    """A run whose sending is decided by the test."""

    roster: FakeRoster
    ending: EngineResult = field(default_factory=EngineResult)
    outcome: Outcome = ENROLLED
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(lambda: NOON))
    report: ListReport = field(default_factory=ListReport)
    sink: Remembering = field(default_factory=Remembering)
    written: list[RunSummary] = field(default_factory=list)

    async def send(self, planning: BatchSource) -> EngineResult:
        while rows := planning.next_batch(None):
            settled = [SettledRow(row.row_no, row.request.key, self.outcome) for row in rows if row.request is not None]
            self.ledger.settle(RUN_ID, settled)
        return self.ending

    def write(self, summary: RunSummary) -> RunSummary:
        self.written.append(summary)
        return summary

    async def run(
        self, *, dry: bool = False, send: Callable[[BatchSource], Awaitable[EngineResult]] | None = None
    ) -> RunSummary:
        files = {"results": Path("results.csv")}
        books = workflows.RunOutputs(self.ledger, [self.report], self.write, self.sink, lambda: NOON, files)
        return await workflows.run(RECORD, self.roster, RULES, books, None if dry else send or self.send)


async def test_every_row_read_is_one_result_in_input_order() -> None:
    case = Case(FakeRoster([*students(700), {"user_id": ""}, *students(2)]))
    summary = await case.run()
    assert summary.outcomes["enrolled"] == 700
    assert (summary.outcomes["invalid"], summary.outcomes["skipped"]) == (1, 2)
    assert [row.row_no for row in case.report.rows] == list(range(1, 704))
    assert [row.location.row for row in case.report.rows] == list(range(2, 705))
    assert case.report.completed
    assert summary.exit_status == 1


async def test_the_summary_is_written_recorded_and_told() -> None:
    case = Case(FakeRoster(students(3)), EngineResult(requests=Requests(5, 2, 1)))
    summary = await case.run()
    assert case.written == [summary]
    recorded = case.ledger.run(RUN_ID)
    assert recorded is not None
    assert (recorded.exit_status, recorded.requests, recorded.finished_at) == (0, Requests(5, 2, 1), NOON)
    assert recorded.rosters[0].rows == 3
    assert [type(event) for event in case.sink.events] == [RunStarted, RunEnded]
    assert json.dumps(summary.as_json())
    assert summary.files == {"results": "results.csv"}


async def test_a_past_run_is_told_again_from_the_ledger() -> None:
    case = Case(FakeRoster([*students(3), {"user_id": ""}]))
    summary = await case.run()
    recorded = case.ledger.run(RUN_ID)
    assert recorded is not None
    assert workflows.summarize_past_run(recorded, case.ledger, {"results": "results.csv"}) == summary


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (EngineResult(HaltReason.AUTH_REFUSED, "refused"), 4),
        (EngineResult(HaltReason.API_DOWN, "down"), 5),
        (EngineResult(HaltReason.ROSTER_UNREADABLE, "a quote"), 3),
        (EngineResult(HaltReason.INTERRUPTED, "stopped", SIGINT), 130),
        (EngineResult(HaltReason.INTERRUPTED, "stopped", SIGTERM), 143),
    ],
)
async def test_the_exit_status_says_why_a_run_ended_early(ending: EngineResult, status: int) -> None:
    case = Case(FakeRoster(students(3)), ending, Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.STOPPED))
    summary = await case.run()
    assert summary.exit_status == status
    assert summary.run.ending == ending.detail


async def test_a_run_that_was_stopped_before_its_first_row_has_a_result_for_each_and_none_was_tried() -> None:
    case = Case(FakeRoster([*students(700), {"user_id": ""}]))
    summary = await case.run(
        send=partial(workflows.hold_all_rows, EngineResult(HaltReason.DEADLINE, "its deadline had come"))
    )
    assert summary.outcomes == {**dict.fromkeys(summary.outcomes, 0), "not_attempted": 700, "invalid": 1}
    assert {row.outcome.code for row in case.report.rows} == {catalogue.DEADLINE, catalogue.MISSING_USER}
    assert (summary.exit_status, summary.run.ending) == (1, "its deadline had come")


async def test_the_first_reason_stands_where_the_roster_breaks_off_or_a_guard_would_stop_it() -> None:
    ending = EngineResult(HaltReason.INTERRUPTED, "stopped by SIGINT", SIGINT)
    summary = await Case(FakeRoster(students(9), breaks_at=5)).run(send=partial(workflows.hold_all_rows, ending))
    assert (summary.rows, summary.exit_status, summary.run.ending) == (4, 130, "stopped by SIGINT")

    class Guarded:
        asked = 0

        def next_batch(self, instead: Outcome | None) -> list[PlannedRow]:
            assert instead is not None
            self.asked += 1
            if self.asked == 1:
                raise RunStoppedError("a course takes too many")
            return []

    assert await workflows.hold_all_rows(ending, Guarded()) == EngineResult(
        HaltReason.INTERRUPTED, "stopped by SIGINT", SIGINT
    )


async def test_a_signal_after_the_last_row_changes_nothing() -> None:
    case = Case(FakeRoster(students(3)), EngineResult(HaltReason.INTERRUPTED, "stopped", SIGINT))
    assert (await case.run()).exit_status == 0


async def test_a_run_that_was_cut_off_writes_no_results_but_counts_from_the_ledger() -> None:
    ending = EngineResult(HaltReason.INTERRUPTED, "stopped", SIGINT, aborted=True)
    case = Case(FakeRoster(students(3)), ending, Outcome(OutcomeKind.UNKNOWN, catalogue.INTERRUPTED))
    summary = await case.run()
    assert case.report.rows == []
    assert summary.files == {}
    assert (summary.outcomes["unknown"], summary.exit_status) == (3, 130)


async def test_a_dry_run_sends_nothing_and_still_finds_repeats_across_batches() -> None:
    case = Case(FakeRoster([*students(900), *students(900)]))
    summary = await case.run(dry=True)
    assert (summary.outcomes["not_attempted"], summary.outcomes["skipped"]) == (900, 900)
    assert summary.exit_status == 0


async def test_a_dry_run_of_a_roster_that_breaks_off_says_where() -> None:
    summary = await Case(FakeRoster(students(9), breaks_at=5)).run(dry=True)
    assert summary.exit_status == 3
    assert "row 6" in summary.run.ending
    assert summary.rows == 4


async def test_rows_that_do_not_add_up_are_never_passed_over() -> None:
    class Forgetful(MemoryLedger):
        def results(self, run_id):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - passes it on
            return iter(list(super().results(run_id))[1:])

    case = Case(FakeRoster(students(5)), ledger=Forgetful(lambda: NOON))
    with pytest.raises(LedgerError, match="5 rows were read but the ledger holds 4"):
        await case.run()
    assert not case.report.completed
    assert case.written == []


async def test_check_names_every_row_that_would_not_be_sent() -> None:
    ended = {"user_id": "u9", "course_id": "c1", "end_date": "2026-01-31"}
    roster = FakeRoster([*students(2), *students(1), {"user_id": "u3", "course_id": "c1", "role": "wizard"}, ended])
    checked = workflows.check(RECORD, roster, RULES, MemoryLedger(lambda: NOON), Estimate(0.5, 10))
    found = [(problem.row, problem.column, problem.value, problem.code) for problem in checked.problems]
    assert found == [(4, "", "", "S101"), (5, "role", "wizard", "E104"), (6, "", "", "S102")]
    assert dict(checked.outcomes) == {"to_send": 2, "already_enrolled": 0, "skipped": 2, "invalid": 1}
    assert (checked.rows, checked.estimated_s, checked.exit_status) == (5, 4.0, 1)
    assert json.dumps(checked.as_json())


async def test_check_of_a_roster_that_breaks_off_tells_what_was_before() -> None:
    checked = workflows.check(
        RECORD, FakeRoster(students(9), breaks_at=5), RULES, MemoryLedger(lambda: NOON), Estimate(None, 10)
    )
    assert (checked.rows, checked.exit_status) == (4, 3)
    assert "row 6" in checked.unreadable
    assert checked.readings[0] == "column 'user_id': user_id"
