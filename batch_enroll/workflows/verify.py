"""A roster's wishes compared with what the server shows, and what becomes of rows whose seat is not there after all."""

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
    compare,
    lists_are_cheaper,
    unanswered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from batch_enroll.core.model import CourseId, ResultRow, RunId, SchoolId, ServerEnrollment, SourceRow
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.ports import EventSink, Ledger, VerificationStore

_BATCH: Final = 500
_LOOKS: Final = 100  # how often it is told how far the comparison has come


class Comparison:
    """The wishes of a roster in a book, beside what is heard of their users; `engine.verify` asks for them.

    Args:
        book: where it is kept.
        sink: told how far it has come.

    Attributes:
        users: how many users are compared.
    """

    def __init__(self, book: VerificationStore, sink: EventSink) -> None:
        self._book = book
        self._sink = sink
        self.users = self._rows = self._asked = 0
        self._courses: set[CourseId] = set()
        self._schools: set[SchoolId | None] = set()

    def read(self, rows: Iterable[SourceRow], rules: PlanSettings) -> None:
        """Takes the rows as a run reads them; a row that wants nothing of the server is left out.

        Raises:
            RosterError: the roster cannot be read to its end.
        """
        self._book.want(self._wishes(rows, rules))
        self.users = self._book.users()

    def _wishes(self, rows: Iterable[SourceRow], rules: PlanSettings) -> Iterator[ExpectedEnrollment]:
        for row_no, source in enumerate(rows, 1):
            request = row_planner.parse_row(row_no, source, rules).request
            if request is not None:
                self._rows += 1
                self._courses.add(request.key.course_id)
                self._schools.add(request.key.school_id)
                yield ExpectedEnrollment(row_no, request.key, gone=request.purpose is Action.WITHDRAW)

    def schools_to_list(self) -> tuple[SchoolId, ...]:
        """The schools whose lists cost less than a look-up for each user; none if they do not."""
        if not lists_are_cheaper(self._schools, self._rows, self.users):
            return ()
        return tuple(school for school in self._schools if school is not None)

    def listed(self, seats: Iterable[tuple[UserId, ServerEnrollment]]) -> None:
        """Compares everybody with what lists show; a user's own look-up has the last word where that differs."""
        self._book.show(seats)
        for user_id in self._book.unsettled():
            self._note(user_id, self._book.shown(user_id))

    def unsettled(self, *, late: bool = False) -> Iterator[UserId]:
        """Whom to ask for; see `engine.Comparing`."""
        return self._book.unsettled(late=late)

    def heard(self, user_id: UserId, answer: UserEnrollments | Reply | NoReply) -> None:
        """Compares a user with the answer of a look-up."""
        match answer:
            case UserEnrollments(seats):
                self._note(user_id, seats)
            case Reply(status=404):  # the server knows of nothing that this user has
                self._note(user_id, ())
            case Reply(status=status):
                self._leave_open(user_id, f"the look-up was answered {status}")
            case NoReply(cause=cause):
                self._leave_open(user_id, f"the look-up failed: {cause}")
        self._asked += 1
        if self._asked % max(1, self.users // _LOOKS) == 0:
            self._sink.emit(LookingUp("seats", min(self._asked, self.users), self.users, "users"))

    def _note(self, user_id: UserId, seats: Sequence[ServerEnrollment]) -> None:
        self._book.note(user_id, compare(user_id, self._book.wanted(user_id), seats, self._courses))

    def _leave_open(self, user_id: UserId, why: str) -> None:
        self._book.note(user_id, unanswered(user_id, self._book.wanted(user_id), why))

    def mark_failed(self, ledger: Ledger, run_id: RunId) -> int:
        """Makes FAILED of rows that were reported enrolled and are not there, so that `retry` sends them; how many.

        They are claimed anew, for a seat that an earlier run vouched for must be forgotten, too; one that a later run
        withdrew is gone because it was to go.
        """
        taken = 0
        batch: list[tuple[ResultRow, CheckedRow, ExpectedEnrollment]] = []
        for line, checked in _side_by_side(ledger.results(run_id), self._book.rows()):
            if checked.found in NOT_THERE and line.outcome.kind in ENROLLED_KINDS and checked.wanted is not None:
                batch.append((line, checked, checked.wanted))
            if len(batch) == _BATCH:
                taken += _fail(ledger, run_id, batch)
                batch = []
        return taken + _fail(ledger, run_id, batch)

    def write(
        self, rows: Iterable[SourceRow], write: Callable[[SourceRow | None, CheckedRow], None]
    ) -> Counter[VerificationStatus]:
        """Writes each row with what was found of it, in input order, then the seats that no row wants; their counts."""
        counts: Counter[VerificationStatus] = Counter()
        found = self._book.rows()
        checked = next(found, None)
        for row_no, row in enumerate(rows, 1):
            if checked is not None and checked.row_no == row_no:
                each, checked = checked, next(found, None)
            else:
                each = CheckedRow(UserId(row.fields.get("user_id", "")), VerificationStatus.NOT_CHECKED)
            counts[each.found] += 1
            write(row, each)
        for each in self._book.extras():
            counts[each.found] += 1
            write(None, each)
        return counts


def _side_by_side(lines: Iterable[ResultRow], found: Iterator[CheckedRow]) -> Iterator[tuple[ResultRow, CheckedRow]]:
    """Lines of a run with what was found of them; both come in the order of the rows."""
    checked = next(found, None)
    for line in lines:
        if checked is not None and checked.row_no == line.row_no:
            yield line, checked
            checked = next(found, None)


def _fail(ledger: Ledger, run_id: RunId, batch: Sequence[tuple[ResultRow, CheckedRow, ExpectedEnrollment]]) -> int:
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
