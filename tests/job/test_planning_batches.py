"""How many rows are read and claimed at once."""

from __future__ import annotations

from fakes import FakeRoster, students
from fakes_ledger import MemoryLedger
from harness import COLUMNS, NOON

from batch_enroll.core.intake import Defaults
from batch_enroll.core.model import Outcome, OutcomeKind, RunId, RunRecord, Settled
from batch_enroll.core.plan import Rules
from batch_enroll.job import RosterPlanning


def batches(ledger: MemoryLedger, run_id: RunId, rows: int) -> list[int]:
    """The sizes of the batches of a run; every row that would be sent is enrolled."""
    ledger.begin(RunRecord(run_id, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
    planning = RosterPlanning(FakeRoster(students(rows)), Rules("test", run_id, NOON.date(), Defaults()), ledger)
    sizes = []
    while planned := planning.next_batch(None):
        sizes.append(len(planned))
        wanted = [row.request for row in planned if row.request is not None]
        ledger.settle(run_id, [Settled(one.row_no, one.key, Outcome(OutcomeKind.ENROLLED)) for one in wanted])
    return sizes


def test_the_first_batch_is_small_and_rows_to_be_sent_are_never_claimed_by_thousands() -> None:
    assert batches(MemoryLedger(lambda: NOON), RunId("r1"), 1_200) == [64, 500, 500, 136]


def test_batches_grow_while_nothing_is_to_be_sent_and_shrink_at_the_first_new_row() -> None:
    ledger = MemoryLedger(lambda: NOON)
    batches(ledger, RunId("r1"), 9_000)
    assert batches(ledger, RunId("r2"), 10_700) == [64, 128, 256, 512, 1024, 2048, 4000, 2668]


def test_after_a_new_row_batches_are_of_the_usual_size() -> None:
    ledger = MemoryLedger(lambda: NOON)
    batches(ledger, RunId("r1"), 64)
    assert batches(ledger, RunId("r2"), 800) == [64, 128, 500, 108]
