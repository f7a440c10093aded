"""The guards between a roster and the server, with what they need from the ledger and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.core.guards.previous_runs import last_comparable_run, newer_run_than
from batch_enroll.core.guards.roster_stats import RosterStats
from batch_enroll.core.guards.rules import Allowance, Guard, GuardContext, GuardStoppedError, evaluate_guards
from batch_enroll.wiring.run_options import make_defaults
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import Json
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings


@dataclass(frozen=True, slots=True)
class GuardedSource:
    """A roster that may be sent: itself, watched on, and what is to be recorded of guards that were overruled."""

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
    """The roster, if no guard stops it that was not overruled. `named`: ids are to be found in the place of names.

    Raises:
        GuardStoppedError: one does; nothing was sent.
        RosterError: it holds no row, and no guard knows that it did before.
    """
    census, verdicts = _judged(settings, rosters, source, ledger, whole=False)
    facts = apply_overrides(verdicts, allowed)
    return GuardedSource(with_capacity_guard(settings, source, facts, None if named else census), facts)


def apply_overrides(verdicts: Sequence[GuardResult], allowed: Allowance) -> dict[str, Json]:
    """What is to be recorded of guards that stop and were overruled.

    Raises:
        GuardStoppedError: one that was not; nothing was sent.
    """
    if stopping := [verdict for verdict in verdicts if verdict.stops and verdict.guard not in allowed.guards]:
        raise GuardStoppedError(stopping)
    recorded = allowed.recorded(verdicts)
    return {"allowed": recorded} if recorded else {}


def extend_overrides(facts: Mapping[str, Json], verdicts: Sequence[GuardResult], allowed: Allowance) -> dict[str, Json]:
    """The facts of a run whose rows changed: what was overruled when it began stays so, and more may be now.

    Raises:
        GuardStoppedError: as `overruled`.
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
    """What the guards say of a roster; `whole` counts all of it first, as withdrawing does."""
    return _judged(settings, rosters, source, ledger, whole=whole)[1]


def _judged(
    settings: Settings, rosters: Sequence[str], source: RosterSource, ledger: Ledger | None, *, whole: bool
) -> tuple[RosterStats, tuple[GuardResult, ...]]:
    limits = settings.guard_limits()
    census, rows = workflows.count_first_rows(source, make_defaults(settings), limits, whole=whole or settings.withdraw)
    runs = () if ledger is None else tuple(ledger.runs())
    sha256s = [ref.sha256 for ref in source.refs()]
    seen = GuardContext(
        rows=rows,
        names=tuple(rosters),
        today=settings.as_of or utc_now().astimezone().date(),
        production=settings.env == "production",
        withdraws=settings.withdraw,
        last=None if settings.limit else last_comparable_run(rosters, settings.base_url, runs),
        newer=newer_run_than(sha256s, rosters, settings.base_url, runs),
    )
    return census, evaluate_guards(census, seen, limits)


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
