"""What a roster withdraws, told before anything is sent: how many seats, and which of them other rows keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from batch_enroll.core.lookup.id_resolution import may_mean
from batch_enroll.core.model import CourseId, RosterRow, RowStatus, SeatState, UserId
from batch_enroll.core.planning.protected_enrollments import Kept, Pair, Room
from batch_enroll.core.planning.row_planner import key_of, place_of, wants_seat
from batch_enroll.core.roster.row_parser import DELETED, read_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from batch_enroll.core.model import EnrollmentKey, SourceRow
    from batch_enroll.core.planning.row_planner import Rules
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
    places: Counter[tuple[Pair, Room]] = Counter()
    for source in rows():
        row = read_row(source, rules.defaults)
        if isinstance(row, RosterRow) and row.status is RowStatus.TO_BE_DELETED:
            keys.add(key_of(row, rules))
            places[place_of(row, rules)] += 1
    wanted = _wanted_by(rows(), {pair for pair, _ in places}, rules) if keys else {}
    kept = Kept(wanted, {place: seats for place, seats in places.items() if seats > 1})
    sent = [key for key in keys if not kept.holds(Pair(key.user_id, key.course_id), Room(key.school_id, key.class_id))]
    gone = sum(entry.state is SeatState.WITHDRAWN for entry in ledger.known(sent).values())
    return Leaving(len(sent) - gone, kept)


def _wanted_by(rows: Iterable[SourceRow], pairs: set[Pair], rules: Rules) -> dict[Pair, frozenset[Room]]:
    wanted: dict[Pair, set[Room]] = {}
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
            wanted.setdefault(pair, set()).add(Room(None))
    return {pair: frozenset(rooms) for pair, rooms in wanted.items()}


def _wanted(source: SourceRow, rules: Rules) -> tuple[Pair, Room] | None:
    """The seat that a row wants. One that cannot be read may want any school of what it names."""
    row = read_row(source, rules.defaults)
    if isinstance(row, RosterRow):
        return place_of(row, rules) if wants_seat(row, rules.today) else None
    course = source.fields.get("course_id") or rules.defaults.course_id or ""
    return Pair(UserId(source.fields.get("user_id", "")), CourseId(course)), Room(None)
