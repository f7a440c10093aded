"""The values that walk through the program: frozen, slotted, plain; they pickle, compare and store.

A row's way: SourceRow -> RosterRow | RowProblem -> PlannedRow (with an EnrollmentRequest or an Outcome)
-> Reply | NoReply -> Outcome -> ResultRow.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, NewType, TypeAlias

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

UserId = NewType("UserId", str)
CourseId = NewType("CourseId", str)
SchoolId = NewType("SchoolId", str)
ClassId = NewType("ClassId", str)
RunId = NewType("RunId", str)

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class Role(StrEnum):
    """Roles of an enrollment. Source: contract section 5, the same four in EduBridge and OneRoster."""

    ADMINISTRATOR = "administrator"
    PROCTOR = "proctor"
    STUDENT = "student"
    TEACHER = "teacher"


class RowStatus(StrEnum):
    """What the roster says of a row. An empty status is ACTIVE (OneRoster bulk)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    TO_BE_DELETED = "tobedeleted"


@frozen
class RowLocation:
    """Where a row stands, as a person finds it: the row number is the spreadsheet's, its header is usually 1."""

    file: str
    row: int
    sheet: str | None = None

    def __str__(self) -> str:
        return f"{self.file} row {self.row}" if self.sheet is None else f"{self.file} [{self.sheet}] row {self.row}"


@frozen
class RowProblem:
    """Why a row cannot be used: the catalogue's code, the column and value as seen, and what was wrong."""

    code: str
    message: str
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.column}: {self.message}" if self.column else self.message


@frozen
class SourceRow:
    """One input row as a roster reader saw it.

    Attributes:
        location: file, sheet and row.
        cells: the roster's own columns, in their order, unchanged, as text.
        fields: field name (see `intake.FIELDS`) to text, stripped; a blank cell has no entry. For a bundle these
            hold the joined values.
        problem: what the reader itself found wrong (a join that failed, a damaged cell); the row becomes INVALID.
        headers: field name to the header as spelt in the file, for messages; shared by all rows of a file.
        warnings: what may be wrong with its ids, or with the table; the row is sent all the same.
    """

    location: RowLocation
    cells: tuple[str, ...]
    fields: Mapping[str, str]
    problem: RowProblem | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[RowProblem, ...] = ()


@frozen
class RosterRow:
    """A typed row: who shall be enrolled where, and until when the roster says so."""

    user_id: UserId
    course_id: CourseId
    school_id: SchoolId | None
    role: Role
    status: RowStatus = RowStatus.ACTIVE
    begin_date: datetime | None = None
    end_date: date | None = None
    sourced_id: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    class_id: ClassId | None = None
    primary: bool | None = None


class EnrollmentKey(NamedTuple):
    """Identity of a seat across runs, and the idempotency key. A tuple, since each row looks itself up several times.

    `scope` names the server the seat lives on (its base URL, or one rehearsal), so that staging never answers for
    production. Only where the API is told the class, a seat is one of a class.
    """

    scope: str
    user_id: UserId
    course_id: CourseId
    school_id: SchoolId | None
    role: Role
    class_id: ClassId | None = None

    def digest(self) -> bytes:
        """16 bytes that stand for this key; parts are length-prefixed, so no two keys share a spelling."""
        spelt = self.user_id.encode()
        told_apart = _spelt(self.scope) + len(spelt).to_bytes(4, "big") + spelt + _place_spelt(*self[2:])
        return blake2b(told_apart, digest_size=16).digest()


@lru_cache(maxsize=4096)  # many rows share a place, and each row has a digest
def _place_spelt(course_id: str, school_id: str | None, role: Role, class_id: str | None) -> bytes:
    parts = [course_id, role]
    if school_id is not None or class_id is not None:
        parts.append(school_id or "")
    if class_id is not None:
        parts.append(class_id)
    return b"".join(map(_spelt, parts))


@lru_cache(maxsize=64)
def _spelt(part: str) -> bytes:
    spelt = part.encode()
    return len(spelt).to_bytes(4, "big") + spelt


class Action(StrEnum):
    """One step of a row. LOOK_UP asks for the user's seats; what follows depends on what the row is for."""

    ENROLL = "enroll"
    LOOK_UP = "look_up"
    WITHDRAW = "withdraw"


@frozen
class EnrollmentRequest:
    """What to send for one row, once. `row_no` counts the run's rows from 1 in input order.

    Attributes:
        action: what is done first; LOOK_UP if the server may have had the row before.
        purpose: ENROLL or WITHDRAW, what the row is for.
        end_date, primary: the day on which the seat is over, and whether its class is the user's main one, or the user
            the main teacher; only some APIs take them.
        sent_before: an earlier try of this very run may have sent it, so what is found done is this run's work.
        enrollment_count: of a withdrawal, how many of the user's enrollments in that course and school the roster
            withdraws.
        sourced_id, begin_date: of a withdrawal, those of the only seat that may be withdrawn; None: whichever it is.
        since: of a withdrawal, when the run began whose own the seat must be; one last changed before it is not.
    """

    row_no: int
    key: EnrollmentKey
    action: Action = Action.ENROLL
    begin_date: datetime | None = None
    sourced_id: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    sent_before: bool = False
    purpose: Action = Action.ENROLL
    enrollment_count: int = 1
    end_date: date | None = None
    primary: bool | None = None
    since: datetime | None = None


class OutcomeKind(StrEnum):
    """How a row ended. Their counts add up to the rows read."""

    ENROLLED = "enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    INVALID = "invalid"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOT_ATTEMPTED = "not_attempted"
    WITHDRAWN = "withdrawn"
    ALREADY_WITHDRAWN = "already_withdrawn"


ENROLLED_KINDS = frozenset({OutcomeKind.ENROLLED, OutcomeKind.ALREADY_ENROLLED})
WITHDRAWN_KINDS = frozenset({OutcomeKind.WITHDRAWN, OutcomeKind.ALREADY_WITHDRAWN})
SUCCESS_KINDS = ENROLLED_KINDS | WITHDRAWN_KINDS
KINDS_TO_FIX = frozenset(
    {
        OutcomeKind.INVALID,
        OutcomeKind.REJECTED,
        OutcomeKind.FAILED,
        OutcomeKind.UNKNOWN,
        OutcomeKind.NOT_ATTEMPTED,
    }
)


@frozen
class Outcome:
    """The honest end of one row.

    Attributes:
        kind: what is true of the seat, as far as we know.
        code: the catalogue's code (`E201`), empty where there is nothing to explain.
        detail: one sentence, free of names, e-mails and secrets.
        attempts: requests sent for this row, look-ups not counted.
        status: the last HTTP status seen, if any.
        enrollment_id: the server's id of the seat, if it told us.
    """

    kind: OutcomeKind
    code: str = ""
    detail: str = ""
    attempts: int = 0
    status: int | None = None
    enrollment_id: str | None = None


@frozen
class PlannedRow:
    """A row with its plan: exactly one of `request` (to be sent) and `outcome` (settled without sending)."""

    row_no: int
    location: RowLocation
    cells: tuple[str, ...]
    request: EnrollmentRequest | None = None
    outcome: Outcome | None = None


@frozen
class SettledRow:
    """One row's outcome on its way to the ledger, and what the row was for. `key` is None if it never had one."""

    row_no: int
    key: EnrollmentKey | None
    outcome: Outcome
    purpose: Action = Action.ENROLL


class EnrollmentState(StrEnum):
    """What the ledger knows of a key from earlier rows and runs.

    CLAIMED: intent is on disk and no outcome: the server may or may not have the seat.
    ENROLLED: the seat was there when last heard of. OPEN: an attempt ended without a seat; it may be sent again.
    WITHDRAWN: the same, but it was there once. UNKNOWN: to be looked up before it is sent again; so is a seat whose
    withdrawal came to nothing.
    """

    CLAIMED = "claimed"
    ENROLLED = "enrolled"
    OPEN = "open"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@frozen
class LedgerEntry:
    """The ledger's last word on one key: its state, and the run, row and time that set it."""

    state: EnrollmentState
    run_id: RunId
    row_no: int
    location: RowLocation
    settled_at: datetime | None = None


@frozen
class ResultRow:
    """One line of the results: the row's own cells, its outcome, and when it settled (None: not settled)."""

    row_no: int
    location: RowLocation
    cells: tuple[str, ...]
    outcome: Outcome
    finished_at: datetime | None


class Meaning(StrEnum):
    """What an answer's body says, in our words; the vendor's words stay in the adapter."""

    NOTHING = "nothing"  # no body, or one that says nothing we know
    ENROLLMENT = "enrollment"  # reads as an enrollment
    ALREADY_ENROLLED = "already_enrolled"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_COURSE = "unknown_course"
    UNKNOWN_SCHOOL = "unknown_school"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a meaning, not a secret
    NOT_JSON = "not_json"  # an HTML page, a truncated or foreign text


@frozen
class Reply:
    """An answer to one attempt: status, what it means, a clean detail, and Retry-After in seconds if sent."""

    status: int
    meaning: Meaning = Meaning.NOTHING
    detail: str = ""
    retry_after_s: float | None = None
    enrollment_id: str | None = None


@frozen
class NoReply:
    """No answer to one attempt. `sent` tells whether the request may have reached the server."""

    cause: str
    sent: bool


@frozen
class ServerEnrollment:
    """One enrollment as the server lists it for a user; its class and last change only where the API tells them.

    Source: contract 1.1; such rows name no user.
    """

    enrollment_id: str
    course_id: CourseId
    school_id: SchoolId | None
    role: Role | None
    begin_date: datetime | None = None
    class_id: ClassId | None = None
    changed_at: datetime | None = None


@frozen
class UserEnrollments:
    """The answer to a look-up: every seat the server shows for one user."""

    enrollments: tuple[ServerEnrollment, ...]
