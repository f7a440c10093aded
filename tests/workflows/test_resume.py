"""A run that was cut short, gone on with from its roster and its ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from signal import SIGINT
from typing import TYPE_CHECKING

import pytest
from support.fakes import FakeRoster, Remembering, students
from support.memory_ledger import MemoryLedger

from batch_enroll import workflows
from batch_enroll.adapters.rosters.recorded_roster import RecordedRoster
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RosterError, UsageError
from batch_enroll.core.model import (
    SUCCESS_KINDS,
    Action,
    Outcome,
    OutcomeKind,
    RowLocation,
    RunId,
    SettledRow,
    SourceRow,
)
from batch_enroll.core.planning.resume_planner import TO_RESUME, TO_RETRY
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import Requests, RosterRef, RunRecord
from batch_enroll.core.verdict.attempt_state import HaltReason
from batch_enroll.engine import EngineResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.model import EnrollmentRequest, PlannedRow
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.engine import BatchSource

pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
RUN_ID = RunId("r1")
RULES = PlanSettings("test", RUN_ID, NOON.date(), Defaults())
COLUMNS = ("user_id", "course_id", "school_id")
REFS = (RosterRef("typed/term.csv", "0" * 64, 0),)
RECORD = RunRecord(RUN_ID, "test", "https://api.test", "test", COLUMNS, NOON, "runs/r1", REFS, Requests(7, 2, 1))
ENROLLED = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201)
STOPPED = Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.STOPPED)
FAILED = Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, attempts=6, status=503)


@dataclass
class Past:
    """A run whose first rows were claimed and settled with given outcomes (None: never settled); then it died."""

    roster: FakeRoster
    outcomes: list[Outcome | None]
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(lambda: NOON))
    sent: list[EnrollmentRequest] = field(default_factory=list)
    written: list[RunSummary] = field(default_factory=list)
    ending: EngineResult = field(default_factory=lambda: EngineResult(requests=Requests(3, 1, 0)))

    def __post_init__(self) -> None:
        self.ledger.begin(RECORD)
        first = FakeRoster(self.roster.fields[: len(self.outcomes)])
        rows = workflows.BatchPlanner(first, RULES, self.ledger).next_batch(None)
        settled = [
            SettledRow(row.row_no, row.request.key, outcome)
            for row, outcome in zip(rows, self.outcomes, strict=True)
            if row.request is not None and outcome is not None
        ]
        self.ledger.settle(RUN_ID, settled)

    def write(self, summary: RunSummary) -> RunSummary:
        self.written.append(summary)
        return summary

    async def send(self, planning: BatchSource) -> EngineResult:
        while rows := planning.next_batch(None):
            self.take(rows)
        return self.ending

    def take(self, rows: Sequence[PlannedRow]) -> None:
        requests = [row.request for row in rows if row.request is not None]
        self.sent.extend(requests)
        self.ledger.settle(RUN_ID, [SettledRow(request.row_no, request.key, ENROLLED) for request in requests])

    async def go_on(
        self, again: frozenset[OutcomeKind] = TO_RESUME, rows: workflows.Rows | None = None, *, changes: bool = False
    ) -> workflows.ResumeResult:
        source = self.roster if rows is None else rows
        books = workflows.RunOutputs(self.ledger, [], self.write, Remembering(), lambda: NOON, {})
        planning = workflows.ResumePlanner(source, RULES, self.ledger, again, changes=changes)
        return await workflows.resume_run(RECORD, source, books, planning, self.send)

    def kinds(self) -> list[str]:
        return [row.outcome.kind.value for row in self.ledger.results(RUN_ID)]


async def test_what_was_claimed_not_attempted_or_never_read_is_gone_on_with() -> None:
    past = Past(FakeRoster(students(6)), [ENROLLED, None, STOPPED, FAILED])
    done = await past.go_on()
    assert [(one.row_no, one.action, one.sent_before) for one in past.sent] == [
        (2, Action.LOOK_UP, True),
        (3, Action.ENROLL, False),
        (5, Action.ENROLL, False),
        (6, Action.ENROLL, False),
    ]
    assert past.kinds() == ["enrolled", "enrolled", "enrolled", "failed", "enrolled", "enrolled"]
    assert (done.had_work, done.summary.exit_status, done.summary.rows) == (True, 1, 6)


async def test_retry_takes_what_failed_and_attempts_and_requests_add_up() -> None:
    past = Past(FakeRoster(students(3)), [ENROLLED, FAILED, ENROLLED])
    done = await past.go_on(TO_RETRY)
    assert [one.row_no for one in past.sent] == [2]
    assert [row.outcome.attempts for row in past.ledger.results(RUN_ID)] == [1, 7, 1]
    assert done.summary.run.requests == Requests(10, 3, 1)
    assert done.summary.run.started_at == RECORD.started_at
    assert done.summary.run.rosters == (RosterRef("typed/term.csv", "0" * 64, 3),)


async def test_with_nothing_left_nothing_is_planned() -> None:
    past = Past(FakeRoster(students(2)), [ENROLLED, FAILED])
    done = await past.go_on()
    assert (past.sent, done.had_work, done.summary.exit_status) == ([], False, 1)


async def test_a_roster_that_still_breaks_off_is_no_success() -> None:
    past = Past(FakeRoster(students(4), breaks_at=3), [ENROLLED, STOPPED])
    planning = workflows.ResumePlanner(past.roster, RULES, past.ledger, TO_RESUME)
    past.take(planning.next_batch(None))
    with pytest.raises(RosterError, match="row 4"):
        planning.next_batch(None)
    assert past.kinds() == ["enrolled", "enrolled"]


async def test_a_run_that_stops_again_keeps_what_was_recorded_and_holds_back_only_what_was_never_read() -> None:
    past = Past(FakeRoster(students(4)), [None, FAILED, ENROLLED])
    planning = workflows.ResumePlanner(past.roster, RULES, past.ledger, TO_RETRY)
    assert [row.row_no for row in planning.next_batch(STOPPED)] == [4]
    assert past.kinds() == ["unknown", "failed", "enrolled", "not_attempted"]
    assert planning.count_rows() == 4


async def test_a_run_cut_off_at_once_still_counts_all_its_rows() -> None:
    past = Past(FakeRoster(students(5)), [ENROLLED] * 4)

    async def cut(_: BatchSource) -> EngineResult:
        return EngineResult(HaltReason.INTERRUPTED, "stopped", SIGINT, aborted=True)

    books = workflows.RunOutputs(past.ledger, [], past.write, Remembering(), lambda: NOON, {})
    planning = workflows.ResumePlanner(past.roster, RULES, past.ledger, TO_RESUME)
    done = await workflows.resume_run(RECORD, past.roster, books, planning, cut)
    assert (done.summary.rows, done.had_work) == (4, True)


async def test_the_run_is_open_while_it_goes_on() -> None:
    past = Past(FakeRoster(students(1)), [STOPPED])
    seen: list[RunRecord | None] = []

    async def watch(planning: BatchSource) -> EngineResult:
        seen.append(past.ledger.run(RUN_ID))
        return await past.send(planning)

    books = workflows.RunOutputs(past.ledger, [], past.write, Remembering(), lambda: NOON, {})
    planning = workflows.ResumePlanner(past.roster, RULES, past.ledger, TO_RESUME)
    await workflows.resume_run(RECORD, past.roster, books, planning, watch)
    assert seen[0] is not None
    assert seen[0].finished_at is None
    ended = past.ledger.run(RUN_ID)
    assert ended is not None
    assert (ended.finished_at, ended.exit_status) == (NOON, 0)


async def test_changed_rows_are_read_anew_unless_they_were_enrolled() -> None:
    past = Past(FakeRoster(students(3)), [ENROLLED, FAILED, FAILED])
    fields = [{**row, "user_id": row["user_id"] + "-new"} for row in past.roster.fields[:2]]
    past.roster = FakeRoster([*fields, past.roster.fields[2]])
    await past.go_on(TO_RESUME, changes=True)
    assert [(one.row_no, one.key.user_id) for one in past.sent] == [(2, "u2-new")]
    assert [row.cells[0] for row in past.ledger.results(RUN_ID)] == ["u1", "u2-new", "u3"]


async def test_a_row_mended_before_a_crash_stays_mended() -> None:
    past = Past(FakeRoster(students(2)), [ENROLLED, FAILED])
    mended = Mended([{"user_id": "u2-mended", "course_id": "c1", "enroll_row": "3"}])
    corrections = workflows.Corrections(mended, RECORD, past.ledger)
    workflows.ResumePlanner(corrections, RULES, past.ledger, frozenset({OutcomeKind.FAILED})).next_batch(
        None
    )  # then it dies
    recorded = RecordedRoster(RECORD, past.ledger, overrides={}).row
    planning = workflows.ResumePlanner(past.roster, RULES, past.ledger, TO_RESUME, recorded=recorded)
    past.take(planning.next_batch(None))
    assert [(one.key.user_id, one.action) for one in past.sent] == [("u2-mended", Action.LOOK_UP)]
    assert [row.cells[0] for row in past.ledger.results(RUN_ID)] == ["u1", "u2-mended"]


async def test_recorded_rows_stand_in_for_a_roster_that_cannot_be_read_again() -> None:
    past = Past(FakeRoster(students(4)), [ENROLLED, STOPPED, None])
    recorded = RecordedRoster(RECORD, past.ledger, overrides={})
    await past.go_on(rows=recorded)
    assert [(one.row_no, one.key.user_id, one.action) for one in past.sent] == [
        (2, "u2", Action.ENROLL),
        (3, "u3", Action.LOOK_UP),
    ]
    assert past.kinds() == ["enrolled"] * 3
    assert (recorded.columns, recorded.estimated_rows, recorded.describe()[0]) == (COLUMNS, None, ("user_id",) * 2)


class Mended(FakeRoster):
    """Lines of a results file: `enroll_row` and `enroll_roster` beside the columns."""

    def rows(self) -> Iterator[SourceRow]:
        for row in super().rows():
            yield SourceRow(RowLocation("mended.csv", row.location.row), row.cells, row.fields)


async def test_corrections_replace_the_cells_of_rows_to_fix_and_leave_all_others() -> None:
    past = Past(FakeRoster(students(4)), [ENROLLED, FAILED, FAILED, ENROLLED])
    lines = [
        {"user_id": "u3-mended", "course_id": "c1", "enroll_row": "4"},
        {"user_id": "u1-changed", "course_id": "c1", "enroll_row": "2", "enroll_roster": "term.csv"},
    ]
    columns = ("note", "school_id", "course_id", "user_id")
    corrections = workflows.Corrections(Mended(lines, columns=columns), RECORD, past.ledger)
    await past.go_on(frozenset(OutcomeKind) - SUCCESS_KINDS, corrections)
    assert [(one.row_no, one.key.user_id) for one in past.sent] == [(3, "u3-mended")]
    assert [row.cells for row in past.ledger.results(RUN_ID)][2] == ("u3-mended", "c1", "")
    assert [row.location.row for row in past.ledger.results(RUN_ID)] == [2, 3, 4, 5]
    assert corrections.notes == ("changed but enrolled or skipped before, so kept as recorded: 1 (mended.csv row 3)",)
    assert (corrections.estimated_rows, corrections.refs()) == (2, REFS)


@pytest.mark.parametrize(
    ("lines", "columns", "told"),
    [
        ([{"user_id": "u1"}], COLUMNS, "mended.csv row 2 does not say which row it corrects"),
        (
            [{"enroll_row": "2"}, {"enroll_row": "2"}],
            COLUMNS,
            "mended.csv row 2 and mended.csv row 3 correct the same row",
        ),
        (
            [{"enroll_row": "9"}, {"enroll_row": "8"}],
            COLUMNS,
            r"row 2 \(and 1 more rows\) corrects row 9 of the roster",
        ),
        (
            [{"enroll_row": "2", "enroll_roster": "x.csv"}],
            COLUMNS,
            "corrects row 2 of x.csv, but run r1 has no such row",
        ),
        (
            [{"enroll_row": "2"}],
            ("user_id",),
            'columns of the roster are missing from the corrections: "course_id", "school_id"',
        ),
    ],
)
async def test_corrections_that_cannot_be_matched_are_refused_whole(
    lines: list[dict[str, str]], columns: tuple[str, ...], told: str
) -> None:
    past = Past(FakeRoster(students(2)), [FAILED, FAILED])
    with pytest.raises(UsageError, match=told):
        workflows.Corrections(Mended(lines, columns=columns), RECORD, past.ledger)
