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


def test_the_first_batch_is_small_so_that_the_first_request_leaves_early() -> None:
    assert batches(MemoryLedger(lambda: NOON), RunId("r1"), 1_200) == [64, 500, 500, 136]


def test_batches_grow_up_to_a_thousand_while_nothing_is_to_be_sent() -> None:
    ledger = MemoryLedger(lambda: NOON)
    batches(ledger, RunId("r1"), 4_000)
    assert batches(ledger, RunId("r2"), 4_000) == [64, 128, 256, 512, 1_000, 1_000, 1_000, 40]


def test_after_a_new_row_batches_are_of_the_usual_size() -> None:
    ledger = MemoryLedger(lambda: NOON)
    batches(ledger, RunId("r1"), 64)
    assert batches(ledger, RunId("r2"), 800) == [64, 128, 500, 108]
