"""What a roster withdraws, told before anything is sent: how many seats, and which of them other rows keep."""

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
    """How many seats a roster withdraws that the ledger does not know to be gone, and what its other rows keep."""

    seats: int
    kept: ProtectedEnrollments


def count_withdrawals(
    rows: Callable[[], Iterable[SourceRow]], rules: PlanSettings, ledger: Ledger
) -> PlannedWithdrawals:
    """Looks at the roster twice; only what concerns its withdrawals is remembered, since they are few.

    Raises:
        RosterError: it cannot be read to its end, so nobody can tell what the rest of it keeps.
    """
    keys: set[EnrollmentKey] = set()
    places: Counter[tuple[UserCourse, SchoolClass]] = Counter()
    for source in rows():
        row = read_row(source, rules.defaults)
        if isinstance(row, RosterRow) and row.status is RowStatus.TO_BE_DELETED:
            keys.add(key_of(row, rules))
            places[scope_of(row, rules)] += 1
    wanted = _wanted_by(rows(), {pair for pair, _ in places}, rules) if keys else {}
    kept = ProtectedEnrollments(wanted, {place: seats for place, seats in places.items() if seats > 1})
    sent = [
        key
        for key in keys
        if not kept.holds(UserCourse(key.user_id, key.course_id), SchoolClass(key.school_id, key.class_id))
    ]
    gone = sum(entry.state is EnrollmentState.WITHDRAWN for entry in ledger.known(sent).values())
    return PlannedWithdrawals(len(sent) - gone, kept)


def _wanted_by(
    rows: Iterable[SourceRow], pairs: set[UserCourse], rules: PlanSettings
) -> dict[UserCourse, frozenset[SchoolClass]]:
    wanted: dict[UserCourse, set[SchoolClass]] = {}
    unclear: set[tuple[str | None, str | None]] = set()
    for source in rows:
        if (meant := may_mean(source)) is not None:
            if source.fields.get("status", "").lower() not in DELETED:
                unclear.add(meant)
            continue
        wish = _wanted(source, rules)
        if wish is not None and wish[0] in pairs:
            wanted.setdefault(wish[0], set()).add(wish[1])
    for pair in pairs if unclear else ():
        spellings = product((pair.user_id, None), (pair.course_id, None))
        if not unclear.isdisjoint(spellings):
            wanted.setdefault(pair, set()).add(SchoolClass(None))
    return {pair: frozenset(rooms) for pair, rooms in wanted.items()}


def _wanted(source: SourceRow, rules: PlanSettings) -> tuple[UserCourse, SchoolClass] | None:
    """The seat that a row wants. One that cannot be read may want any school of what it names."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RosterRow):
        return scope_of(row, rules) if wants_enrollment(row, rules.today) else None
    course = source.fields.get("course_id") or rules.defaults.course_id or ""
    return UserCourse(UserId(source.fields.get("user_id", "")), CourseId(course)), SchoolClass(None)
