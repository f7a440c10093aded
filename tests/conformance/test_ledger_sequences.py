"""Any sequence of verbs and crashes: each ledger answers as the double does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.ledgers import Home, a_key, a_row, a_run, home_of, settled
from support.memory_ledger import Clock, MemoryLedger

from batch_enroll.core.model import (
    Action,
    Outcome,
    OutcomeKind,
    PlannedRow,
    RunId,
)

if TYPE_CHECKING:
    from collections.abc import Callable


SEARCH_ONLY = (Phase.explicit, Phase.generate)
NAMES = ["amy", "bob", "cem", "dag"]
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    code=st.sampled_from(["", "E201"]),
    detail=st.sampled_from(["", "näher"]),
    attempts=st.integers(0, 3),
    status=st.sampled_from([None, 201, 503]),
    enrollment_id=st.sampled_from([None, "e-1"]),
)


class SameAsTheDouble(RuleBasedStateMachine):
    """Whatever is recorded, and whenever the process dies, the ledger answers as the double does."""

    def __init__(self, home_at: Callable[[Clock], Home]) -> None:
        super().__init__()
        self.clock = Clock()
        self.double = MemoryLedger(self.clock)
        self.home = home_at(self.clock)
        self.real = self.home.open()
        self.begun = 0
        self.rows: dict[RunId, dict[int, PlannedRow]] = {}

    def nth_run(self, nth: int) -> RunId:
        return list(self.rows)[nth % len(self.rows)]

    @precondition(lambda self: self.begun < 3)
    @rule()
    def begin(self) -> None:
        run = a_run(f"run-{self.begun}", self.clock.now)
        self.begun += 1
        self.rows[run.run_id] = {}
        for ledger in (self.double, self.real):
            ledger.begin(run)

    @precondition(lambda self: self.rows)
    @rule(
        nth=st.integers(0, 2),
        row_nos=st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=4),
        names=st.permutations(NAMES),
        action=st.sampled_from(Action),
        outcome=st.none() | outcomes,
    )
    def claim(self, nth: int, row_nos: list[int], names: list[str], action: Action, outcome: Outcome | None) -> None:
        run_id = self.nth_run(nth)
        rows = [a_row(row_no, name, action) for row_no, name in zip(row_nos, names, strict=False)]
        if outcome is not None:
            rows = [*rows[1:], *(replace(row, request=None, outcome=outcome) for row in rows[:1])]
        self.rows[run_id].update({row.row_no: row for row in rows})
        for ledger in (self.double, self.real):
            ledger.claim(run_id, rows)

    @precondition(lambda self: self.rows)
    @rule(nth=st.integers(0, 2), outcome=outcomes, share=st.integers(1, 3))
    def settle(self, nth: int, outcome: Outcome, share: int) -> None:
        run_id = self.nth_run(nth)
        waiting = [row for row in self.rows[run_id].values() if row.request is not None][::share]
        for ledger in (self.double, self.real):
            ledger.settle(run_id, [settled(row, outcome) for row in waiting])

    @precondition(lambda self: self.rows)
    @rule(nth=st.integers(0, 2))
    def finish(self, nth: int) -> None:
        run = replace(a_run(self.nth_run(nth)), finished_at=self.clock.now, exit_status=0)
        for ledger in (self.double, self.real):
            begun = ledger.run(run.run_id)
            assert begun is not None
            ledger.finish(replace(run, started_at=begun.started_at))

    @rule(minutes=st.integers(0, 90))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @precondition(lambda self: self.begun > 1)
    @rule(minutes=st.integers(0, 60))
    def purge(self, minutes: int) -> None:
        older_than = self.clock.now - timedelta(minutes=minutes)
        assert self.double.purge(older_than) == self.real.purge(older_than)
        self.rows = {run_id: rows for run_id, rows in self.rows.items() if self.double.run(run_id) is not None}

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def ask(self, names: set[str]) -> None:
        keys = [a_key(name) for name in sorted(names)]
        assert self.real.known(keys) == self.double.known(keys)

    @rule()
    def reopen(self) -> None:
        self.real.close()
        self.real = self.home.open()

    @rule()
    def crash(self) -> None:
        self.real = self.home.crash(self.real)

    @invariant()
    def gives_the_same_answers(self) -> None:
        assert list(self.real.runs()) == list(self.double.runs())
        for run_id, rows in self.rows.items():
            results = list(self.real.results(run_id))
            assert [each.row_no for each in results] == sorted(rows)
            assert results == list(self.double.results(run_id))
            assert list(self.real.unsettled(run_id)) == list(self.double.unsettled(run_id))

    def teardown(self) -> None:
        self.ask(set(NAMES))
        self.real.close()


# A remote ledger takes milliseconds a verb: fewer examples, and a failure is not shrunk there.
@pytest.mark.parametrize(("kind", "examples", "phases"), [("sqlite", 25, tuple(Phase)), ("postgres", 6, SEARCH_ONLY)])
def test_any_sequence_of_verbs_and_crashes_gives_the_doubles_answers(
    kind: str,
    examples: int,
    phases: tuple[Phase, ...],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    class Here(SameAsTheDouble):
        def __init__(self) -> None:
            super().__init__(lambda clock: home_of(kind, clock, request, tmp_path_factory.mktemp("ledger")))

    run_state_machine_as_test(
        Here, settings=settings(max_examples=examples, stateful_step_count=20, phases=phases, deadline=None)
    )
