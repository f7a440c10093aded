"""Set differences of seats by pandas: what only one side has, and what both have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.planning.sync_planner import Differences, EnrollmentIdentity

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

_COLUMNS: Final = [*EnrollmentIdentity._fields, "of_a_class"]
_SIDE: Final = "side"


def diff_enrollments(wanted: Collection[EnrollmentIdentity], there: Collection[EnrollmentIdentity]) -> Differences:
    """Seats that only the roster names, that both have, and that only the server has; each side in its own order."""
    both = _table(wanted).merge(_table(there), on=_COLUMNS, how="outer", indicator=_SIDE, sort=False)
    side = dict(zip(both[_COLUMNS].itertuples(index=False, name=None), both[_SIDE], strict=True))
    return Differences(
        missing=[seat for seat in wanted if side[_row(seat)] == "left_only"],
        kept=[seat for seat in wanted if side[_row(seat)] == "both"],
        extra=[seat for seat in there if side[_row(seat)] == "right_only"],
    )


def _table(seats: Collection[EnrollmentIdentity]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - half a second that other commands need not wait

    # Objects, so that ids stay the text they are; each once, as in a set.
    return pd.DataFrame(list(map(_row, seats)), columns=_COLUMNS, dtype=object).drop_duplicates()


def _row(seat: EnrollmentIdentity) -> tuple[str | bool, ...]:
    # Where a table has both None and text, pandas makes NaN of None.
    return (*seat[:4], seat.class_id or "", seat.class_id is not None)
