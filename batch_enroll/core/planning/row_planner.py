"""What to do with each row: send it, look it up first, or settle it without a request."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import (
    Action,
    EnrollmentKey,
    EnrollmentRequest,
    EnrollmentState,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    PlannedRow,
    RosterRow,
    RowProblem,
    RowStatus,
)
from batch_enroll.core.planning.protected_enrollments import (
    NOTHING_PROTECTED,
    ProtectedEnrollments,
    SchoolClass,
    UserCourse,
)
from batch_enroll.core.roster.row_parser import Defaults, read_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from batch_enroll.core.model import RowLocation, RunId, SourceRow


class SendSourcedId(StrEnum):
    """Which sourcedId an enrollment is sent with.

    ROSTER, the default, sends what the roster names and nothing else. DERIVED makes one from the seat's key where the
    roster has none, so that a server which refuses a used id can never hold two rows of one request. It is no default
    because a used id may be refused for ever: OneRoster's POST never revives a deleted row (contract 2.2), so a pupil
    who was withdrawn could not be enrolled again, and what EduBridge does with a used id is not known (contract 9).
    """

    ROSTER = "roster"
    DERIVED = "derived"
    NEVER = "never"


# Names of their own, since each row asks for them, and Python 3.11 takes long to look up a member of an enum.
_ROSTER, _ENROLL, _ACTIVE, _TO_BE_DELETED = (
    SendSourcedId.ROSTER,
    Action.ENROLL,
    RowStatus.ACTIVE,
    RowStatus.TO_BE_DELETED,
)


@frozen
class PlanSettings:
    """What a plan depends on besides the row.

    Attributes:
        scope: the server whose seats are meant (part of every key).
        run_id: this run; a key that another of its rows claimed before is a repeat inside the roster.
        today: the day that decides whether an end date has passed.
        defaults: values for cells that are blank.
        send_sourced_id: which sourcedId goes along with an enrollment (see `SendSourcedId`).
        recheck: whether the server is asked for seats that the ledger knows, instead of believing the ledger.
        withdraw: whether rows that say `tobedeleted` are withdrawn; otherwise they are skipped.
        kept: seats that rows of the same roster want, which no withdrawal may take along.
        by_class: whether the API is told the class of a row: then a seat is one of its class, and an enrollment has a
            sourcedId, as OneRoster's rows do.
        own_since: a seat is withdrawn only if it has the sourcedId and begin that the row names, and was last changed
            after this moment, when the run began that made it; None: whichever it is.
    """

    scope: str
    run_id: RunId
    today: date
    defaults: Defaults
    send_sourced_id: SendSourcedId = SendSourcedId.ROSTER
    recheck: bool = False
    withdraw: bool = False
    kept: ProtectedEnrollments = NOTHING_PROTECTED
    own_since: datetime | None = None
    by_class: bool = False


@frozen
class ParsedRow:
    """One row after reading: its request if there is something to send, else its outcome; the problem, if it is why."""

    row_no: int
    source: SourceRow
    request: EnrollmentRequest | None = None
    outcome: Outcome | None = None
    problem: RowProblem | None = None


def parse_row(row_no: int, source: SourceRow, rules: PlanSettings) -> ParsedRow:
    """One row on its own: typed, and settled at once if it is unusable or wants no seat today."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RowProblem):
        outcome = Outcome(OutcomeKind.INVALID, row.code, str(row))
        return ParsedRow(row_no, source, outcome=outcome, problem=row)
    if (row.status is not _ACTIVE or row.end_date is not None) and (skipped := _nothing_to_do(row, rules)) is not None:
        return ParsedRow(row_no, source, outcome=skipped)
    return ParsedRow(row_no, source, request=_request(row_no, row, rules))


def plan_row(
    readings: Sequence[ParsedRow], known: Mapping[EnrollmentKey, LedgerEntry], rules: PlanSettings
) -> list[PlannedRow]:
    """The plan of a batch, in its order. `known` is the ledger's word on the batch's keys before the batch.

    The first row of a key is sent; every later one of the same run is SKIPPED and names it.
    """
    first: dict[EnrollmentKey, RowLocation] = {}
    planned: list[PlannedRow] = []
    for reading in readings:
        request, outcome = reading.request, reading.outcome
        source = reading.source
        if request is not None:
            if (place := first.get(request.key)) is not None:
                request, outcome = None, _repeats(place)
            else:
                first[request.key] = source.location
                if (entry := known.get(request.key)) is not None:
                    outcome = _known_before(request, entry, rules)
                    request = None if outcome is not None else _first_step(request, entry)
        planned.append(PlannedRow(reading.row_no, source.location, source.cells, request, outcome))
    return planned


def hold_back(row: PlannedRow, outcome: Outcome) -> PlannedRow:
    """The same row settled with `outcome` instead of being sent; a row already settled stays as it is."""
    return row if row.request is None else replace(row, request=None, outcome=outcome)


def wants_enrollment(row: RosterRow, today: date) -> bool:
    """Whether the row wants its seat today."""
    return row.status is RowStatus.ACTIVE and not _is_over(row, today)


def key_of(row: RosterRow, rules: PlanSettings) -> EnrollmentKey:
    """The seat that the row speaks of."""
    class_id = row.class_id if rules.by_class else None
    return EnrollmentKey(rules.scope, row.user_id, row.course_id, row.school_id, row.role, class_id)


def scope_of(row: RosterRow, rules: PlanSettings) -> tuple[UserCourse, SchoolClass]:
    """Whom and what a withdrawal of the row touches."""
    return UserCourse(row.user_id, row.course_id), SchoolClass(row.school_id, row.class_id if rules.by_class else None)


def _is_over(row: RosterRow, today: date) -> bool:
    # OneRoster: endDate is exclusive, so an enrollment that ends today is over. Source: roster-formats 2.
    return row.end_date is not None and row.end_date <= today


def _nothing_to_do(row: RosterRow, rules: PlanSettings) -> Outcome | None:
    match row.status:
        case RowStatus.ACTIVE:
            if not _is_over(row, rules.today):
                return None
            return Outcome(OutcomeKind.SKIPPED, catalogue.ENDED, f"ended on {row.end_date}, as of {rules.today}")
        case RowStatus.INACTIVE:
            return Outcome(OutcomeKind.SKIPPED, catalogue.INACTIVE, "its status is not active")
        case RowStatus.TO_BE_DELETED if not rules.withdraw:
            return Outcome(OutcomeKind.SKIPPED, catalogue.WITHDRAWN, "its status is tobedeleted")
        case RowStatus.TO_BE_DELETED if rules.kept.holds(*scope_of(row, rules)):
            return Outcome(OutcomeKind.SKIPPED, catalogue.KEPT, "another row wants a seat in this course and school")
        case _:
            return None


def _request(row_no: int, row: RosterRow, rules: PlanSettings) -> EnrollmentRequest:
    key = key_of(row, rules)
    if row.status is _TO_BE_DELETED:
        seats = rules.kept.leaving_at(*scope_of(row, rules))
        request = EnrollmentRequest(row_no, key, Action.WITHDRAW, purpose=Action.WITHDRAW, enrollment_count=seats)
        if rules.own_since is None:
            return request
        return replace(request, sourced_id=row.sourced_id, begin_date=row.begin_date, since=rules.own_since)
    sourced_id = _sourced_id(row, key, rules)
    request = EnrollmentRequest(row_no, key, _ENROLL, row.begin_date, sourced_id, row.metadata)
    return replace(request, end_date=row.end_date, primary=row.primary) if rules.by_class else request


def _sourced_id(row: RosterRow, key: EnrollmentKey, rules: PlanSettings) -> str | None:
    wanted = rules.send_sourced_id
    if wanted is _ROSTER and not rules.by_class:
        return row.sourced_id
    if wanted is SendSourcedId.NEVER:
        return None
    if row.sourced_id is None and (rules.by_class or wanted is SendSourcedId.DERIVED):
        return str(UUID(bytes=key.digest(), version=5))  # name-based: RFC 9562 5.5
    return row.sourced_id


def _repeats(place: RowLocation) -> Outcome:
    return Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, f"repeats {place}")


def _known_before(request: EnrollmentRequest, entry: LedgerEntry, rules: PlanSettings) -> Outcome | None:
    if entry.run_id == rules.run_id:  # its own line is there if the run is gone on with
        return None if entry.row_no == request.row_no else _repeats(entry.location)
    if rules.recheck:
        return None
    match request.purpose, entry.state:
        case Action.ENROLL, EnrollmentState.ENROLLED:
            return Outcome(OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_LEDGER, by_run(entry.run_id))
        case Action.WITHDRAW, EnrollmentState.WITHDRAWN:
            return Outcome(OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BY_LEDGER, by_run(entry.run_id))
        case _:
            return None


def by_run(run_id: RunId) -> str:
    """The detail of a row whose seat another run has seen to."""
    return f"by run {run_id}"


def _first_step(request: EnrollmentRequest, entry: LedgerEntry) -> EnrollmentRequest:
    """Claimed but unsettled means unknown: look it up before it is sent again. So is a seat that is rechecked."""
    in_doubt = {
        EnrollmentState.CLAIMED,
        EnrollmentState.UNKNOWN,
        *((EnrollmentState.ENROLLED,) if request.purpose is Action.ENROLL else ()),
    }
    if entry.state in in_doubt:
        return replace(request, action=Action.LOOK_UP)
    return request
