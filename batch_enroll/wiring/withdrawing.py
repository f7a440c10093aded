"""What a run withdraws: looked at as a whole before it begins, and asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll import workflows
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import RunId
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import make_plan_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings

    Confirm: TypeAlias = Callable[[str], None]

NOT_CONFIRMED: Final = (
    "withdrawals_unasked"  # a fact of a run that was stopped before anybody agreed to its withdrawals
)


def refuse_unconfirmed(what: str) -> None:
    """A Confirm that never agrees.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"{what}; nothing was sent. Add --yes to do it without being asked")


def find_protected(
    settings: Settings, rosters: Sequence[str], source: RosterSource, ledger: Ledger, confirm: Confirm | None
) -> ProtectedEnrollments:
    """The seats that no withdrawal of the roster may take; `confirm` is asked first, if anything would be withdrawn.

    Raises:
        RosterError: the roster cannot be read to its end.
        UsageError: nobody agreed.
    """
    rules = make_plan_settings(settings, RunId(""), settings.base_url)
    leaving = workflows.count_withdrawals(whole(settings, rosters, source).rows, replace(rules, withdraw=True), ledger)
    if leaving.seats and confirm is not None and not settings.dry_run:
        confirm(describe_withdrawals(leaving.seats, settings))
    return leaving.kept


def describe_withdrawals(seats: int, settings: Settings) -> str:
    """What is asked about, in words."""
    counted = "1 seat" if seats == 1 else f"{seats:,} seats"
    return f"{counted} would be withdrawn at {settings.base_url or 'the rehearsal server'} ({settings.env})"


def whole(settings: Settings, rosters: Sequence[str], source: RosterSource) -> RosterSource:
    """The roster without its limit: rows beyond it keep their seats too."""
    if settings.limit is None:
        return source
    if STDIN in rosters:
        raise UsageError("--withdraw needs the whole roster, so --limit cannot be used on standard input")
    return open_rosters(settings.model_copy(update={"limit": None}), rosters)
