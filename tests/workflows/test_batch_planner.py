"""How many rows are read and claimed at once."""

from __future__ import annotations

from support.fakes import FakeRoster, students
from support.harness import COLUMNS, NOON
from support.memory_ledger import MemoryLedger

from batch_enroll.core.model import Outcome, OutcomeKind, RunId, SettledRow
from batch_enroll.core.planning.row_planner import PlanSettings
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RunRecord
from batch_enroll.workflows import BatchPlanner


def batches(ledger: MemoryLedger, run_id: RunId, rows: int) -> list[int]:
    """The sizes of the batches of a run; every row that would be sent is enrolled."""
    ledger.begin(RunRecord(run_id, "test", "https://api.test", "test", COLUMNS, NOON, "runs"))
    planning = BatchPlanner(FakeRoster(students(rows)), PlanSettings("test", run_id, NOON.date(), Defaults()), ledger)
    sizes = []
    while planned := planning.next_batch(None):
        sizes.append(len(planned))
        wanted = [row.request for row in planned if row.request is not None]
        ledger.settle(run_id, [SettledRow(one.row_no, one.key, Outcome(OutcomeKind.ENROLLED)) for one in wanted])
    return sizes


def test_batches_begin_small_and_double_up_to_a_thousand_whether_or_not_there_is_something_to_send() -> None:
    ledger = MemoryLedger(lambda: NOON)
    sizes = [64, 128, 256, 512, 1_000, 1_000, 1_000, 40]
    assert batches(ledger, RunId("r1"), 4_000) == sizes
    assert batches(ledger, RunId("r2"), 4_000) == sizes
