"""Guards on a roster as a whole, before anything is sent: each reports what it saw, its limit, and how to pass it.

Guards stop mistakes of whole files (an export that came half empty, last year's file, one course typed into every
row), not of rows; a roster that is merely large, or the first of a new term, passes them. An override is for one run:
it is recorded there, and a run that overruled a guard does not set the limits of the next one.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RunStoppedError, UsageError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.guards.previous_runs import run_sources
from batch_enroll.core.guards.roster_stats import format_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats
    from batch_enroll.core.model import Json, RunId
    from batch_enroll.core.run_record import RunRecord

_TOO_FEW_ROWS: Final = 20  # small rosters change by half without anything being wrong
_TEST_WORDS: Final = frozenset({"test", "tests", "testing", "demo", "sample", "samples", "example", "dummy", "trial"})


class Guard(StrEnum):
    """The guards, by the name that `--allow` takes."""

    SHRUNK = "shrunk"
    WITHDRAWALS = "withdrawals"
    CROWDED = "crowded"
    APPLIED = "applied"
    DATES = "dates"
    TEST_FILE = "test-file"


@frozen
class GuardResult:
    """The finding of one guard, its limit, and whether it stops the run."""

    guard: Guard
    saw: str
    limit: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.guard}: {self.saw}; {self.limit}"

    def as_json(self) -> dict[str, Json]:
        """Returns the result for programs."""
        return {"guard": self.guard.value, "saw": self.saw, "limit": self.limit, "stops": self.stops}


class GuardStoppedError(RunStoppedError):
    """One guard or several stopped the run; the text has what each saw, its limit and how to overrule it."""

    def __init__(self, results: Sequence[GuardResult], *, situation: str = "nothing was sent") -> None:
        stopped = "a guard stopped the run" if len(results) == 1 else f"{len(results)} guards stopped the run"
        allow = " ".join(f"--allow {result.guard}" for result in results)
        text = "\n- ".join((f"{stopped}; {situation}", *map(str, results)))
        super().__init__(f'{text}\nIf this is intended, run once with: {allow} --reason "..."')


@frozen
class Allowance:
    """Guards that a person overrules for one run, and why."""

    guards: frozenset[Guard] = frozenset()
    reason: str = ""

    def as_records(self, results: Iterable[GuardResult]) -> list[Json]:
        """Returns the record of those guards that would have stopped the run."""
        return [
            {"guard": result.guard.value, "saw": result.saw, "limit": result.limit, "reason": self.reason}
            for result in results
            if result.stops and result.guard in self.guards
        ]


NOTHING_ALLOWED: Final = Allowance()


def parse_allowance(names: Sequence[str], reason: str | None) -> Allowance:
    """Returns the overrides as typed.

    Raises:
        UsageError: an unknown guard, or no reason.
    """
    known = ", ".join(Guard)
    unknown = [name for name in names if name not in set(Guard)]
    if unknown:
        raise UsageError(f"--allow {unknown[0]}: unknown guard; choose one of {known}")
    text = (reason or "").strip()
    if names and not text:
        raise UsageError(f'--allow {names[0]}: say why, for the record of the run: --reason "..."')
    if text and not names:
        raise UsageError(f"--reason: says why a guard is overruled; name it with --allow, one of {known}")
    return Allowance(frozenset(map(Guard, names)), text)


@frozen
class GuardContext:
    """The circumstances in which a roster is judged, apart from its rows.

    Attributes:
        rows: its rows, or about how many.
        names: its files as they were typed.
        today: as of which day it is read.
        production: whether the server is the real one.
        withdraws: whether rows that say so are withdrawn.
        last: the last run of a roster of this name that no guard was overruled for; None: there is none.
        newer: the run that applied another roster of this name after this very one; None: there is none.
    """

    rows: int
    names: tuple[str, ...]
    today: date
    production: bool = False
    withdraws: bool = False
    last: RunRecord | None = None
    newer: RunRecord | None = None


@frozen
class LaterUse:
    """The number of rows of a later run that rely on enrollments of an earlier one."""

    run_id: RunId
    rows: int


def evaluate_guards(stats: RosterStats, context: GuardContext, limits: GuardLimits) -> tuple[GuardResult, ...]:
    """Returns the results of all guards that apply, also of those that do not stop the run."""
    results = [
        _check_shrunk(context, limits),
        _check_crowded(stats, limits),
        _check_test_file(context),
        _check_dates(stats, context, limits),
    ]
    if context.withdraws:
        # A delta holds nothing but changes, so its share is taken of the last whole roster, if that is larger.
        whole = max(context.rows, _count_rows(context.last))
        results += [withdrawal_guard(stats.withdrawals, whole, limits), _check_applied(stats, context)]
    return tuple(result for result in results if result is not None)


def capacity_guard(stats: RosterStats) -> GuardResult | None:
    """Returns the result for rows counted after the start of the run; None while nothing is wrong."""
    return _check_crowded(stats, stats.limits) if stats.over_capacity else None


def withdrawal_guard(count: int, total: int, limits: GuardLimits) -> GuardResult:
    """Returns the result for a number of withdrawals among all rows or enrollments."""
    too_large_a_share = count >= _TOO_FEW_ROWS and count > limits.withdrawn_share * total
    return GuardResult(
        Guard.WITHDRAWALS,
        f"{format_count(count, 'withdrawal')} among {total:,}",
        f"at most {limits.withdrawals:,} and {limits.withdrawn_share:.0%} are let through",
        count > limits.withdrawals or too_large_a_share,
    )


def undo_guard(run_id: RunId, count: int, wanted: LaterUse | None, limits: GuardLimits) -> tuple[GuardResult, ...]:
    """Returns the results for the undo of a run; without a share, since an undo withdraws all that is left."""
    found = [
        GuardResult(
            Guard.WITHDRAWALS,
            f"{format_count(count, 'withdrawal')}, all that is left of run {run_id}",
            f"at most {limits.withdrawals:,} are let through",
            count > limits.withdrawals,
        )
    ]
    if wanted is not None:
        found.append(
            GuardResult(
                Guard.APPLIED,
                f"{format_count(wanted.rows, 'row')} of the later run {wanted.run_id} need enrollments "
                f"that run {run_id} made",
                "an undo must not withdraw what a newer roster needs",
                stops=True,
            )
        )
    return tuple(found)


# -- the guards -----------------------------------------------------------------------------------------------------


def _check_shrunk(context: GuardContext, limits: GuardLimits) -> GuardResult | None:
    if context.last is None:
        return None
    before = _count_rows(context.last)
    if before < _TOO_FEW_ROWS:
        return None
    required = limits.least_share * before
    saw = f"{format_count(context.rows, 'row')}, where run {context.last.run_id} read {before:,}"
    return GuardResult(
        Guard.SHRUNK, saw, f"at least {limits.least_share:.0%} of that is required", context.rows < required
    )


def _check_crowded(stats: RosterStats, limits: GuardLimits) -> GuardResult:
    return GuardResult(
        Guard.CROWDED,
        stats.over_capacity or stats.describe_fullest_course(),
        f"at most {limits.course_students:,} students of a course and {limits.school_seats:,} enrollments of a school "
        "are let through",
        bool(stats.over_capacity),
    )


def _check_applied(stats: RosterStats, context: GuardContext) -> GuardResult | None:
    if context.newer is None:
        return None
    return GuardResult(
        Guard.APPLIED,
        f"this very file was applied before, and after it another one by run {context.newer.run_id}",
        "an older file must not withdraw what a newer one enrolled",
        stats.withdrawals > 0,
    )


def _check_test_file(context: GuardContext) -> GuardResult | None:
    if not context.production:
        return None
    for name in context.names:
        words = set(re.split(r"[^a-z]+", re.split(r"[/\\]", name)[-1].casefold()))
        if words & _TEST_WORDS:
            saw = f'"{name}" is to go to production'
            return GuardResult(Guard.TEST_FILE, saw, "no file named test, demo or sample goes there", stops=True)
    return None


def _check_dates(stats: RosterStats, context: GuardContext, limits: GuardLimits) -> GuardResult | None:
    """On production only: elsewhere old rosters are used for rehearsals."""
    begins, ends = stats.begin_dates(), stats.end_dates()
    if not context.production or not (begins or ends):
        return None
    misfit = _find_misfit(begins, ends, context.today, timedelta(days=limits.days))
    usual = f"enrollments begin from {begins[0]} on" if begins else f"enrollments end by {ends[-1]}"
    limit = f"a term lies within {limits.days} days of {context.today}"
    return GuardResult(Guard.DATES, misfit or usual, limit, bool(misfit))


def _find_misfit(begins: Sequence[date], ends: Sequence[date], today: date, span: timedelta) -> str:
    """Returns why no enrollment is of this term; "" if one may be."""
    if ends and ends[-1] <= today:
        return f"every enrollment ended on {ends[-1]} or before"
    if begins and begins[-1] < today - span:
        return f"every enrollment began on {begins[-1]} or before"
    if begins and begins[0] > today + span:
        return f"no enrollment begins before {begins[0]}"
    return ""


def _count_rows(run: RunRecord | None) -> int:
    return 0 if run is None else sum(rows for _, _, rows in run_sources(run))
