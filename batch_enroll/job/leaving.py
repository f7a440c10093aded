"""What a roster withdraws, told before anything is sent: how many seats, and which of them other rows keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_enroll.core.intake import read_row
from batch_enroll.core.keeping import Kept, Pair
from batch_enroll.core.model import CourseId, EnrollmentKey, RosterRow, RowStatus, SeatState, UserId
from batch_enroll.core.plan import wants_seat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from batch_enroll.core.model import SchoolId, SourceRow
    from batch_enroll.core.plan import Rules
    from batch_enroll.ports import Ledger


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many seats a roster withdraws that the ledger does not know to be gone, and what its other rows keep."""

    seats: int
    kept: Kept


def leaving(rows: Callable[[], Iterable[SourceRow]], rules: Rules, ledger: Ledger) -> Leaving:
    """Looks at the roster twice; only what concerns its withdrawals is remembered, since they are few.

    Raises:
        RosterError: it cannot be read to its end, so nobody can tell what the rest of it keeps.
    """
    keys: set[EnrollmentKey] = set()
    places: Counter[tuple[Pair, SchoolId | None]] = Counter()
    for source in rows():
        row = read_row(source, rules.defaults)
        if isinstance(row, RosterRow) and row.status is RowStatus.TO_BE_DELETED:
            keys.add(EnrollmentKey(rules.scope, row.user_id, row.course_id, row.school_id, row.role))
            places[Pair(row.user_id, row.course_id), row.school_id] += 1
    wanted = _wanted_by(rows(), {pair for pair, _ in places}, rules) if keys else {}
    kept = Kept(wanted, {place: seats for place, seats in places.items() if seats > 1})
    sent = [key for key in keys if not kept.holds(Pair(key.user_id, key.course_id), key.school_id)]
    gone = sum(entry.state is SeatState.WITHDRAWN for entry in ledger.known(sent).values())
    return Leaving(len(sent) - gone, kept)


def _wanted_by(rows: Iterable[SourceRow], pairs: set[Pair], rules: Rules) -> dict[Pair, frozenset[SchoolId | None]]:
    wanted: dict[Pair, set[SchoolId | None]] = {}
    for source in rows:
        pair, school_id = _wanted(source, rules)
        if pair in pairs:
            wanted.setdefault(pair, set()).add(school_id)
    return {pair: frozenset(schools) for pair, schools in wanted.items()}


def _wanted(source: SourceRow, rules: Rules) -> tuple[Pair | None, SchoolId | None]:
    """The seat that a row wants. One that cannot be read may want any school of what it names."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RosterRow):
        wants = wants_seat(row, rules.today)
        return (Pair(row.user_id, row.course_id) if wants else None), row.school_id
    course = source.fields.get("course_id") or rules.defaults.course_id or ""
    return Pair(UserId(source.fields.get("user_id", "")), CourseId(course)), None
