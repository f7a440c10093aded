"""The values that pass through the program: immutable, slotted, plain; they can be pickled, compared and stored.

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
    """Status of a row in the roster. An empty status is ACTIVE (OneRoster bulk)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    TO_BE_DELETED = "tobedeleted"


@frozen
class RowLocation:
    """Location of a row as a person finds it: the row number of the spreadsheet, where the header is usually 1."""

    file: str
    row: int
    sheet: str | None = None

    def __str__(self) -> str:
        return f"{self.file} row {self.row}" if self.sheet is None else f"{self.file} [{self.sheet}] row {self.row}"


@frozen
class RowProblem:
    """Reason why a row cannot be used: the code, the column and value as seen, and the problem."""

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
        headers: field name to the header as written in the file, for messages; shared by all rows of a file.
        warnings: what may be wrong with its ids, or with the table; the row is still sent.
    """

    location: RowLocation
    cells: tuple[str, ...]
    fields: Mapping[str, str]
    problem: RowProblem | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[RowProblem, ...] = ()


@frozen
class RosterRow:
    """A typed row: user, course, school, role, and dates."""

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
    """Identity of an enrollment across runs, and the idempotency key. A tuple, since each row looks it up often.

    `scope` names the server of the enrollment (its base URL, or one rehearsal), so that staging is never taken for
    production. The class is part of the key only if it is sent to the API.
    """

    scope: str
    user_id: UserId
    course_id: CourseId
    school_id: SchoolId | None
    role: Role
    class_id: ClassId | None = None

    def digest(self) -> bytes:
        """Returns 16 bytes for this key; parts are length-prefixed, so no two keys have the same encoding."""
        user = self.user_id.encode()
        encoded = _encode(self.scope) + len(user).to_bytes(4, "big") + user + _encode_course(*self[2:])
        return blake2b(encoded, digest_size=16).digest()


@lru_cache(maxsize=4096)  # many rows share course and school, and each row has a digest
def _encode_course(course_id: str, school_id: str | None, role: Role, class_id: str | None) -> bytes:
    parts = [course_id, role]
    if school_id is not None or class_id is not None:
        parts.append(school_id or "")
    if class_id is not None:
        parts.append(class_id)
    return b"".join(map(_encode, parts))


@lru_cache(maxsize=64)
def _encode(part: str) -> bytes:
    encoded = part.encode()
    return len(encoded).to_bytes(4, "big") + encoded


class Action(StrEnum):
    """One step of a row. LOOK_UP requests the user's enrollments; the next step depends on the purpose of the row."""

    ENROLL = "enroll"
    LOOK_UP = "look_up"
    WITHDRAW = "withdraw"


@frozen
class EnrollmentRequest:
    """The request for one row. `row_no` counts the run's rows from 1 in input order.

    Attributes:
        action: what is done first; LOOK_UP if the server may have had the row before.
        purpose: ENROLL or WITHDRAW, what the row is for.
        end_date, primary: the day on which it ends, and whether its class is the user's main one, or the user
            the main teacher; only some APIs take them.
        sent_before: an earlier try of this very run may have sent it, so what is found done is this run's work.
        enrollment_count: of a withdrawal, how many of the user's enrollments in that course and school the roster
            withdraws.
        sourced_id, begin_date: of a withdrawal, those of the only enrollment that may be withdrawn; None: any.
        since: of a withdrawal, the start of the run that must have made the enrollment; one last changed before is not.
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
    """Kinds of the final result of a row. Their counts add up to the rows read."""

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
        kind: the state of the enrollment, as far as it is known.
        code: the catalogue's code (`E201`), empty where there is nothing to explain.
        detail: one sentence, free of names, e-mails and secrets.
        attempts: requests sent for this row, look-ups not counted.
        status: the last HTTP status seen, if any.
        enrollment_id: the server's id of the enrollment, if known.
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
    """State of a key in the ledger, from earlier rows and runs.

    CLAIMED: the intent is on disk without an outcome: the server may or may not have the enrollment.
    ENROLLED: the enrollment existed when last seen. OPEN: an attempt ended without one; it may be sent again.
    WITHDRAWN: the same, but it existed once. UNKNOWN: to be looked up before it is sent again; so is an enrollment
    whose withdrawal failed.
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
    """Meaning of the body of an answer; the vendor's words stay in the adapter."""

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
    """No answer to one attempt. `sent` is true if the request may have reached the server."""

    cause: str
    sent: bool


@frozen
class ServerEnrollment:
    """One enrollment as the server lists it for a user; its class and last change only if the API returns them.

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
    """The answer to a look-up: every enrollment that the server lists for one user."""

    enrollments: tuple[ServerEnrollment, ...]
