"""A ledger for runs that only rehearse (`check`, `--dry-run`): it reads the real one and writes to a scratch one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from batch_enroll.core.model import (
        EnrollmentKey,
        EnrollmentRequest,
        LedgerEntry,
        PlannedRow,
        ResultRow,
        RunId,
        SettledRow,
    )
    from batch_enroll.core.run_record import Owner, RunRecord
    from batch_enroll.ports import Ledger


class DryRunLedger:
    """Knows what either ledger knows, the scratch one first; everything is written to the scratch one."""

    def __init__(self, real: Ledger | None, scratch: Ledger) -> None:
        self._real = real
        self._scratch = scratch

    def begin(self, run: RunRecord) -> None:
        """Records the run in the scratch ledger."""
        self._scratch.begin(run)

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        """The last word of the scratch ledger, else of the real one."""
        real = {} if self._real is None else self._real.known(keys)
        return {**real, **self._scratch.known(keys)}

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        """Claims in the scratch ledger."""
        self._scratch.claim(run_id, rows)

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        """Settles in the scratch ledger."""
        self._scratch.settle(run_id, settled)

    def finish(self, run: RunRecord) -> None:
        """Closes the run in the scratch ledger."""
        self._scratch.finish(run)

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        """The rows of the scratch ledger."""
        return self._scratch.results(run_id)

    def run(self, run_id: RunId | None = None) -> RunRecord | None:
        """A run of the scratch ledger."""
        return self._scratch.run(run_id)

    def runs(self) -> Iterable[RunRecord]:
        """The runs of the scratch ledger."""
        return self._scratch.runs()

    def enrolled(self, run_id: RunId) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
        """The enrolled rows of the real ledger: what a rehearsal enrolls is nowhere."""
        return iter(()) if self._real is None else self._real.enrolled(run_id)

    def unsettled(self, run_id: RunId) -> Iterator[PlannedRow]:
        """The unsettled rows of the scratch ledger."""
        return self._scratch.unsettled(run_id)

    def purge(self, older_than: datetime) -> int:
        """Purges the scratch ledger."""
        return self._scratch.purge(older_than)

    def lock(self, scope: str | None, owner: Owner) -> None:
        """Locks the scratch ledger: rehearsing keeps nobody out."""
        self._scratch.lock(scope, owner)

    def close(self) -> None:
        """Lets go of both."""
        self._scratch.close()
        if self._real is not None:
            self._real.close()
