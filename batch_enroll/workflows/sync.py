"""A roster beside the lists of its schools, and the steps that a run would send, for plans."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.core.errors import RosterError, RunStoppedError, UsageError
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import Action, NoReply, Reply
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.plan_document import LOOKED_UP, PlanStep, select_plan_fields
from batch_enroll.core.planning.sync_planner import DesiredEnrollment, EnrollmentIdentity
from batch_enroll.core.roster.damaged_ids import RowWarnings
from batch_enroll.workflows.batch_planner import BatchPlanner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from batch_enroll.core.model import CourseId, EnrollmentKey, EnrollmentRequest, PlannedRow, SchoolId, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.core.planning.sync_planner import EnrollmentPage, UserCourseSchool
    from batch_enroll.core.roster.row_parser import Defaults
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.engine import QueryRunner
    from batch_enroll.ports import EventSink, Ledger, RosterSource


@dataclass(slots=True)
class DesiredState:
    """The enrollments that a roster asks for.

    Attributes:
        enrollments: each once, with the text of its row.
        withdrawals: enrollments that rows take back, and how many rows each.
        courses: the courses of the roster, with their schools.
        unusable: rows that cannot be read.
        warnings: what may be wrong with rows that are used all the same.
    """

    enrollments: dict[EnrollmentIdentity, DesiredEnrollment] = field(default_factory=dict)
    withdrawals: Counter[EnrollmentIdentity] = field(default_factory=Counter)
    courses: set[tuple[CourseId, SchoolId]] = field(default_factory=set)
    unusable: int = 0
    warnings: RowWarnings = field(default_factory=RowWarnings)

    def add(self, source: SourceRow, request: EnrollmentRequest, defaults: Defaults) -> None:
        """Adds the enrollment of a row.

        Raises:
            UsageError: it names no school.
        """
        enrollment = _identify(source, request.key)
        self.courses.add((enrollment.course_id, enrollment.school_id))
        if request.purpose is Action.WITHDRAW:
            self.withdrawals[enrollment] += 1
        else:
            fields = select_plan_fields(source.fields, defaults)
            self.enrollments.setdefault(enrollment, DesiredEnrollment(fields, str(source.location)))


def read_desired_state(rows: Iterable[SourceRow], rules: PlanSettings, *, withdraw: bool) -> DesiredState:
    """Returns the enrollments that a roster asks for.

    Raises:
        RosterError: it cannot be read to its end; or a row cannot, and enrollments are to be withdrawn: it may ask for
            one of them.
        UsageError: a row names no school, so that its enrollment cannot be compared.
    """
    desired = DesiredState()
    for row_no, source in enumerate(rows, 1):
        desired.warnings.add(source)
        parsed = row_planner.parse_row(row_no, source, rules)
        if parsed.problem is not None:
            desired.unusable += 1
            if withdraw:
                raise RosterError(
                    f"{source.location}, {parsed.problem}; it is not known which enrollment this row keeps, so nothing "
                    "is withdrawn: fix the row, or leave out --withdraw"
                )
        if parsed.request is not None:
            desired.add(source, parsed.request, rules.defaults)
    return desired


def _identify(source: SourceRow, key: EnrollmentKey) -> EnrollmentIdentity:
    if key.school_id is None:
        raise UsageError(f"{source.location} names no school, and a sync compares school by school; give --school-id")
    return EnrollmentIdentity(key.user_id, key.course_id, key.school_id, key.role, key.class_id)


@dataclass(slots=True)
class SchoolEnrollments:
    """The active enrollments that schools list.

    Attributes:
        enrollments: those that are known in full.
        unattributed: rows without a user, a course or a school.
        unknown_roles: users in courses of which a row has an unknown role.
    """

    enrollments: list[EnrollmentIdentity] = field(default_factory=list)
    unattributed: int = 0
    unknown_roles: set[UserCourseSchool] = field(default_factory=set)


async def list_enrollments(
    schools: Iterable[SchoolId],
    queries: QueryRunner,
    fetch_page: Callable[[SchoolId, int, str], Awaitable[EnrollmentPage | Reply | NoReply]],
    sink: EventSink,
) -> SchoolEnrollments:
    """Returns every active enrollment of the schools; `sink` receives the progress.

    Raises:
        AuthRefusedError, RunStoppedError: the server does not list them, or not all of them.
    """
    of_school: dict[SchoolId, list[EnrollmentIdentity]] = {}
    totals: dict[SchoolId, int] = {}
    listed, done = SchoolEnrollments(), 0

    async def read(school_id: SchoolId) -> None:
        nonlocal done
        enrollments, offset, total = of_school.setdefault(school_id, []), 0, 1
        while offset < total:  # a short page can come before the end (contract 1.2)
            page = await queries.query(partial(fetch_page, school_id, offset))
            if isinstance(page, Reply | NoReply) or (page.rows == 0 and page.total > offset):
                raise RunStoppedError(_describe_failure(school_id, page))
            enrollments += page.enrollments
            listed.unattributed += page.unidentified
            listed.unknown_roles.update(page.unknown_role)
            offset, total = offset + page.rows, page.total
            done, totals[school_id] = done + page.rows, total
            sink.emit(LookingUp("enrollments of schools", done, max(done, sum(totals.values())), "rows"))

    await queries.for_each(schools, read)
    listed.enrollments = [one for enrollments in of_school.values() for one in enrollments]
    return listed


def _describe_failure(school_id: SchoolId, answer: EnrollmentPage | Reply | NoReply) -> str:
    match answer:
        case Reply(status=status):
            why = f"answered {status}; the client needs read access to OneRoster rostering"
        case NoReply(cause=cause):
            why = f"could not be listed: {cause}"
        case _:
            why = "ended before all were listed"
    return f'the enrollments of school "{school_id}" {why}; nothing was sent'


@dataclass(frozen=True, slots=True)
class PlannedSteps:
    """The steps that a run would send.

    Attributes:
        steps: in input order.
        others: how the rows end for which nothing is sent, with their counts.
        warnings: what may be wrong with rows that are sent all the same.
    """

    steps: Sequence[PlanStep]
    others: Mapping[str, int]
    warnings: RowWarnings


def plan_steps(record: RunRecord, source: RosterSource, rules: PlanSettings, ledger: Ledger) -> PlannedSteps:
    """Returns what a run would send now; sends nothing.

    Raises:
        RosterError: the roster cannot be read to its end.
    """
    steps: list[PlanStep] = []
    others: Counter[str] = Counter()

    def observe(parsed: ParsedRow, row: PlannedRow) -> None:
        request = row.request
        if request is None:
            others[row.outcome.kind.value if row.outcome is not None else ""] += 1
            return
        looked_up = request.action is Action.LOOK_UP or request.purpose is Action.WITHDRAW
        fields = select_plan_fields(parsed.source.fields, rules.defaults)
        steps.append(PlanStep(request.purpose, fields, str(row.location), LOOKED_UP if looked_up else ""))

    ledger.begin(record)
    planner = BatchPlanner(source, rules, ledger, observe=observe)
    while planner.next_batch(None):
        pass
    return PlannedSteps(steps, others, planner.warnings)
