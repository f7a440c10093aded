"""Frozen records of what happened, for sinks (progress, log). They hold row numbers and codes, never names or ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from batch_enroll.core.model import Outcome
    from batch_enroll.core.run_record import RunRecord


@frozen
class RunStarted:
    """The run is about to send. `estimated_rows` is None if the roster gives no estimate."""

    run: RunRecord
    estimated_rows: int | None


@frozen
class LookingUp:
    """The server is being asked: for `what` ("users by e-mail"), and of how many names, or other `unit`, how many."""

    what: str
    done: int
    total: int
    unit: str = "names"


@frozen
class RowsRead:
    """A batch of rows was read, planned and claimed; `settled` counts those of them that need no request."""

    rows: int
    settled: int


@frozen
class RowSettled:
    """One row has its outcome; emitted for every row, sent or not.

    `elapsed_s` is from its turn on, waits and repeats included; `took_s` from the request that settled it to the
    answer, None without one.
    """

    row_no: int
    outcome: Outcome
    elapsed_s: float
    took_s: float | None = None


@frozen
class AttemptFailed:
    """One attempt did not settle its row. `cause` is an HTTP status or a transport word; `wait_s` comes next.

    `took_s`: from the request to its answer, or to the end of waiting for one.
    """

    row_no: int
    attempt: int
    cause: str
    wait_s: float
    took_s: float = 0.0


@frozen
class PaceChanged:
    """The pace has changed. `rate_per_s` is None without an upper limit; `paused_s`: all workers wait this long.

    `lost_s`: seconds of such waiting in this run, these included.
    """

    in_flight_limit: int
    rate_per_s: float | None
    paused_s: float
    reason: str
    lost_s: float = 0.0


@frozen
class TokenRenewed:
    """A token was fetched; it lives `expires_in_s`."""

    expires_in_s: float


@frozen
class Stopping:
    """The run takes no more rows; those in flight are finished."""

    reason: str


@frozen
class ReportFailed:
    """A report of the run could not be written, which changes nothing else; `remedy` is a command that makes it."""

    report: str
    reason: str
    remedy: str


@frozen
class RunEnded:
    """The results are written; `run` is complete."""

    run: RunRecord


Event: TypeAlias = (
    "LookingUp | RunStarted | RowsRead | RowSettled | AttemptFailed | PaceChanged | TokenRenewed | Stopping | "
    "ReportFailed | RunEnded"
)
