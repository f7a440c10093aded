"""Records of runs: rosters, requests, result, and the process that ran it; the ledger keeps them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from batch_enroll.core.model import Json, RunId


@frozen
class RosterRef:
    """A roster that a run read, and its format. `rows` counts the data rows read from it.

    `changes_only` marks a roster that leaves out what stayed as it was; the ledger does not keep it.
    """

    path: str
    sha256: str
    rows: int
    read_as: str = ""
    changes_only: bool = field(default=False, compare=False)


@frozen
class Requests:
    """Requests of a run: all sent, those of them that repeated an earlier one, and answers that throttled us."""

    sent: int = 0
    retried: int = 0
    throttled: int = 0

    def __add__(self, other: Requests) -> Requests:
        """Returns the sums."""
        return Requests(self.sent + other.sent, self.retried + other.retried, self.throttled + other.throttled)


@frozen
class RunRecord:
    """One run as the ledger keeps it; `finished_at` is None while it is active or after a crash.

    `outcomes` counts its rows by kind once it is over, so that a history need not count them again.
    `options` are the settings that decided how the roster was read, so that it can be read again alike.
    `kind` is the command that made the run; `facts` holds, by topic, findings apart from its rows (the pace,
    guards that were overruled); they are complete when it is finished and name no person.
    """

    run_id: RunId
    environment: str
    base_url: str
    scope: str
    columns: tuple[str, ...]
    started_at: datetime
    folder: str
    rosters: tuple[RosterRef, ...] = ()
    requests: Requests = Requests()
    finished_at: datetime | None = None
    exit_status: int | None = None
    ending: str = ""
    dry_run: bool = False
    options: Mapping[str, Json] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    kind: str = "run"
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """From the first row to the end, in seconds; 0 while it is active."""
        return 0.0 if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()

    @property
    def lasting(self) -> bool:
        """True if its server exists afterwards; that of an embedded rehearsal does not, a dry run had none."""
        return not self.dry_run and self.scope == self.base_url


@frozen
class Owner:
    """The process that uses a ledger: its machine, the command it runs, and since when."""

    pid: int
    host: str
    command: str
    started_at: datetime
