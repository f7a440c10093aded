"""The Ledger in memory, and what tests of ledgers need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import LedgerError
from batch_enroll.core.model import (
    Action,
    EnrollmentKey,
    EnrollmentRequest,
    EnrollmentState,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    PlannedRow,
    ResultRow,
    RowLocation,
    RunId,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from batch_enroll.core.model import SettledRow
    from batch_enroll.core.run_record import Owner, RunRecord

START = datetime(2025, 9, 1, 6, 0, tzinfo=UTC)


class Clock:
    """A wall clock that stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@dataclass(frozen=True, slots=True)
class _Line:
    planned: PlannedRow
    attempts: int
    outcome: Outcome | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Seat:
    run_id: RunId
    row_no: int
    state: EnrollmentState
    doubt: bool
    settled_at: datetime | None


class MemoryLedger:
    """A behaving double of the Ledger; closing it forgets nothing."""

    def __init__(self, utc_now: Callable[[], datetime]) -> None:
        self._utc_now = utc_now
        self._runs: dict[RunId, RunRecord] = {}
        self._lines: dict[RunId, dict[int, _Line]] = {}
        self._seats: dict[EnrollmentKey, _Seat] = {}
        self._purged: set[RunId] = set()
        self._owners: dict[str | None, Owner] = {}

    def begin(self, run: RunRecord) -> None:
        if run.run_id in self._lines or run.run_id in self._purged:
            raise LedgerError(f"run {run.run_id} was begun before")
        self._runs[run.run_id] = run
        self._lines[run.run_id] = {}

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        return {key: self._entry(self._seats[key]) for key in keys if key in self._seats}

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        lines = self._lines_of(run_id)
        for row in rows:
            before = lines[row.row_no].attempts if row.row_no in lines else 0
            tried = 0 if row.outcome is None else row.outcome.attempts
            finished_at = None if row.outcome is None else self._utc_now()
            lines[row.row_no] = _Line(row, before + tried, row.outcome, finished_at)
            if row.request is not None:
                doubt = row.request.action is Action.LOOK_UP
                self._seats[row.request.key] = _Seat(run_id, row.row_no, EnrollmentState.CLAIMED, doubt, None)

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        lines = self._lines_of(run_id)
        if any(each.row_no not in lines for each in settled):
            raise LedgerError(f"run {run_id} settles rows it never claimed")
        for each in settled:
            line = lines[each.row_no]
            lines[each.row_no] = replace(
                line,
                attempts=line.attempts + each.outcome.attempts,
                outcome=each.outcome,
                finished_at=self._utc_now(),
            )
            request = line.planned.request
            seat = None if request is None else self._seats[request.key]
            if request is not None and seat is not None and (seat.run_id, seat.row_no) == (run_id, each.row_no):
                state = _state_after(each, doubt=seat.doubt)
                self._seats[request.key] = replace(seat, state=state, settled_at=self._utc_now())

    def finish(self, run: RunRecord) -> None:
        self._lines_of(run.run_id)
        self._runs[run.run_id] = run

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        for row_no, line in sorted(self._lines_of(run_id).items()):
            outcome = line.outcome or Outcome(
                OutcomeKind.UNKNOWN, catalogue.INTERRUPTED, "the run ended before its answer was recorded"
            )
            outcome = replace(outcome, attempts=line.attempts)
            yield ResultRow(row_no, line.planned.location, line.planned.cells, outcome, line.finished_at)

    def enrolled(self, run_id: RunId) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
        for row in reversed(list(self.results(run_id))):
            request = self._lines_of(run_id)[row.row_no].planned.request
            if row.outcome.kind is OutcomeKind.ENROLLED and request is not None:
                yield replace(request, action=Action.ENROLL), row

    def unsettled(self, run_id: RunId) -> Iterator[PlannedRow]:
        for _, line in sorted(self._lines_of(run_id).items()):
            request = line.planned.request
            if line.outcome is None and request is not None:
                yield replace(line.planned, request=replace(request, action=Action.LOOK_UP))

    def run(self, run_id: RunId | None = None) -> RunRecord | None:
        if run_id is not None:
            return self._runs.get(run_id)
        return next(iter(self.runs()), None)

    def runs(self) -> Sequence[RunRecord]:
        return list(reversed(self._runs.values()))

    def purge(self, older_than: datetime) -> int:
        old = [run.run_id for run in self._runs.values() if (run.finished_at or run.started_at) < older_than]
        for run_id in old:
            del self._runs[run_id]
            del self._lines[run_id]
        self._purged.update(old)
        return len(old)

    def lock(self, scope: str | None, owner: Owner) -> None:
        """Held by the double itself: another `lock` is another run."""
        inside = self._owners if scope is None else {scope, None} & self._owners.keys()
        if inside:
            raise LedgerError(f"another run is going on, process {self._owners[next(iter(inside))].pid}")
        self._owners[scope] = owner

    def close(self) -> None:
        self._owners.clear()

    def _lines_of(self, run_id: RunId) -> dict[int, _Line]:
        if run_id not in self._lines:
            raise LedgerError(f"there is no run {run_id}")
        return self._lines[run_id]

    def _entry(self, seat: _Seat) -> LedgerEntry:
        line = self._lines.get(seat.run_id, {}).get(seat.row_no)
        place = RowLocation("", seat.row_no) if line is None else line.planned.location
        return LedgerEntry(seat.state, seat.run_id, seat.row_no, place, seat.settled_at)


def _state_after(settled: SettledRow, *, doubt: bool) -> EnrollmentState:
    outcome = settled.outcome
    if outcome.kind in {OutcomeKind.ENROLLED, OutcomeKind.ALREADY_ENROLLED}:
        return EnrollmentState.ENROLLED
    if outcome.kind in {OutcomeKind.WITHDRAWN, OutcomeKind.ALREADY_WITHDRAWN}:
        return EnrollmentState.WITHDRAWN
    if outcome.kind is OutcomeKind.UNKNOWN or settled.purpose is Action.WITHDRAW:
        return EnrollmentState.UNKNOWN
    never_asked = outcome.attempts == 0 and outcome.kind in {OutcomeKind.NOT_ATTEMPTED, OutcomeKind.FAILED}
    return EnrollmentState.UNKNOWN if doubt and never_asked else EnrollmentState.OPEN
