"""Formats summaries as lines for people, at most 80 columns wide where words can be broken."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from batch_enroll.cli.output import Tone, escape, wrap
from batch_enroll.core.codes import catalogue
from batch_enroll.core.durations import duration
from batch_enroll.core.model import (
    ENROLLED_KINDS,
    KINDS_TO_FIX,
    SUCCESS_KINDS,
    WITHDRAWN_KINDS,
    OutcomeKind,
    RowLocation,
)
from batch_enroll.core.reporting.next_step import suggest_next_step
from batch_enroll.core.roster.header_map import PLAIN_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import Json
    from batch_enroll.core.reporting.check_summary import CheckSummary, RowFinding
    from batch_enroll.core.reporting.run_summary import Cause, RunSummary

_LONGEST_VALUE: Final = 60


# -- a run ----------------------------------------------------------------------------------------------------------


def format_run(summary: RunSummary, paint: Paint) -> Iterator[str]:
    """Yields the report of a run: its result, the causes of failures, its files, what to type next."""
    yield from _format_headline(summary, paint)
    yield ""
    yield from _format_counts(summary.outcomes, paint)
    yield ""
    yield from _format_speed(summary)
    yield from _format_causes(summary.causes, paint)
    yield from _format_files(summary.files, paint)
    yield from _format_next_step(summary, paint)


def _format_headline(summary: RunSummary, paint: Paint) -> Iterator[str]:
    run = summary.run
    tone = Tone.GOOD if summary.exit_status == 0 else Tone.BAD
    what = f"Undo of run {summary.undone}: run" if summary.undone else "Run"
    yield paint(f"{what} {run.run_id} on {run.environment}", Tone.STRONG)
    for roster in run.rosters:
        yield f"  {escape(roster.path)}: {_count(roster.rows, 'row')}"
        if roster.read_as not in {"", PLAIN_TABLE}:
            yield from wrap(escape(f"read as {roster.read_as}"), 4)
    if run.dry_run:
        yield paint("Dry run: nothing was sent.", Tone.STRONG)
    else:
        yield paint(_describe_result(summary), tone)
    yield from _format_overruled(run.facts.get("allowed"))
    looked_up = run.facts.get("looked_up")
    yield from (f"  {line}" for line in (looked_up if isinstance(looked_up, list) else ()))
    if run.ending:
        yield from (paint(line, Tone.BAD) for line in wrap(f"The run was stopped: {run.ending}"))
    for warning in summary.warnings:
        yield from (paint(line, Tone.BAD) for line in wrap(f"Unusual: {warning}"))


def _describe_result(summary: RunSummary) -> str:
    enrolled, gone = (
        sum(summary.outcomes.get(kind, 0) for kind in kinds) for kinds in (ENROLLED_KINDS, WITHDRAWN_KINDS)
    )
    rows = _count(summary.rows, "row")
    if gone and not enrolled:
        return f"{gone:,} of {rows} withdrawn."
    return f"{enrolled:,} of {rows} enrolled{f', {gone:,} withdrawn' if gone else ''}."


def _format_overruled(allowed: Json) -> Iterator[str]:
    for each in allowed if isinstance(allowed, list) else ():
        if isinstance(each, dict):
            yield from wrap(escape(f"Overruled {each['guard']} ({each['saw']}): {each['reason']}"))


def _format_counts(outcomes: Mapping[str, int], paint: Paint) -> Iterator[str]:
    for name, count in outcomes.items():
        if count:
            tone = Tone.BAD if name in KINDS_TO_FIX else Tone.GOOD if name in SUCCESS_KINDS else Tone.QUIET
            yield f"  {name.replace('_', ' '):<18}" + paint(f"{count:>10,}", tone)


def _format_speed(summary: RunSummary) -> Iterator[str]:
    sent = summary.run.requests
    yield f"  requests: {sent.sent:,} sent, {sent.retried:,} of them repeats, {sent.throttled:,} throttled"
    yield f"  time: {duration(summary.duration_s)}, {summary.rows_per_s:,.1f} rows/s"
    if summary.limits:
        yield f"  the server's limit: {', '.join(summary.limits)}"


def _format_causes(causes: Sequence[Cause], paint: Paint) -> Iterator[str]:
    """Yields failures by cause, then skips."""
    for skipped, group in groupby(causes, key=lambda cause: cause.outcome == OutcomeKind.SKIPPED):
        yield ""
        yield paint("Skipped, by cause" if skipped else "Not enrolled, by cause", Tone.STRONG)
        for cause in group:
            yield from _format_cause(cause, paint)


def _format_cause(cause: Cause, paint: Paint) -> Iterator[str]:
    tone = Tone.QUIET if cause.outcome == OutcomeKind.SKIPPED else Tone.BAD
    named = f"{cause.code} " if cause.code else ""
    what = f"{_count(cause.count, 'row')} {cause.outcome.replace('_', ' ')}: {cause.title}"
    first, *rest = wrap(named + what, 2)
    yield paint(first, tone)
    yield from (paint(line, tone) for line in rest)
    if cause.examples:
        more = ", ..." if cause.count > len(cause.examples) else ""
        yield from wrap(escape(f"at {', '.join(cause.examples)}{more}"), 7)
    if cause.detail and cause.detail != cause.title:
        yield from wrap(escape(cause.detail), 7)
    if cause.hint:
        yield from (paint(line, Tone.QUIET) for line in wrap(f"-> {cause.hint}", 7))


def _format_files(files: Mapping[str, str], paint: Paint) -> Iterator[str]:
    if files:
        yield ""
        yield paint("Files", Tone.STRONG)
        yield from (f"  {name:<9} {path}" for name, path in files.items())


def _format_next_step(summary: RunSummary, paint: Paint) -> Iterator[str]:
    step = suggest_next_step(summary)
    if step is not None:
        yield ""
        yield paint(step.why, Tone.STRONG)
        yield f"  {step.command}"


# -- a check --------------------------------------------------------------------------------------------------------


def format_check(checked: CheckSummary, paint: Paint) -> Iterator[str]:
    """Yields the report of a check: how the roster was read, what would happen, and every problem, by cause."""
    yield from map(escape, checked.readings)
    yield ""
    yield paint(f"{_count(checked.rows, 'row')}; nothing was sent.", Tone.STRONG)
    yield from (f"  {name.replace('_', ' '):<18}{count:>10,}" for name, count in checked.outcomes.items() if count)
    yield from (line for note in checked.notes for line in wrap(escape(f"note: {note}"), 2))
    found = sorted((*checked.problems, *checked.warnings), key=_rank_cause)
    for code, problems in groupby(found, key=lambda problem: problem.code):
        yield from _format_problems(code, list(problems), paint)
    yield from _format_guards(checked.guards, paint)
    if checked.unreadable:
        yield ""
        yield from (paint(line, Tone.BAD) for line in wrap(f"The rest cannot be read: {checked.unreadable}"))
    yield ""
    at = "" if checked.rate is None else f" at {checked.rate:,g} requests/s"
    yield f"A run would take about {duration(checked.estimated_s)}{at}."


def _format_guards(results: Sequence[GuardResult], paint: Paint) -> Iterator[str]:
    """Yields the guards that would stop a run; the JSON has the others too."""
    for result in results:
        if result.stops:
            yield ""
            yield from (paint(line, Tone.BAD) for line in wrap(escape(f"A run would be stopped: {result}")))


def _rank_cause(problem: RowFinding) -> tuple[int, str]:
    """Returns a key: rows to fix, then doubtful ones, then skipped ones; rows of one cause stay in their order."""
    return "EWSA".find(problem.code[:1]), problem.code


def _format_problems(code: str, problems: Sequence[RowFinding], paint: Paint) -> Iterator[str]:
    tone = Tone.BAD if code.startswith(("E", "W")) else Tone.QUIET
    yield ""
    for line in wrap(f"{code} {_count(len(problems), 'row')}: {catalogue.get_title(code)}"):
        yield paint(line, tone)
    if problems[0].hint:
        yield from (paint(line, Tone.QUIET) for line in wrap(f"-> {problems[0].hint}", 2))
    yield from map(_format_problem, problems)


def _format_problem(problem: RowFinding) -> str:
    seen = f', {problem.column} "{problem.value[:_LONGEST_VALUE]}"' if problem.column else ""
    message = f": {problem.message}" if problem.message else ""
    return escape(f"  {RowLocation(problem.file, problem.row, problem.sheet)}{seen}{message}")


# -- words ----------------------------------------------------------------------------------------------------------


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
