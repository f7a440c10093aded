"""A run as one page: its result, causes, remedies, timeline, and every row to fix."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError

from batch_enroll.adapters.reports.html_report import charts
from batch_enroll.adapters.reports.html_report.embedded_rows import ProblemRows
from batch_enroll.core.codes.catalogue import CATALOGUE, get_title
from batch_enroll.core.durations import duration, format_short
from batch_enroll.core.errors import ReportError
from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind
from batch_enroll.core.reporting.breakdown import Breakdown
from batch_enroll.core.reporting.headline import describe_success, format_headline
from batch_enroll.core.reporting.next_step import suggest_next_step
from batch_enroll.core.reporting.timeline import read_timeline
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batch_enroll.core.model import ResultRow
    from batch_enroll.core.reporting.breakdown import BreakdownGroup
    from batch_enroll.core.reporting.run_summary import Cause, RunSummary
    from batch_enroll.core.reporting.timeline import Timeline
    from batch_enroll.core.run_record import RunRecord

_SHOWN_SHARES: Final = 12
_MOST_SHARES: Final = 1000
_SHARES_OF_TIME: Final = ((0.5, "50% of answers within"), (0.9, "90% within"), (0.99, "99% within"))
# What a page can fail with: its templates, and what they and their filters make of a value that they do not expect.
_UNFIT_DATA: Final = (TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)
# The tone of each outcome; the page's CSS has a color for each.
_TONES: Final = {
    OutcomeKind.ENROLLED: "well",
    OutcomeKind.ALREADY_ENROLLED: "before",
    OutcomeKind.INVALID: "invalid",
    OutcomeKind.REJECTED: "bad",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.UNKNOWN: "slow",
    OutcomeKind.SKIPPED: "rest",
    OutcomeKind.NOT_ATTEMPTED: "later",
    OutcomeKind.WITHDRAWN: "well",
    OutcomeKind.ALREADY_WITHDRAWN: "before",
}


class OutcomeShare(NamedTuple):
    """One part of the outcome bar."""

    name: str
    tone: str
    rows: int
    percent: float


class ExplainedCause(NamedTuple):
    """A cause with the likely causes of its code."""

    cause: Cause
    causes: tuple[str, ...]
    to_fix: bool


class HtmlReport:
    """The Document of `report.html`.

    Args:
        run: the run as it began.
        columns: the roster's own columns to show; empty keeps the roster out of the page.
        with_roster: adds a column that names the roster of each row.
    """

    def __init__(self, run: RunRecord, columns: Sequence[str], *, with_roster: bool = False) -> None:
        self._breakdown = Breakdown(run)
        self._rows = ProblemRows(columns, with_roster=with_roster)
        self._failure: Exception | None = None

    def write(self, row: ResultRow) -> None:
        """Adds one row. A failure is kept for `pieces`, so that it cannot keep a row from the other reports."""
        if self._failure is not None:
            return
        try:
            self._breakdown.add(row)
            self._rows.add(row)
        except _UNFIT_DATA as error:
            self._failure = error

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """The page, in UTF-8.

        Raises:
            ReportError: the page cannot be created from this run.
        """
        try:
            if self._failure is not None:
                raise self._failure
            yield from self._render(summary)
        except _UNFIT_DATA as error:
            reason = f"internal error: {type(error).__name__}"  # its text may hold a value of the roster
            raise ReportError(f"the page cannot be created ({reason}); please report this", reason) from error

    def _render(self, summary: RunSummary) -> Iterator[bytes]:
        env = Environment(
            loader=PackageLoader("batch_enroll.adapters.reports.html_report", "page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.filters |= {"format_short": format_short, "duration": duration, "iso": iso_utc}
        script = env.get_template("page.js").render()
        page = env.get_template("page.html").stream(
            summary=summary,
            run=summary.run,
            headline=format_headline(summary),
            done=describe_success(summary.outcomes),
            parts=_parts(summary.outcomes, summary.rows),
            causes=[_explain(cause) for cause in summary.causes],
            next=suggest_next_step(summary),
            timeline=_charts(read_timeline(summary.run.facts.get("timeline")), describe_success(summary.outcomes)),
            breakdowns=_shares(self._breakdown),
            rows=self._rows,
            codes=_codes(summary.causes),
            style=env.get_template("page.css").render(),
            script=script,
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        )
        for piece in page:
            yield piece.encode(errors="backslashreplace")


def _parts(outcomes: Mapping[str, int], rows: int) -> list[OutcomeShare]:
    return [
        OutcomeShare(kind.replace("_", " "), _TONES[OutcomeKind(kind)], count, 100 * count / rows)
        for kind, count in outcomes.items()
        if count
    ]


def _explain(cause: Cause) -> ExplainedCause:
    entry = CATALOGUE.get(cause.code)
    return ExplainedCause(cause, () if entry is None else entry.causes, cause.outcome in KINDS_TO_FIX)


def _codes(causes: Sequence[Cause]) -> list[tuple[str, int, str]]:
    """The codes of the rows to fix with their number of rows and title; several causes can share a code."""
    counts: Counter[str] = Counter()
    for cause in causes:
        if cause.outcome in KINDS_TO_FIX:
            counts[cause.code] += cause.count
    return [(code, count, get_title(code)) for code, count in counts.most_common()]


def _charts(timeline: Timeline, done_words: str) -> dict[str, object]:
    return {
        "rows": charts.rows_over_time(timeline, done_words),
        "throttling": charts.throttling_over_time(timeline),
        "took": charts.answer_times(timeline),
        "within": [(words, timeline.percentile_s(share)) for share, words in _SHARES_OF_TIME],
        "longest_s": timeline.longest_s,
        "tries": len(timeline.tries_s),
    }


def _shares(breakdown: Breakdown) -> list[tuple[str, list[BreakdownGroup], list[BreakdownGroup], int]]:
    """By course and by school: the groups shown at once, those in a fold, and the number left out."""
    both = (("course", breakdown.courses()), ("school", breakdown.schools()))
    return [
        (name, shares[:_SHOWN_SHARES], shares[_SHOWN_SHARES:_MOST_SHARES], max(0, len(shares) - _MOST_SHARES))
        for name, shares in both
        if shares
    ]
