"""Guards between a roster and the server: the roster as a whole, and what it would withdraw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll import workflows
from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.previous_runs import last_comparable_run, newer_run_than
from batch_enroll.core.guards.roster_stats import RosterStats
from batch_enroll.core.guards.rules import Allowance, Guard, GuardContext, GuardStoppedError, evaluate_guards
from batch_enroll.core.model import RunId
from batch_enroll.wiring.rosters import open_rosters
from batch_enroll.wiring.run_options import make_defaults, make_plan_settings
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import Json
    from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings
    from batch_enroll.workflows import CapacityGuard

    Confirm: TypeAlias = Callable[[str], None]

NOT_CONFIRMED: Final = "withdrawals_unasked"  # fact of a run that stopped before its withdrawals were agreed to


@dataclass(frozen=True, slots=True)
class PassedGuards:
    """Guards that let a roster pass: the facts to record of those overruled, and the one that counts its other rows."""

    facts: dict[str, Json]
    capacity: CapacityGuard | None


def check_guards(
    settings: Settings,
    rosters: Sequence[str],
    source: RosterSource,
    ledger: Ledger,
    allowed: Allowance,
    *,
    named: bool,
) -> PassedGuards:
    """Checks that no guard stops the roster, or only guards that are overruled.

    Args:
        settings: hold the limits.
        rosters: its files as they were typed.
        source: the roster.
        ledger: holds earlier runs of it.
        allowed: the guards that are overruled.
        named: its ids are yet to be looked up, so its rows are counted again when it is sent.

    Raises:
        GuardStoppedError: a guard stops it; nothing was sent.
        RosterError: it holds no row, and no guard knows of an earlier run of it.
    """
    stats, verdicts = _count_and_evaluate(settings, rosters, source, ledger, whole=False)
    facts = apply_overrides(verdicts, allowed)
    return PassedGuards(facts, make_capacity_guard(settings, facts, None if named else stats))


def apply_overrides(verdicts: Sequence[GuardResult], allowed: Allowance) -> dict[str, Json]:
    """Returns the facts to record of guards that stop and were overruled.

    Raises:
        GuardStoppedError: a guard stops that was not overruled; nothing was sent.
    """
    if stopping := [verdict for verdict in verdicts if verdict.stops and verdict.guard not in allowed.guards]:
        raise GuardStoppedError(stopping)
    recorded = allowed.as_records(verdicts)
    return {"allowed": recorded} if recorded else {}


def extend_overrides(facts: Mapping[str, Json], verdicts: Sequence[GuardResult], allowed: Allowance) -> dict[str, Json]:
    """Returns the facts of a run whose rows changed: guards overruled when it began stay so, and more may be now.

    Raises:
        GuardStoppedError: as `apply_overrides`.
    """
    before = facts.get("allowed")
    recorded = before if isinstance(before, list) else []
    names = {each.get("guard") for each in recorded if isinstance(each, dict)}
    more = apply_overrides([verdict for verdict in verdicts if verdict.guard not in names], allowed).get("allowed")
    both = [*recorded, *(more if isinstance(more, list) else [])]
    return {**facts, "allowed": both} if both else dict(facts)


def evaluate(
    settings: Settings,
    rosters: Sequence[str],
    source: RosterSource,
    ledger: Ledger | None,
    *,
    whole: bool = False,
) -> tuple[GuardResult, ...]:
    """Evaluates the guards for a roster; `whole` counts all of it first, as is always done before withdrawals."""
    return _count_and_evaluate(settings, rosters, source, ledger, whole=whole)[1]


def _count_and_evaluate(
    settings: Settings, rosters: Sequence[str], source: RosterSource, ledger: Ledger | None, *, whole: bool
) -> tuple[RosterStats, tuple[GuardResult, ...]]:
    limits = settings.guard_limits()
    stats, rows = workflows.count_first_rows(source, make_defaults(settings), limits, whole=whole or settings.withdraw)
    runs = () if ledger is None else tuple(ledger.runs())
    sha256s = [ref.sha256 for ref in source.refs()]
    context = GuardContext(
        rows=rows,
        names=tuple(rosters),
        today=settings.as_of or utc_now().astimezone().date(),
        production=settings.env == "production",
        withdraws=settings.withdraw,
        last=None if settings.limit else last_comparable_run(rosters, settings.base_url, runs),
        newer=newer_run_than(sha256s, rosters, settings.base_url, runs),
    )
    return stats, evaluate_guards(stats, context, limits)


def make_capacity_guard(
    settings: Settings, facts: Mapping[str, Json], counted: RosterStats | None = None
) -> CapacityGuard | None:
    """Returns the guard that stops a run before a course or school takes too many; None if that was overruled.

    `counted` has counted the first rows, with no course or school too full among them.
    """
    recorded = facts.get("allowed")
    is_overruled = isinstance(recorded, list) and any(
        isinstance(each, dict) and each.get("guard") == Guard.CROWDED for each in recorded
    )
    if is_overruled:
        return None
    return workflows.CapacityGuard(counted or RosterStats(make_defaults(settings), settings.guard_limits()))


def refuse_unconfirmed(what: str) -> None:
    """Implements `Confirm` without ever agreeing.

    Raises:
        UsageError: always.
    """
    raise UsageError(f"{what}; nothing was sent. Add --yes to do it without being asked")


def find_protected(
    settings: Settings, rosters: Sequence[str], source: RosterSource, ledger: Ledger, confirm: Confirm | None
) -> ProtectedEnrollments:
    """Returns the enrollments that no withdrawal of the roster may take; calls `confirm` first if it withdraws any.

    Raises:
        RosterError: the roster cannot be read to its end.
        UsageError: the withdrawals were not agreed to.
    """
    rules = make_plan_settings(settings, RunId(""), settings.base_url)
    whole = open_without_limit(settings, rosters, source)
    planned = workflows.count_withdrawals(whole.rows, replace(rules, withdraw=True), ledger)
    if planned.count and confirm is not None and not settings.dry_run:
        confirm(describe_withdrawals(planned.count, settings))
    return planned.protected


def describe_withdrawals(count: int, settings: Settings) -> str:
    """Words the statement that a person agrees to before withdrawals are sent."""
    counted = "1 enrollment" if count == 1 else f"{count:,} enrollments"
    return f"{counted} would be withdrawn at {settings.base_url or 'the rehearsal server'} ({settings.env})"


def open_without_limit(settings: Settings, rosters: Sequence[str], source: RosterSource) -> RosterSource:
    """Returns the roster without its limit: rows beyond it keep their enrollments too.

    Raises:
        UsageError: it has a limit and is standard input, which cannot be read again.
    """
    if settings.limit is None:
        return source
    if STDIN in rosters:
        raise UsageError("--withdraw needs the whole roster, so --limit cannot be used on standard input")
    return open_rosters(settings.model_copy(update={"limit": None}), rosters)
