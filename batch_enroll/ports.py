"""What the engine and the job need from the outside, as Protocols in verbs of the domain."""

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
        """The roster's own column headers as they stand there, without our `enroll_*` columns."""

    @property
    def estimated_rows(self) -> int | None:
        """About how many data rows there are, if that can be told cheaply."""

    def rows(self) -> Iterator[SourceRow]:
        """Every data row once, in input order, blank rows left out.

        Raises:
            RosterError: the file cannot be read to its end.
        """

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each own column and the field it is read as (empty: not used), for people."""

    def notes(self) -> tuple[str, ...]:
        """What people should know of how it is read."""

    def refs(self) -> tuple[RosterRef, ...]:
        """What was read: path, SHA-256, rows and format; complete after `rows` is exhausted."""


class RosterParts(Protocol):
    """A roster of several tables: files of a folder or archive, or sheets of a workbook.

    A table goes by its file name in lower case, a sheet `classes` by `classes.csv`.
    """

    @property
    def path(self) -> Path:
        """Where they are."""

    @property
    def names(self) -> Mapping[str, str]:
        """Each table and how its name is spelt.

        Raises:
            RosterError: there are several rosters here, or it cannot be opened.
        """

    @property
    def sha256(self) -> str:
        """The digest of what is read."""

    def locate(self, name: str, row: int) -> RowLocation:
        """Where a row of a table stands."""

    def lines(self, name: str) -> int | None:
        """About how many rows a table has, its header among them, if that can be told."""

    def records(self, name: str) -> Iterator[list[str]]:
        """The cells of every row from the first on, blank rows too, so that their count is their number.

        Raises:
            RosterError: the table cannot be read to its end.
        """

    def flawed(self, name: str) -> Iterator[tuple[list[str], Mapping[int, CellProblem]]]:
        """As `records`, with what is wrong with some cells of a row, by their place in it."""

    def spans(self, name: str) -> Sequence[MergedRange]:
        """The cells of a table that are merged over several rows; each row has what they show."""


class TokenSource(Protocol):
    """Bearer tokens; however many ask, one refresh is in flight."""

    def ready(self) -> str | None:
        """The token at hand, if it is not about to expire."""

    async def current(self) -> str:
        """A token that is not about to expire.

        Raises:
            AuthRefusedError: the token endpoint refuses the client.
            RunStoppedError: the token endpoint cannot be reached.
        """

    async def renew(self, stale: str) -> str:
        """A token other than `stale`; fetches one only if `stale` is still the current one. Raises as `current`."""


class Gateway(Protocol):
    """The API, one attempt at a time. Every failure of the way there is a value."""

    async def submit(self, request: EnrollmentRequest, token: str) -> Reply | NoReply:
        """Sends what the request aims at, once."""

    async def look_up(self, user_id: UserId, token: str) -> UserEnrollments | Reply | NoReply:
        """Asks once which seats the user has; a Reply is an answer that did not tell."""


class Directory(Protocol):
    """Whom and what the server knows by name, read page by page. Every failure of the way there is a value."""

    async def page(self, listing: Listing, offset: int, limit: int, token: str) -> Page[Record] | Reply | NoReply:
        """Asks once for at most `limit` (1 to 3,000) of the listed records from `offset` on, in a stable order.

        Fewer may come although there are more. A Reply is an answer that did not tell.
        """


class LookupCache(Protocol):
    """What the directory answered lately at one server: names as they were typed to ids, each with a course's org."""

    def known(self, way: Way, values: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        """Those of the values that are remembered, with what they came to, unless that is too old."""

    def keep(self, way: Way, found: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        """Remembers values with what they came to."""


class VerificationStore(Protocol):
    """What rows want beside what the server shows, by user; not in memory, for rosters are long."""

    def want(self, wanted: Iterable[ExpectedEnrollment]) -> None:
        """Takes rows' wishes."""

    def show(self, seats: Iterable[tuple[UserId, ServerEnrollment]]) -> None:
        """Takes what lists show of whom."""

    def users(self) -> int:
        """How many users have wishes."""

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """The users who were not asked for yet or differ; with `late` those whose seats may only show late.

        Each comes once, whatever is noted meanwhile.
        """

    def wanted(self, user_id: UserId) -> Sequence[ExpectedEnrollment]:
        """What the rows of a user want, in their order."""

    def shown(self, user_id: UserId) -> Sequence[ServerEnrollment]:
        """What lists show of a user."""

    def note(self, user_id: UserId, checked: Sequence[CheckedRow]) -> None:
        """Keeps what was found of a user, in place of what was found before."""

    def rows(self) -> Iterator[CheckedRow]:
        """What was found of each row, in their order."""

    def extras(self) -> Iterator[CheckedRow]:
        """The seats that no row wants, by user."""


class Ledger(Protocol):
    """What was meant, what was sent and what came of it; durable when a verb returns; one thread at a time."""

    def begin(self, run: RunRecord) -> None:
        """Records a run before its first row."""

    def known(self, keys: Sequence[EnrollmentKey]) -> Mapping[EnrollmentKey, LedgerEntry]:
        """The last word on those of `keys` that were ever claimed."""

    def claim(self, run_id: RunId, rows: Sequence[PlannedRow]) -> None:
        """Records rows with their intent (a request: its key becomes CLAIMED) or their outcome (no request).

        A row claimed again takes the new intent or outcome and keeps the attempts it has had.
        """

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        """Records outcomes of claimed rows, and what they make of their keys; attempts add up over all tries.

        A key claimed to be looked up that was not asked about (NOT_ATTEMPTED or FAILED, no attempt) stays UNKNOWN.
        """

    def finish(self, run: RunRecord) -> None:
        """Records the end of a run: its counts, exit status and time; without a time, that it goes on again."""

    def results(self, run_id: RunId) -> Iterator[ResultRow]:
        """Every row of the run in input order; a claimed row that never settled is UNKNOWN (E402)."""

    def enrolled(self, run_id: RunId) -> Iterator[tuple[EnrollmentRequest, ResultRow]]:
        """The run's rows that it enrolled itself, the last one first, each with its request and its result."""

    def unsettled(self, run_id: RunId) -> Iterator[PlannedRow]:
        """The run's rows that were claimed and never settled, to be looked up first; claim them again to go on."""

    def run(self, run_id: RunId | None = None) -> RunRecord | None:
        """One run, or the latest; None if there is none."""

    def runs(self) -> Iterable[RunRecord]:
        """All runs, latest first."""

    def purge(self, older_than: datetime) -> int:
        """Removes what runs that ended (or, never ended, began) before hold of persons; how many runs that were.

        Seats stay known, so that a nightly run still skips them; what a purged row was in its file is forgotten.
        """

    def lock(self, scope: str | None, owner: Owner) -> None:
        """Keeps every other run on `scope` out, with None every other run, until `close` or the end of the process.

        Raises:
            LedgerError: somebody else is at it; the text says who, since when, and what to do.
        """

    def close(self) -> None:
        """Lets go of the file, and of the lock."""


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
        """The whole document, piece by piece; to be asked once, when every row was added."""


class EventSink(Protocol):
    """Someone who wants to know what happens."""

    def emit(self, event: Event) -> None:
        """Takes note; returns at once and never raises."""
