"""The result of a run in one plain sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.model import ENROLLED_KINDS, KINDS_TO_FIX, SUCCESS_KINDS, WITHDRAWN_KINDS, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.reporting.run_summary import RunSummary


def format_headline(summary: RunSummary) -> str:
    """A sentence such as "58 of 62 rows are enrolled, 4 are not."."""
    counts = summary.outcomes
    succeeded = sum(counts.get(kind, 0) for kind in SUCCESS_KINDS)
    to_fix = sum(counts.get(kind, 0) for kind in KINDS_TO_FIX)
    skipped = counts.get(OutcomeKind.SKIPPED, 0)
    if summary.run.dry_run:
        return f"Nothing was sent: this was a dry run over {_rows(summary.rows)}."
    if to_fix:
        of_all = f"{succeeded:,} of {_rows(summary.rows)} {_are(summary.rows)} {describe_success(counts)}"
        return f"{of_all}, {to_fix:,} {_are(to_fix)} not."
    if succeeded == 0:
        return f"There was nothing to do: {_rows(summary.rows)}, {skipped:,} skipped."
    all_of_them = "The one row is" if succeeded == 1 else f"All {succeeded:,} rows are"
    more = f"; {skipped:,} more {_were(skipped)} skipped" if skipped else ""
    return f"{all_of_them} {describe_success(counts)}{more}."


def describe_success(outcomes: Mapping[str, int]) -> str:
    """The word for rows that succeeded: enrolled, withdrawn, or enrolled or withdrawn."""
    withdrawn = any(outcomes.get(kind, 0) for kind in WITHDRAWN_KINDS)
    enrolled = any(outcomes.get(kind, 0) for kind in ENROLLED_KINDS)
    return "enrolled or withdrawn" if withdrawn and enrolled else "withdrawn" if withdrawn else "enrolled"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
