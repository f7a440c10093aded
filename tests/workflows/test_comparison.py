"""Rows beside what was found of them, in batches and in input order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.fakes import FakeRoster, Remembering, students
from support.harness import COLUMNS, FIRST_RUN, NOON
from support.memory_ledger import MemoryLedger

from batch_enroll.adapters.stores.verification_store import SqliteSeatBook
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import NoReply, Outcome, OutcomeKind, Reply, Seat, Seats, Settled, UserId
from batch_enroll.core.planning.row_planner import Rules
from batch_enroll.core.planning.verification import Checked, Found
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.workflows import Comparison, RosterPlanning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import SourceRow

RULES = Rules("test", FIRST_RUN, NOON.date(), Defaults())


def seat_of(row: dict[str, str]) -> Seat:
    (read,) = FakeRoster([row]).rows()
    found: list[Seat] = []
    with SqliteSeatBook() as book:
        Comparison(book, Remembering()).read([read], RULES)
        key = book.wanted(UserId(row["user_id"]))[0].key
        found.append(Seat("e", key.course_id, key.school_id, key.role))
    return found[0]


def test_rows_whose_seat_is_not_there_have_failed_however_many_there_are() -> None:
    rows = [*students(1_300), {"user_id": "", "course_id": "c"}, students(1)[0]]
    roster, ledger, sink = FakeRoster(rows), MemoryLedger(lambda: NOON), Remembering()
    ledger.begin(RunRecord(FIRST_RUN, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
    planning = RosterPlanning(roster, RULES, ledger)
    while batch := planning.next_batch(None):
        sent = [row for row in batch if row.request is not None]
        done = Outcome(OutcomeKind.ENROLLED, status=201)
        ledger.settle(FIRST_RUN, [Settled(row.row_no, row.request.key, done) for row in sent if row.request])
    with SqliteSeatBook() as book:
        comparison = Comparison(book, sink)
        comparison.read(roster.rows(), RULES)
        for user in comparison.unsettled():
            comparison.heard(user, Reply(404) if user != "u7" else Seats((seat_of(students(7)[6]),)))
        assert comparison.take_back(ledger, FIRST_RUN) == 1_299
        told: list[tuple[SourceRow | None, Checked]] = []
        counts = comparison.write(roster.rows(), lambda row, checked: told.append((row, checked)))
    kinds = [line.outcome.kind for line in ledger.results(FIRST_RUN)]
    assert kinds.count(OutcomeKind.FAILED) == 1_299
    assert kinds[6] is OutcomeKind.ENROLLED
    assert counts == {Found.MISSING: 1_300, Found.CONFIRMED: 1, Found.NOT_CHECKED: 1}
    assert [row.fields.get("user_id") for row, _ in told if row is not None] == [row["user_id"] for row in rows]
    assert told[-2][1].found is Found.NOT_CHECKED
    looks: Sequence[LookingUp] = sink.of(LookingUp)
    assert 100 <= len(looks) <= 110
    assert (looks[-1].what, looks[-1].total, looks[-1].unit) == ("seats", 1_300, "users")


def test_what_was_not_told_stays_open() -> None:
    with SqliteSeatBook() as book:
        comparison = Comparison(book, Remembering())
        comparison.read(FakeRoster(students(2)).rows(), RULES)
        comparison.heard(UserId("u1"), Reply(403))
        comparison.heard(UserId("u2"), NoReply("no answer in time", sent=True))
        assert [checked.found for checked in book.rows()] == [Found.NO_ANSWER] * 2
