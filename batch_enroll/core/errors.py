"""Run-level failures. What goes wrong with one row is a value (`RowProblem`, `Outcome`), never an exception.

BatchEnrollError
|- DeadlineError        1  the deadline came before anything was sent
|- UsageError           2  flags or settings that cannot be used
|- RosterError          3  a roster that cannot be read, or holds no usable row
|- AuthRefusedError     4  the token endpoint or the API refuses our credentials
|- RunStoppedError      5  the API is down, or a guard stopped the run
|- ReportError          5  a report cannot be created or written; the ledger has every outcome
'- LedgerError          6  the state is locked or damaged
"""

from __future__ import annotations

from typing import ClassVar


class BatchEnrollError(Exception):
    """A failure of the whole run. The text says what was seen, where, and what to do; it holds no secret."""

    exit_status: ClassVar[int] = 1


class DeadlineError(BatchEnrollError):
    """The deadline came before anything was sent, and there are no rows yet to say so of."""

    exit_status = 1


class UsageError(BatchEnrollError):
    """Flags or settings that cannot be used; all problems are in the text, one a line."""

    exit_status = 2


class RosterError(BatchEnrollError):
    """A roster that cannot be read, or has no usable row; nothing was sent."""

    exit_status = 3


class AuthRefusedError(BatchEnrollError):
    """The token endpoint or the API refuses the credentials."""

    exit_status = 4


class RunStoppedError(BatchEnrollError):
    """The API is down, or a guard stopped the run."""

    exit_status = 5


class ReportError(BatchEnrollError):
    """A report that cannot be created or written; the ledger has every outcome.

    Attributes:
        reason: the cause in a few words, without a path or a value.
    """

    exit_status = 5

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class LedgerError(BatchEnrollError):
    """The state is locked, damaged, or written by a newer version; no data was touched."""

    exit_status = 6
