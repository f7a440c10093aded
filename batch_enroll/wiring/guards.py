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

    Confirm: TypeAlias = Callable[[str], None]

NOT_CONFIRMED: Final = "withdrawals_unasked"  # fact of a run that stopped before its withdrawals were agreed to


@dataclass(frozen=True, slots=True)
class GuardedSource:
    """A roster that may be sent: itself, counted further while it is read, and what to record of overruled guards."""

    source: RosterSource
    facts: dict[str, Json]


def check_guards(
    settings: Settings,
    rosters: Sequence[str],
    source: RosterSource,
    ledger: Ledger,
    allowed: Allowance,
    *,
    named: bool,
) -> GuardedSource:
    """Returns the roster if no guard stops it that was not overruled. `named`: its ids are yet to be looked up.

    Raises:
        GuardStoppedError: a guard stops it; nothing was sent.
        RosterError: it holds no row, and no guard knows of an earlier run of it.
    """
    stats, verdicts = _count_and_evaluate(settings, rosters, source, ledger, whole=False)
    facts = apply_overrides(verdicts, allowed)
    return GuardedSource(with_capacity_guard(settings, source, facts, None if named else stats), facts)


def apply_overrides(verdicts: Sequence[GuardResult], allowed: Allowance) -> dict[str, Json]:
    """Returns the facts to record of guards that stop and were overruled.

    Raises:
        GuardStoppedError: a guard stops that was not overruled; nothing was sent.
    """
    if stopping := [verdict for verdict in verdicts if verdict.stops and verdict.guard not in allowed.guards]:
        raise GuardStoppedError(stopping)
    recorded = allowed.recorded(verdicts)
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


def with_capacity_guard(
    settings: Settings, source: RosterSource, facts: dict[str, Json], counted: RosterStats | None = None
) -> RosterSource:
    """`source`, stopped where it becomes crowded further on, unless that was overruled for this run.

    `counted` has counted its first rows, and no crowd among them.
    """
    recorded = facts.get("allowed")
    may_crowd = isinstance(recorded, list) and any(
        isinstance(each, dict) and each.get("guard") == Guard.CROWDED for each in recorded
    )
    if may_crowd:
        return source
    return workflows.CapacityGuardedRoster(
        source, counted or RosterStats(make_defaults(settings), settings.guard_limits())
    )


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
    if planned.seats and confirm is not None and not settings.dry_run:
        confirm(describe_withdrawals(planned.seats, settings))
    return planned.kept


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
