"""The withdrawals of a roster, counted before anything is sent, and the enrollments that its other rows keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from batch_enroll.core.lookup.id_resolution import may_mean
from batch_enroll.core.model import CourseId, EnrollmentState, RosterRow, RowStatus, UserId
from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments, SchoolClass, UserCourse
from batch_enroll.core.planning.row_planner import key_of, scope_of, wants_enrollment
from batch_enroll.core.roster.row_parser import DELETED, read_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from batch_enroll.core.model import EnrollmentKey, SourceRow
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.ports import Ledger


@dataclass(frozen=True, slots=True)
class PlannedWithdrawals:
    """The withdrawals of a roster.

    Attributes:
        count: enrollments that it withdraws, apart from those that are withdrawn according to the ledger.
        protected: enrollments that its other rows keep.
    """

    count: int
    protected: ProtectedEnrollments


def count_withdrawals(
    rows: Callable[[], Iterable[SourceRow]], rules: PlanSettings, ledger: Ledger
) -> PlannedWithdrawals:
    """Counts the withdrawals of a roster. It reads the rows twice, and keeps only what concerns its few withdrawals.

    Raises:
        RosterError: it cannot be read to its end, so it is not known what the rest of it keeps.
    """
    keys: set[EnrollmentKey] = set()
    scopes: Counter[tuple[UserCourse, SchoolClass]] = Counter()
    for source in rows():
        row = read_row(source, rules.defaults)
        if isinstance(row, RosterRow) and row.status is RowStatus.TO_BE_DELETED:
            keys.add(key_of(row, rules))
            scopes[scope_of(row, rules)] += 1
    kept = _find_kept(rows(), {pair for pair, _ in scopes}, rules) if keys else {}
    protected = ProtectedEnrollments(kept, {scope: count for scope, count in scopes.items() if count > 1})
    sent = [
        key
        for key in keys
        if not protected.protects(UserCourse(key.user_id, key.course_id), SchoolClass(key.school_id, key.class_id))
    ]
    withdrawn = sum(entry.state is EnrollmentState.WITHDRAWN for entry in ledger.known(sent).values())
    return PlannedWithdrawals(len(sent) - withdrawn, protected)


def _find_kept(
    rows: Iterable[SourceRow], pairs: set[UserCourse], rules: PlanSettings
) -> dict[UserCourse, frozenset[SchoolClass]]:
    """Returns the schools and classes in which other rows keep users in courses, for some pairs of these."""
    kept: dict[UserCourse, set[SchoolClass]] = {}
    unclear: set[tuple[str | None, str | None]] = set()
    for source in rows:
        if (meant := may_mean(source)) is not None:
            if source.fields.get("status", "").lower() not in DELETED:
                unclear.add(meant)
            continue
        scope = _find_scope(source, rules)
        if scope is not None and scope[0] in pairs:
            kept.setdefault(scope[0], set()).add(scope[1])
    for pair in pairs if unclear else ():
        meanings = product((pair.user_id, None), (pair.course_id, None))
        if not unclear.isdisjoint(meanings):
            kept.setdefault(pair, set()).add(SchoolClass(None))
    return {pair: frozenset(classes) for pair, classes in kept.items()}


def _find_scope(source: SourceRow, rules: PlanSettings) -> tuple[UserCourse, SchoolClass] | None:
    """Returns what a row keeps; one that cannot be read may keep its user in any school of its course."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RosterRow):
        return scope_of(row, rules) if wants_enrollment(row, rules.today) else None
    course = source.fields.get("course_id") or rules.defaults.course_id or ""
    return UserCourse(UserId(source.fields.get("user_id", "")), CourseId(course)), SchoolClass(None)
