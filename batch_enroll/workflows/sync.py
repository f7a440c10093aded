"""What a roster wants beside what its schools have, and what a run would send, as steps of a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.core.errors import RosterError, RunStoppedError, UsageError
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import Action, NoReply, Reply
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.plan_document import LOOKED_UP, PlanStep, enrollment_fields
from batch_enroll.core.planning.sync_planner import DesiredEnrollment, EnrollmentIdentity
from batch_enroll.core.roster.damaged_ids import RowWarnings
from batch_enroll.workflows.batch_planner import BatchPlanner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from batch_enroll.core.model import CourseId, EnrollmentKey, PlannedRow, SchoolId, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.core.planning.sync_planner import EnrollmentPage, UserCourseSchool
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import QueryRunner
    from batch_enroll.ports import EventSink, Ledger, RosterSource


@dataclass(slots=True)
class DesiredState:
    """What a roster wants: seats with the words of their rows, how often it takes one back, and its courses."""

    wishes: dict[EnrollmentIdentity, DesiredEnrollment] = field(default_factory=dict)
    leaving: Counter[EnrollmentIdentity] = field(default_factory=Counter)
    pairs: set[tuple[CourseId, SchoolId]] = field(default_factory=set)
    rows: int = 0
    unusable: int = 0
    warnings: RowWarnings = field(default_factory=RowWarnings)


def desired_state(rows: Iterable[SourceRow], rules: PlanSettings, *, withdraw: bool) -> DesiredState:
    """The state of things that a roster describes.

    Raises:
        RosterError: it cannot be read to its end; or a row cannot, and seats are to be withdrawn: it may keep one.
        UsageError: a row names no school, so that nobody can tell which seats it speaks of.
    """
    found = DesiredState()
    for row_no, source in enumerate(rows, 1):
        found.rows += 1
        found.warnings.add(source)
        reading = row_planner.parse_row(row_no, source, rules)
        if reading.problem is not None:
            found.unusable += 1
            if withdraw:
                raise RosterError(
                    f"{source.location}, {reading.problem}; nobody can tell which seat it keeps, so nothing is "
                    "withdrawn: mend the row, or leave out --withdraw"
                )
        if reading.request is not None:
            seat = _seat(source, reading.request.key)
            found.pairs.add((seat.course_id, seat.school_id))
            if reading.request.purpose is Action.WITHDRAW:
                found.leaving[seat] += 1
            else:
                found.wishes.setdefault(
                    seat, DesiredEnrollment(enrollment_fields(source.fields, rules.defaults), str(source.location))
                )
    return found


def _seat(source: SourceRow, key: EnrollmentKey) -> EnrollmentIdentity:
    if key.school_id is None:
        raise UsageError(f"{source.location} names no school, and a sync compares school by school; give --school-id")
    return EnrollmentIdentity(key.user_id, key.course_id, key.school_id, key.role, key.class_id)


@dataclass(slots=True)
class SchoolEnrollments:
    """What schools list: their active seats, and how many rows could not be told whose, where or what they are.

    `odd` has the places of those of which only the role is not known.
    """

    seats: list[EnrollmentIdentity] = field(default_factory=list)
    nameless: int = 0
    odd: set[UserCourseSchool] = field(default_factory=set)


async def list_enrollments(
    schools: Iterable[SchoolId],
    asking: QueryRunner,
    page: Callable[[SchoolId, int, str], Awaitable[EnrollmentPage | Reply | NoReply]],
    sink: EventSink,
) -> SchoolEnrollments:
    """Every active seat of the schools; `sink` is told how far it has come.

    Raises:
        AuthRefusedError, RunStoppedError: the server does not tell, or not all of it.
    """
    of_school: dict[SchoolId, list[EnrollmentIdentity]] = {}
    totals: dict[SchoolId, int] = {}
    listed, done = SchoolEnrollments(), 0

    async def read(school_id: SchoolId) -> None:
        nonlocal done
        seats, offset, total = of_school.setdefault(school_id, []), 0, 1
        while offset < total:  # a short page can come before the end (contract 1.2)
            answer = await asking.query(partial(page, school_id, offset))
            if isinstance(answer, Reply | NoReply) or (answer.rows == 0 and answer.total > offset):
                raise RunStoppedError(_untold(school_id, answer))
            seats += answer.seats
            listed.nameless += answer.nameless
            listed.odd.update(answer.odd)
            offset, total = offset + answer.rows, answer.total
            done, totals[school_id] = done + answer.rows, total
            sink.emit(LookingUp("enrollments of schools", done, max(done, sum(totals.values())), "rows"))

    await asking.for_each(schools, read)
    listed.seats = [seat for seats in of_school.values() for seat in seats]
    return listed


def _untold(school_id: SchoolId, answer: EnrollmentPage | Reply | NoReply) -> str:
    match answer:
        case Reply(status=status):
            why = f"answered {status}; the client needs read access to OneRoster rostering"
        case NoReply(cause=cause):
            why = f"could not be asked: {cause}"
        case _:
            why = "ended before all were listed"
    return f'the enrollments of school "{school_id}" {why}; nothing was sent'


@dataclass(frozen=True, slots=True)
class StepsOfRun:
    """What a run would send, what becomes of the other rows, and what is in doubt."""

    steps: Sequence[PlanStep]
    others: Mapping[str, int]
    warnings: RowWarnings


def steps_of_run(record: RunRecord, source: RosterSource, rules: PlanSettings, ledger: Ledger) -> StepsOfRun:
    """What a run would send now; sends nothing.

    Raises:
        RosterError: the roster cannot be read to its end.
    """
    steps: list[PlanStep] = []
    others: Counter[str] = Counter()

    def note(reading: ParsedRow, row: PlannedRow) -> None:
        request = row.request
        if request is None:
            others[row.outcome.kind.value if row.outcome is not None else ""] += 1
            return
        looked_up = request.action is Action.LOOK_UP or request.purpose is Action.WITHDRAW
        fields = enrollment_fields(reading.source.fields, rules.defaults)
        steps.append(PlanStep(request.purpose, fields, str(row.location), LOOKED_UP if looked_up else ""))

    ledger.begin(record)
    planning = BatchPlanner(source, rules, ledger, note)
    while planning.next_batch(None):
        pass
    return StepsOfRun(steps, others, planning.warnings)
