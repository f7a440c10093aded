"""A roster's wishes for the server to be asked about, and what becomes of rows whose seat is not there after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core import catalogue, plan
from batch_enroll.core.model import (
    HAS_SEAT,
    Action,
    EnrollmentRequest,
    Outcome,
    OutcomeKind,
    PlannedRow,
    Settled,
    UserId,
)
from batch_enroll.core.verify import Checked, Found, Wanted, Wishes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from batch_enroll.core.model import RunId, SourceRow
    from batch_enroll.core.plan import Rules
    from batch_enroll.ports import Ledger

_NOT_THERE: Final = frozenset({Found.MISSING, Found.DIFFERENT_ROLE})


def wishes_of(rows: Iterable[SourceRow], rules: Rules) -> Wishes:
    """What the rows want, read as a run reads them; a row that wants nothing of the server is left out.

    Raises:
        RosterError: the roster cannot be read to its end.
    """
    found = Wishes()
    for row_no, source in enumerate(rows, 1):
        request = plan.read(row_no, source, rules).request
        if request is not None:
            found.add(Wanted(row_no, request.key, gone=request.aim is Action.WITHDRAW))
    return found


def take_back(ledger: Ledger, run_id: RunId, checked: Iterable[Checked]) -> int:
    """Makes FAILED of rows that were reported enrolled and are not there, so that `retry` sends them; how many.

    They are claimed anew, for a seat that an earlier run vouched for must be forgotten, too.
    """
    absent = {each.wanted.row_no: each for each in checked if each.wanted is not None and each.found in _NOT_THERE}
    claims: list[PlannedRow] = []
    settled: list[Settled] = []
    for line in ledger.results(run_id):
        each = absent.get(line.row_no)
        if each is None or each.wanted is None or line.outcome.kind not in HAS_SEAT:
            continue
        request = EnrollmentRequest(line.row_no, each.wanted.key)
        claims.append(PlannedRow(line.row_no, line.place, line.cells, request))
        outcome = Outcome(OutcomeKind.FAILED, catalogue.NOT_THERE, each.detail, status=line.outcome.status)
        settled.append(Settled(line.row_no, request.key, outcome))
    ledger.claim(run_id, claims)
    ledger.settle(run_id, settled)
    return len(settled)


def write_checked(
    rows: Iterable[SourceRow], checked: Sequence[Checked], write: Callable[[SourceRow | None, Checked], None]
) -> None:
    """Writes each row with what was found of it, in input order, then the seats that no row wants."""
    of_row = {each.wanted.row_no: each for each in checked if each.wanted is not None}
    for row_no, row in enumerate(rows, 1):
        write(row, of_row.get(row_no) or Checked(UserId(row.fields.get("user_id", "")), Found.NOT_CHECKED))
    for each in checked:
        if each.wanted is None:
            write(None, each)
