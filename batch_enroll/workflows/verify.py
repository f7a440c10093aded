"""Rows compared with the enrollments that the server shows; rows whose enrollment is missing have failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.events import LookingUp
from batch_enroll.core.model import (
    ENROLLED_KINDS,
    Action,
    EnrollmentRequest,
    EnrollmentState,
    NoReply,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Reply,
    SettledRow,
    UserEnrollments,
    UserId,
)
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.verification import (
    NOT_THERE,
    CheckedRow,
    ExpectedEnrollment,
    VerificationStatus,
    are_lists_cheaper,
    compare_enrollments,
    mark_unanswered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from batch_enroll.core.model import CourseId, ResultRow, RunId, SchoolId, ServerEnrollment, SourceRow
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.ports import EventSink, Ledger, VerificationStore

_BATCH: Final = 500
_REPORTS: Final = 100  # of the progress of a comparison


class Comparison:
    """The enrollments that a roster expects, beside those of the server; `engine.verify` looks the users up.

    Args:
        store: where both are kept.
        sink: receives the progress.

    Attributes:
        users: how many users are compared.
    """

    def __init__(self, store: VerificationStore, sink: EventSink) -> None:
        self._store = store
        self._sink = sink
        self.users = self._rows = self._asked = 0
        self._courses: set[CourseId] = set()
        self._schools: set[SchoolId | None] = set()

    def read(self, rows: Iterable[SourceRow], rules: PlanSettings) -> None:
        """Reads the rows as a run does; a row that expects nothing of the server is left out.

        Raises:
            RosterError: the roster cannot be read to its end.
        """
        self._store.want(self._expect(rows, rules))
        self.users = self._store.users()

    def _expect(self, rows: Iterable[SourceRow], rules: PlanSettings) -> Iterator[ExpectedEnrollment]:
        for row_no, source in enumerate(rows, 1):
            request = row_planner.parse_row(row_no, source, rules).request
            if request is not None:
                self._rows += 1
                self._courses.add(request.key.course_id)
                self._schools.add(request.key.school_id)
                yield ExpectedEnrollment(row_no, request.key, gone=request.purpose is Action.WITHDRAW)

    def choose_schools(self) -> tuple[SchoolId, ...]:
        """Returns the schools if their lists cost less than a look-up of each user; else none."""
        if not are_lists_cheaper(self._schools, self._rows, self.users):
            return ()
        return tuple(school for school in self._schools if school is not None)

    def compare_lists(self, enrollments: Iterable[tuple[UserId, ServerEnrollment]]) -> None:
        """Compares all users with lists; where one differs, the look-up of that user decides."""
        self._store.show(enrollments)
        for user_id in self._store.unsettled():
            self._note(user_id, self._store.shown(user_id))

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """Yields the users to look up; see `engine.VerificationRows`."""
        return self._store.unsettled(late=late)

    def heard(self, user_id: UserId, answer: UserEnrollments | Reply | NoReply) -> None:
        """Compares a user with the answer of a look-up."""
        match answer:
            case UserEnrollments(enrollments):
                self._note(user_id, enrollments)
            case Reply(status=404):  # the server has nothing of this user
                self._note(user_id, ())
            case Reply(status=status):
                self._leave_open(user_id, f"the look-up was answered {status}")
            case NoReply(cause=cause):
                self._leave_open(user_id, f"the look-up failed: {cause}")
        self._asked += 1
        if self._asked % max(1, self.users // _REPORTS) == 0:
            self._sink.emit(LookingUp("enrollments", min(self._asked, self.users), self.users, "users"))

    def _note(self, user_id: UserId, enrollments: Sequence[ServerEnrollment]) -> None:
        self._store.note(user_id, compare_enrollments(user_id, self._store.wanted(user_id), enrollments, self._courses))

    def _leave_open(self, user_id: UserId, why: str) -> None:
        self._store.note(user_id, mark_unanswered(user_id, self._store.wanted(user_id), why))

    def mark_failed(self, ledger: Ledger, run_id: RunId) -> int:
        """Marks rows as failed that were reported enrolled and are not there, so that `retry` sends them; counts them.

        They are claimed again, since an enrollment that only an earlier run reported must be forgotten, too. One that a
        later run withdrew is missing as intended.
        """
        failed = 0
        batch: list[tuple[ResultRow, CheckedRow, ExpectedEnrollment]] = []
        for line, checked in _pair_with_results(ledger.results(run_id), self._store.rows()):
            if checked.found in NOT_THERE and line.outcome.kind in ENROLLED_KINDS and checked.wanted is not None:
                batch.append((line, checked, checked.wanted))
            if len(batch) == _BATCH:
                failed += _mark_batch_failed(ledger, run_id, batch)
                batch = []
        return failed + _mark_batch_failed(ledger, run_id, batch)

    def write(
        self, rows: Iterable[SourceRow], write: Callable[[SourceRow | None, CheckedRow], None]
    ) -> Counter[VerificationStatus]:
        """Writes each row with its status, in input order, then enrollments that no row expects; returns the counts."""
        counts: Counter[VerificationStatus] = Counter()
        found = self._store.rows()
        checked = next(found, None)
        for row_no, row in enumerate(rows, 1):
            if checked is not None and checked.row_no == row_no:
                each, checked = checked, next(found, None)
            else:
                each = CheckedRow(UserId(row.fields.get("user_id", "")), VerificationStatus.NOT_CHECKED)
            counts[each.found] += 1
            write(row, each)
        for each in self._store.extras():
            counts[each.found] += 1
            write(None, each)
        return counts


def _pair_with_results(
    lines: Iterable[ResultRow], found: Iterator[CheckedRow]
) -> Iterator[tuple[ResultRow, CheckedRow]]:
    """Yields the results of a run with their statuses; both come in the order of the rows."""
    checked = next(found, None)
    for line in lines:
        if checked is not None and checked.row_no == line.row_no:
            yield line, checked
            checked = next(found, None)


def _mark_batch_failed(
    ledger: Ledger, run_id: RunId, batch: Sequence[tuple[ResultRow, CheckedRow, ExpectedEnrollment]]
) -> int:
    claims: list[PlannedRow] = []
    settled: list[SettledRow] = []
    known = ledger.known([wanted.key for _, _, wanted in batch])
    for line, checked, wanted in batch:
        entry = known.get(wanted.key)
        if entry is None or entry.state is not EnrollmentState.ENROLLED:
            continue
        request = EnrollmentRequest(line.row_no, wanted.key)
        claims.append(PlannedRow(line.row_no, line.location, line.cells, request))
        outcome = Outcome(OutcomeKind.FAILED, catalogue.NOT_THERE, checked.detail, status=line.outcome.status)
        settled.append(SettledRow(line.row_no, wanted.key, outcome))
    if claims:
        ledger.claim(run_id, claims)
        ledger.settle(run_id, settled)
    return len(settled)
