"""A roster checked without sending anything: every row that a run would refuse or skip, and every warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import OutcomeKind
from batch_enroll.core.reporting.check_summary import CheckSummary, row_finding, warning_findings
from batch_enroll.core.reporting.run_summary import Tally
from batch_enroll.workflows.batch_planner import BatchPlanner
from batch_enroll.workflows.run import plan_without_sending

if TYPE_CHECKING:
    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import PlannedRow
    from batch_enroll.core.planning.row_planner import ParsedRow, PlanSettings
    from batch_enroll.core.reporting.check_summary import Estimate, RowFinding
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Ledger, RosterSource

_NOT_SENT: Final = frozenset({OutcomeKind.INVALID, OutcomeKind.SKIPPED})


def check(
    record: RunRecord,
    source: RosterSource,
    rules: PlanSettings,
    ledger: Ledger,
    estimate: Estimate,
    guards: tuple[GuardResult, ...] = (),
) -> CheckSummary:
    """Reports everything that a run would refuse or skip; sends nothing, and writes to `ledger`, a scratch one."""
    ledger.begin(record)
    problems: list[RowFinding] = []
    warnings: list[RowFinding] = []
    later = 0

    def observe(parsed: ParsedRow, row: PlannedRow) -> None:
        nonlocal later
        warnings.extend(warning_findings(parsed.source))
        if row.outcome is not None and row.outcome.kind in _NOT_SENT:
            problems.append(row_finding(parsed, row.outcome))
        begin = None if row.request is None else row.request.begin_date
        later += begin is not None and begin.date() > rules.today

    result = plan_without_sending(BatchPlanner(source, rules, ledger, observe=observe), ledger, rules)
    tally = Tally()
    for row in ledger.results(rules.run_id):
        tally.add(row)
    unreadable = result.detail if result.halted is not None else ""
    notes = (*source.notes(), *_describe_early_rows(later, rules))
    return CheckSummary(
        source.refs(),
        _describe_reading(source),
        tally,
        tuple(problems),
        estimate,
        unreadable,
        guards,
        tuple(warnings),
        notes,
    )


def _describe_reading(source: RosterSource) -> tuple[str, ...]:
    columns = [f"column {column!r}: {field or 'not used'}" for column, field in source.describe()]
    return (*(f"{ref.path}: read as {ref.read_as}" for ref in source.refs() if ref.read_as), *columns)


def _describe_early_rows(count: int, rules: PlanSettings) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"rows that begin after {rules.today}: {count}; they are sent now, with their first day",)
