"""What is left of a run's own work."""

from __future__ import annotations

from dataclasses import replace

from support.harness import COLUMNS, NOON
from support.memory_ledger import MemoryLedger

from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Role,
    RowLocation,
    RunId,
    SchoolId,
    SettledRow,
    UserId,
)
from batch_enroll.core.run_record import RunRecord
from batch_enroll.workflows.undo import UNDO, UNDONE, find_created, find_undo, is_unfinished

FIRST, SECOND = RunId("r1"), RunId("r2")
RECORD = RunRecord(FIRST, "test", "https://api.test", "test", COLUMNS, NOON, "runs")


def settle(ledger: MemoryLedger, run_id: RunId, user: str, kind: OutcomeKind, aim: Action = Action.ENROLL) -> None:
    row_no = 1 + sum(1 for _ in ledger.results(run_id))
    key = EnrollmentKey("test", UserId(user), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
    request = EnrollmentRequest(row_no, key, aim, purpose=aim)
    ledger.claim(run_id, [PlannedRow(row_no, RowLocation("term.csv", row_no + 1), (user,), request)])
    ledger.settle(run_id, [SettledRow(row_no, key, Outcome(kind), aim)])


def users(ledger: MemoryLedger) -> list[str]:
    return [request.key.user_id for request, _ in find_created(RECORD, ledger)]


def test_only_what_the_run_created_is_its_to_take_away_the_last_first() -> None:
    ledger = MemoryLedger(lambda: NOON)
    ledger.begin(RECORD)
    for nth in range(600):
        settle(ledger, FIRST, f"u{nth}", OutcomeKind.ENROLLED)
    for kind in OutcomeKind:
        if kind is not OutcomeKind.ENROLLED:
            settle(ledger, FIRST, kind.value, kind)
    assert users(ledger) == [f"u{nth}" for nth in range(599, -1, -1)]


def test_a_seat_of_which_a_later_run_has_the_last_word_is_left_alone() -> None:
    ledger = MemoryLedger(lambda: NOON)
    ledger.begin(RECORD)
    for user in ("kept", "withdrawn", "again"):
        settle(ledger, FIRST, user, OutcomeKind.ENROLLED)
    ledger.begin(replace(RECORD, run_id=SECOND))
    settle(ledger, SECOND, "withdrawn", OutcomeKind.WITHDRAWN, Action.WITHDRAW)
    settle(ledger, SECOND, "again", OutcomeKind.ALREADY_ENROLLED)
    assert users(ledger) == ["kept"]


def test_the_undo_of_a_run_is_found_and_whether_it_is_through() -> None:
    ledger = MemoryLedger(lambda: NOON)
    ledger.begin(RECORD)
    assert find_undo(FIRST, ledger) is None
    undo = replace(RECORD, run_id=SECOND, kind=UNDO, facts={UNDONE: FIRST})
    ledger.begin(undo)
    assert find_undo(FIRST, ledger) == undo
    assert is_unfinished(undo)
    ended = replace(undo, finished_at=NOON)
    assert not is_unfinished(replace(ended, outcomes={"withdrawn": 3, "skipped": 1}))
    for kind in ("not_attempted", "unknown", "failed"):
        assert is_unfinished(replace(ended, outcomes={kind: 1}))
