"""The plan of each row: to send it, to look it up first, or to settle it without a request."""

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
    """The source of the sourcedId that an enrollment is sent with.

    ROSTER, the default, sends the one of the roster and nothing else. DERIVED makes one from the enrollment's key where
    the roster has none, so that a server that refuses a used id can never hold two rows of one request. It is not the
    default because a used id may be refused for ever: OneRoster's POST never revives a deleted row (contract 2.2), so a
    pupil who was withdrawn could not be enrolled again, and the behavior of EduBridge is not known (contract 9).
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
    """The settings that a plan depends on, apart from the row.

    Attributes:
        scope: the server of the enrollments (part of every key).
        run_id: this run; a key that another of its rows claimed before is a repeat inside the roster.
        today: the day with which end dates are compared.
        defaults: values for cells that are blank.
        send_sourced_id: the sourcedId of an enrollment (see `SendSourcedId`).
        recheck: the server is asked for enrollments that the ledger has, too.
        withdraw: rows with `tobedeleted` are withdrawn; otherwise they are skipped.
        kept: enrollments of the same roster that no withdrawal may end.
        by_class: requests name the class of a row: each class has an enrollment of its own, with a sourcedId, as
            OneRoster's rows have.
        own_since: an enrollment is withdrawn only if it has the sourcedId and begin date of the row, and was last
            changed after this moment, the start of the run that made it; None: any enrollment.
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
    """One row after reading: its request if there is something to send, else its outcome, and the problem behind it."""

    row_no: int
    source: SourceRow
    request: EnrollmentRequest | None = None
    outcome: Outcome | None = None
    problem: RowProblem | None = None


def parse_row(row_no: int, source: SourceRow, rules: PlanSettings) -> ParsedRow:
    """Returns a row on its own: typed, and settled at once if it is unusable or there is nothing to do today."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RowProblem):
        outcome = Outcome(OutcomeKind.INVALID, row.code, str(row))
        return ParsedRow(row_no, source, outcome=outcome, problem=row)
    if (row.status is not _ACTIVE or row.end_date is not None) and (skipped := _find_skip(row, rules)) is not None:
        return ParsedRow(row_no, source, outcome=skipped)
    return ParsedRow(row_no, source, request=_make_request(row_no, row, rules))


def plan_rows(
    readings: Sequence[ParsedRow], known: Mapping[EnrollmentKey, LedgerEntry], rules: PlanSettings
) -> list[PlannedRow]:
    """Returns the plan of a batch, in its order. `known` has the ledger's entries of its keys from before the batch.

    The first row of a key is sent; every later one of the same run is SKIPPED and names it.
    """
    first: dict[EnrollmentKey, RowLocation] = {}
    planned: list[PlannedRow] = []
    for reading in readings:
        request, outcome = reading.request, reading.outcome
        source = reading.source
        if request is not None:
            if (place := first.get(request.key)) is not None:
                request, outcome = None, _skip_repeat(place)
            else:
                first[request.key] = source.location
                if (entry := known.get(request.key)) is not None:
                    outcome = _settle_by_ledger(request, entry, rules)
                    request = None if outcome is not None else _choose_first_step(request, entry)
        planned.append(PlannedRow(reading.row_no, source.location, source.cells, request, outcome))
    return planned


def hold_back(row: PlannedRow, outcome: Outcome) -> PlannedRow:
    """Returns the row settled with `outcome` instead of being sent; a row already settled stays as it is."""
    return row if row.request is None else replace(row, request=None, outcome=outcome)


def wants_enrollment(row: RosterRow, today: date) -> bool:
    """Returns True if the row asks for an enrollment today."""
    return row.status is RowStatus.ACTIVE and not _is_over(row, today)


def key_of(row: RosterRow, rules: PlanSettings) -> EnrollmentKey:
    """Returns the key of the row's enrollment."""
    class_id = row.class_id if rules.by_class else None
    return EnrollmentKey(rules.scope, row.user_id, row.course_id, row.school_id, row.role, class_id)


def scope_of(row: RosterRow, rules: PlanSettings) -> tuple[UserCourse, SchoolClass]:
    """Returns the user, course, school and class that a withdrawal of the row affects."""
    return UserCourse(row.user_id, row.course_id), SchoolClass(row.school_id, row.class_id if rules.by_class else None)


def _is_over(row: RosterRow, today: date) -> bool:
    # OneRoster: endDate is exclusive, so an enrollment that ends today is over. Source: roster-formats 2.
    return row.end_date is not None and row.end_date <= today


def _find_skip(row: RosterRow, rules: PlanSettings) -> Outcome | None:
    match row.status:
        case RowStatus.ACTIVE:
            if not _is_over(row, rules.today):
                return None
            return Outcome(OutcomeKind.SKIPPED, catalogue.ENDED, f"ended on {row.end_date}, as of {rules.today}")
        case RowStatus.INACTIVE:
            return Outcome(OutcomeKind.SKIPPED, catalogue.INACTIVE, "its status is not active")
        case RowStatus.TO_BE_DELETED if not rules.withdraw:
            return Outcome(OutcomeKind.SKIPPED, catalogue.WITHDRAWN, "its status is tobedeleted")
        case RowStatus.TO_BE_DELETED if rules.kept.protects(*scope_of(row, rules)):
            return Outcome(
                OutcomeKind.SKIPPED, catalogue.KEPT, "another row needs an enrollment in this course and school"
            )
        case _:
            return None


def _make_request(row_no: int, row: RosterRow, rules: PlanSettings) -> EnrollmentRequest:
    key = key_of(row, rules)
    if row.status is _TO_BE_DELETED:
        count = rules.kept.count_withdrawals_at(*scope_of(row, rules))
        request = EnrollmentRequest(row_no, key, Action.WITHDRAW, purpose=Action.WITHDRAW, enrollment_count=count)
        if rules.own_since is None:
            return request
        return replace(request, sourced_id=row.sourced_id, begin_date=row.begin_date, since=rules.own_since)
    sourced_id = _choose_sourced_id(row, key, rules)
    request = EnrollmentRequest(row_no, key, _ENROLL, row.begin_date, sourced_id, row.metadata)
    return replace(request, end_date=row.end_date, primary=row.primary) if rules.by_class else request


def _choose_sourced_id(row: RosterRow, key: EnrollmentKey, rules: PlanSettings) -> str | None:
    wanted = rules.send_sourced_id
    if wanted is _ROSTER and not rules.by_class:
        return row.sourced_id
    if wanted is SendSourcedId.NEVER:
        return None
    if row.sourced_id is None and (rules.by_class or wanted is SendSourcedId.DERIVED):
        return str(UUID(bytes=key.digest(), version=5))  # name-based: RFC 9562 5.5
    return row.sourced_id


def _skip_repeat(place: RowLocation) -> Outcome:
    return Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, f"repeats {place}")


def _settle_by_ledger(request: EnrollmentRequest, entry: LedgerEntry, rules: PlanSettings) -> Outcome | None:
    if entry.run_id == rules.run_id:  # the entry is the row's own when the run is resumed
        return None if entry.row_no == request.row_no else _skip_repeat(entry.location)
    if rules.recheck:
        return None
    match request.purpose, entry.state:
        case Action.ENROLL, EnrollmentState.ENROLLED:
            return Outcome(OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_LEDGER, name_other_run(entry.run_id))
        case Action.WITHDRAW, EnrollmentState.WITHDRAWN:
            return Outcome(OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BY_LEDGER, name_other_run(entry.run_id))
        case _:
            return None


def name_other_run(run_id: RunId) -> str:
    """Returns the detail of a row that another run has settled."""
    return f"by run {run_id}"


def _choose_first_step(request: EnrollmentRequest, entry: LedgerEntry) -> EnrollmentRequest:
    """Looks up first what was claimed and never settled, since its result is unknown, and what is to be rechecked."""
    in_doubt = {
        EnrollmentState.CLAIMED,
        EnrollmentState.UNKNOWN,
        *((EnrollmentState.ENROLLED,) if request.purpose is Action.ENROLL else ()),
    }
    if entry.state in in_doubt:
        return replace(request, action=Action.LOOK_UP)
    return request
