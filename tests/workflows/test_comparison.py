"""Rows beside what was found of them, in batches and in input order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.fakes import FakeRoster, Remembering, students
from support.harness import COLUMNS, FIRST_RUN, NOON
from support.memory_ledger import MemoryLedger

from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import (
    NoReply,
    Outcome,
    OutcomeKind,
    Reply,
    ServerEnrollment,
    SettledRow,
    UserEnrollments,
    UserId,
)
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.planning.verification import CheckedRow, VerificationStatus
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.workflows import BatchPlanner, Comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import SourceRow

RULES = PlanSettings("test", FIRST_RUN, NOON.date(), Defaults())


def seat_of(row: dict[str, str]) -> ServerEnrollment:
    (read,) = FakeRoster([row]).rows()
    found: list[ServerEnrollment] = []
    with SqliteVerificationStore() as book:
        Comparison(book, Remembering()).read([read], RULES)
        key = book.wanted(UserId(row["user_id"]))[0].key
        found.append(ServerEnrollment("e", key.course_id, key.school_id, key.role))
    return found[0]


def test_rows_whose_seat_is_not_there_have_failed_however_many_there_are() -> None:
    rows = [*students(1_300), {"user_id": "", "course_id": "c"}, students(1)[0]]
    roster, ledger, sink = FakeRoster(rows), MemoryLedger(lambda: NOON), Remembering()
    ledger.begin(RunRecord(FIRST_RUN, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
    planning = BatchPlanner(roster, RULES, ledger)
    while batch := planning.next_batch(None):
        sent = [row for row in batch if row.request is not None]
        done = Outcome(OutcomeKind.ENROLLED, status=201)
        ledger.settle(FIRST_RUN, [SettledRow(row.row_no, row.request.key, done) for row in sent if row.request])
    with SqliteVerificationStore() as book:
        comparison = Comparison(book, sink)
        comparison.read(roster.rows(), RULES)
        for user in comparison.unsettled():
            comparison.heard(user, Reply(404) if user != "u7" else UserEnrollments((seat_of(students(7)[6]),)))
        assert comparison.mark_failed(ledger, FIRST_RUN) == 1_299
        told: list[tuple[SourceRow | None, CheckedRow]] = []
        counts = comparison.write(roster.rows(), lambda row, checked: told.append((row, checked)))
    kinds = [line.outcome.kind for line in ledger.results(FIRST_RUN)]
    assert kinds.count(OutcomeKind.FAILED) == 1_299
    assert kinds[6] is OutcomeKind.ENROLLED
    assert counts == {
        VerificationStatus.MISSING: 1_300,
        VerificationStatus.CONFIRMED: 1,
        VerificationStatus.NOT_CHECKED: 1,
    }
    assert [row.fields.get("user_id") for row, _ in told if row is not None] == [row["user_id"] for row in rows]
    assert told[-2][1].found is VerificationStatus.NOT_CHECKED
    looks: Sequence[LookingUp] = sink.of(LookingUp)
    assert 100 <= len(looks) <= 110
    assert (looks[-1].what, looks[-1].total, looks[-1].unit) == ("enrollments", 1_300, "users")


def test_what_was_not_told_stays_open() -> None:
    with SqliteVerificationStore() as book:
        comparison = Comparison(book, Remembering())
        comparison.read(FakeRoster(students(2)).rows(), RULES)
        comparison.heard(UserId("u1"), Reply(403))
        comparison.heard(UserId("u2"), NoReply("no answer in time", sent=True))
        assert [checked.found for checked in book.rows()] == [VerificationStatus.NO_ANSWER] * 2
