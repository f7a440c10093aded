"""Protocols, in verbs of the domain, of everything that the engine and the workflows need from the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from batch_enroll.core.events import Event
    from batch_enroll.core.lookup.records import Listing, Page, Record, Way
    from batch_enroll.core.model import (
        EnrollmentKey,
        EnrollmentRequest,
        LedgerEntry,
        NoReply,
        PlannedRow,
        Reply,
        ResultRow,
        RowLocation,
        RunId,
        ServerEnrollment,
        SettledRow,
        SourceRow,
        UserEnrollments,
        UserId,
    )
    from batch_enroll.core.planning.verification import CheckedRow, ExpectedEnrollment
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.roster.damaged_ids import CellProblem
    from batch_enroll.core.roster.merged_cells import MergedRange
    from batch_enroll.core.run_record import Owner, RosterRef, RunRecord


class RosterSource(Protocol):
    """A roster: its own columns, and its rows one by one, in input order, without holding them all."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's own column headers, unchanged, without our `enroll_*` columns."""

    @property
    def estimated_rows(self) -> int | None:
        """The approximate number of data rows, if it can be determined cheaply."""

    def rows(self) -> Iterator[SourceRow]:
        """Yields every data row once, in input order, without blank rows.

        Raises:
            RosterError: the file cannot be read to its end.
        """

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Returns each own column and the field it is read as (empty: not used), for people."""

    def notes(self) -> tuple[str, ...]:
        """Returns notes for people on how the roster is read."""

    def refs(self) -> tuple[RosterRef, ...]:
        """Returns path, SHA-256, rows and format of the files read; complete after `rows` is exhausted."""


class RosterParts(Protocol):
    """A roster of several tables: files of a folder or archive, or sheets of a workbook.

    A table goes by its file name in lower case, a sheet `classes` by `classes.csv`.
    """

    @property
    def path(self) -> Path:
        """The path of the folder, archive or workbook."""

    @property
    def names(self) -> Mapping[str, str]:
        """Each table and its name as written.

        Raises:
            RosterError: there are several rosters here, or it cannot be opened.
        """

    @property
    def sha256(self) -> str:
        """The digest of the files read."""

    def locate(self, name: str, row: int) -> RowLocation:
        """Returns the location of a row of a table."""

    def lines(self, name: str) -> int | None:
        """Returns the approximate number of rows of a table with its header, if it can be determined."""

    def records(self, name: str) -> Iterator[list[str]]:
        """Yields the cells of every row from the first on, also blank ones, so that their count is their number.

        Raises:
            RosterError: the table cannot be read to its end.
        """

    def rows_with_problems(self, name: str) -> Iterator[tuple[list[str], Mapping[int, CellProblem]]]:
        """Yields the rows as `records` does, each with the problems of its cells by their position."""

    def merged_ranges(self, name: str) -> Sequence[MergedRange]:
        """Returns the cells of a table that are merged over several rows; each row has their value."""


class TokenSource(Protocol):
    """Bearer tokens; at most one refresh is in flight, for any number of callers."""

    def ready(self) -> str | None:
        """Returns the current token, if it is not about to expire."""

    async def current(self) -> str:
        """Returns a token that is not about to expire.

        Raises:
            AuthRefusedError: the token endpoint refuses the client.
            RunStoppedError: the token endpoint cannot be reached.
        """

    async def renew(self, stale: str) -> str:
        """Returns a token other than `stale`; fetches one only if `stale` is the current one. Raises as `current`."""


class Gateway(Protocol):
    """The API, one attempt at a time. Every failure on the way is a value."""

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Sends what the request aims at, once."""

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        """Requests the user's enrollments once; a Reply is an answer without them."""


class Directory(Protocol):
    """The users, courses and schools that the server knows, page by page. Every failure on the way is a value."""

    async def page(self, listing: Listing, offset: int, limit: int, token: str) -> Page[Record] | Reply | NoReply:
        """Requests once at most `limit` (1 to 3,000) of the listed records from `offset` on, in a stable order.

        Fewer may come although there are more. A Reply is an answer without records.
        """


class LookupCache(Protocol):
    """Recent answers of the directory of one server: names as typed to ids, each with the org of a course."""

    def known(self, way: Way, values: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        """Yields the values that are stored and not too old, with their results."""

    def keep(self, way: Way, found: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        """Stores values with their results."""


class VerificationStore(Protocol):
    """Expected and actual enrollments by user; not in memory, since rosters are long."""

    def want(self, wanted: Iterable[ExpectedEnrollment]) -> None:
        """Adds expected enrollments of rows."""

    def show(self, enrollments: Iterable[tuple[UserId, ServerEnrollment]]) -> None:
        """Adds enrollments from the lists of the server."""

    def users(self) -> int:
        """Returns the number of users with expected enrollments."""

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """Yields users not yet compared or with differences; with `late`, those whose enrollments may only appear late.

        Each comes once, also if results are noted meanwhile.
        """

    def wanted(self, user_id: UserId) -> Sequence[ExpectedEnrollment]:
        """Returns the expected enrollments of a user in the order of the rows."""

    def shown(self, user_id: UserId) -> Sequence[ServerEnrollment]:
        """Returns the enrollments of a user from the lists of the server."""

    def note(self, user_id: UserId, checked: Sequence[CheckedRow]) -> None:
        """Stores the result for a user in place of an earlier one."""

    def rows(self) -> Iterator[CheckedRow]:
        """Yields the result of each row in the order of the rows."""

    def extras(self) -> Iterator[CheckedRow]:
        """Yields the enrollments that no row expects, by user."""


class Ledger(Protocol):
    """Intents, requests and outcomes of rows; durable when a method returns; one thread at a time."""

    def begin(self, run: RunRecord) -> None:
        """Records a run before its first row."""

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        """Returns the latest entries of those `keys` that were ever claimed."""

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        """Records rows with their intent (a request: its key becomes CLAIMED) or their outcome (no request).

        A row claimed again takes the new intent or outcome and keeps the attempts it has had.
        """

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        """Records outcomes of claimed rows, and what they make of their keys; attempts add up over all tries.

        A key claimed to be looked up that was not asked about (NOT_ATTEMPTED or FAILED, no attempt) stays UNKNOWN.
        """

    def finish(self, run: RunRecord) -> None:
        """Records the end of a run: its counts, exit status and time; without a time, that it continues."""

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        """Yields every row of the run in input order; a claimed row that never settled is UNKNOWN (E402)."""

    def enrolled(self, run_id: RunId) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
        """Yields the rows that the run itself enrolled, the last one first, each with its request and its result."""

    def unsettled(self, run_id: RunId) -> Iterator[PlannedRow]:
        """Yields the rows that were claimed and never settled, to be looked up first; claim them again to continue."""

    def run(self, run_id: RunId | None = None) -> RunRecord | None:
        """Returns one run, or the latest; None if there is none."""

    def runs(self) -> Iterable[RunRecord]:
        """Returns all runs, latest first."""

    def purge(self, older_than: datetime) -> int:
        """Removes personal data of runs that ended (or, if unfinished, started) before; returns the number of runs.

        Enrollments stay known, so that a nightly run still skips them; the location of a purged row is forgotten.
        """

    def lock(self, scope: str | None, owner: Owner) -> None:
        """Keeps every other run on `scope` out, with None every other run, until `close` or the end of the process.

        Raises:
            LedgerError: another process holds the lock; the text names it, since when, and what to do.
        """

    def close(self) -> None:
        """Releases the file and the lock."""


class ReportWriter(Protocol):
    """A report of one run, fed row by row in input order. A context manager: leaving it completes the files."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def write(self, row: ResultRow) -> None:
        """Adds one row."""

    @property
    def files(self) -> Mapping[str, Path]:
        """The files written, by role (`results`, `failed`)."""


class Document(Protocol):
    """A report of one run in one piece, fed row by row in input order; it writes nothing itself."""

    def write(self, row: ResultRow) -> None:
        """Adds one row."""

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """Yields the whole document, piece by piece; to be called once, after the last row."""


class EventSink(Protocol):
    """A receiver of events."""

    def emit(self, event: Event) -> None:
        """Receives an event; returns at once and never raises."""
