"""Summaries -> lines for people, at most 80 columns wide where words can be broken."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from batch_enroll.cli.output import Tone, visible, wrapped
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


def run_lines(summary: RunSummary, paint: Paint) -> Iterator[str]:
    """The report of a run: what came of it, why, where the files are, what to type next."""
    yield from _headline(summary, paint)
    yield ""
    yield from _counts(summary.outcomes, paint)
    yield ""
    yield from _speed(summary)
    yield from _causes(summary.causes, paint)
    yield from _files(summary.files, paint)
    yield from _next(summary, paint)


def _headline(summary: RunSummary, paint: Paint) -> Iterator[str]:
    run = summary.run
    tone = Tone.GOOD if summary.exit_status == 0 else Tone.BAD
    what = f"Undo of run {summary.undone}: run" if summary.undone else "Run"
    yield paint(f"{what} {run.run_id} on {run.environment}", Tone.STRONG)
    for roster in run.rosters:
        yield f"  {visible(roster.path)}: {_counted(roster.rows, 'row')}"
        if roster.read_as not in {"", PLAIN_TABLE}:
            yield from wrapped(visible(f"read as {roster.read_as}"), 4)
    if run.dry_run:
        yield paint("Dry run: nothing was sent.", Tone.STRONG)
    else:
        yield paint(_come_to(summary), tone)
    yield from _overruled(run.facts.get("allowed"))
    told = run.facts.get("looked_up")
    yield from (f"  {line}" for line in (told if isinstance(told, list) else ()))
    if run.ending:
        yield from (paint(line, Tone.BAD) for line in wrapped(f"The run was stopped: {run.ending}"))
    for warning in summary.warnings:
        yield from (paint(line, Tone.BAD) for line in wrapped(f"Unusual: {warning}"))


def _come_to(summary: RunSummary) -> str:
    seated, gone = (sum(summary.outcomes.get(kind, 0) for kind in kinds) for kinds in (ENROLLED_KINDS, WITHDRAWN_KINDS))
    rows = _counted(summary.rows, "row")
    if gone and not seated:
        return f"{gone:,} of {rows} withdrawn."
    return f"{seated:,} of {rows} enrolled{f', {gone:,} withdrawn' if gone else ''}."


def _overruled(allowed: Json) -> Iterator[str]:
    for each in allowed if isinstance(allowed, list) else ():
        if isinstance(each, dict):
            yield from wrapped(visible(f"Overruled {each['guard']} ({each['saw']}): {each['reason']}"))


def _counts(outcomes: Mapping[str, int], paint: Paint) -> Iterator[str]:
    for name, count in outcomes.items():
        if count:
            tone = Tone.BAD if name in KINDS_TO_FIX else Tone.GOOD if name in SUCCESS_KINDS else Tone.QUIET
            yield f"  {name.replace('_', ' '):<18}" + paint(f"{count:>10,}", tone)


def _speed(summary: RunSummary) -> Iterator[str]:
    sent = summary.run.requests
    yield f"  requests: {sent.sent:,} sent, {sent.retried:,} of them repeats, {sent.throttled:,} throttled"
    yield f"  time: {duration(summary.duration_s)}, {summary.rows_per_s:,.1f} rows/s"
    if summary.limits:
        yield f"  the server's limit: {', '.join(summary.limits)}"


def _causes(causes: Sequence[Cause], paint: Paint) -> Iterator[str]:
    """Failures first, by cause; then skips."""
    for skipped, group in groupby(causes, key=lambda cause: cause.outcome == OutcomeKind.SKIPPED):
        yield ""
        yield paint("Skipped, by cause" if skipped else "Not enrolled, by cause", Tone.STRONG)
        for cause in group:
            yield from _cause(cause, paint)


def _cause(cause: Cause, paint: Paint) -> Iterator[str]:
    tone = Tone.QUIET if cause.outcome == OutcomeKind.SKIPPED else Tone.BAD
    named = f"{cause.code} " if cause.code else ""
    what = f"{_counted(cause.count, 'row')} {cause.outcome.replace('_', ' ')}: {cause.title}"
    first, *rest = wrapped(named + what, 2)
    yield paint(first, tone)
    yield from (paint(line, tone) for line in rest)
    if cause.examples:
        more = ", ..." if cause.count > len(cause.examples) else ""
        yield from wrapped(visible(f"at {', '.join(cause.examples)}{more}"), 7)
    if cause.detail and cause.detail != cause.title:
        yield from wrapped(visible(cause.detail), 7)
    if cause.hint:
        yield from (paint(line, Tone.QUIET) for line in wrapped(f"-> {cause.hint}", 7))


def _files(files: Mapping[str, str], paint: Paint) -> Iterator[str]:
    if files:
        yield ""
        yield paint("Files", Tone.STRONG)
        yield from (f"  {name:<9} {path}" for name, path in files.items())


def _next(summary: RunSummary, paint: Paint) -> Iterator[str]:
    step = suggest_next_step(summary)
    if step is not None:
        yield ""
        yield paint(step.why, Tone.STRONG)
        yield f"  {step.command}"


# -- a check --------------------------------------------------------------------------------------------------------


def check_lines(checked: CheckSummary, paint: Paint) -> Iterator[str]:
    """The report of a check: how the roster was read, what would happen, and every problem, by cause."""
    yield from map(visible, checked.readings)
    yield ""
    yield paint(f"{_counted(checked.rows, 'row')}; nothing was sent.", Tone.STRONG)
    yield from (f"  {name.replace('_', ' '):<18}{count:>10,}" for name, count in checked.outcomes.items() if count)
    yield from (line for note in checked.notes for line in wrapped(visible(f"note: {note}"), 2))
    found = sorted((*checked.problems, *checked.warnings), key=_by_cause)
    for code, problems in groupby(found, key=lambda problem: problem.code):
        yield from _problems(code, list(problems), paint)
    yield from _guards(checked.guards, paint)
    if checked.unreadable:
        yield ""
        yield from (paint(line, Tone.BAD) for line in wrapped(f"The rest cannot be read: {checked.unreadable}"))
    yield ""
    at = "" if checked.rate is None else f" at {checked.rate:,g} requests/s"
    yield f"A run would take about {duration(checked.estimated_s)}{at}."


def _guards(verdicts: Sequence[GuardResult], paint: Paint) -> Iterator[str]:
    """What would stop a run; a guard that has nothing to say is in the JSON."""
    for verdict in verdicts:
        if verdict.stops:
            yield ""
            yield from (paint(line, Tone.BAD) for line in wrapped(visible(f"A run would be stopped: {verdict}")))


def _by_cause(problem: RowFinding) -> tuple[int, str]:
    """What is to be mended, what is in doubt, what is only skipped; rows of one cause stay in their order."""
    return "EWSA".find(problem.code[:1]), problem.code


def _problems(code: str, problems: Sequence[RowFinding], paint: Paint) -> Iterator[str]:
    tone = Tone.BAD if code.startswith(("E", "W")) else Tone.QUIET
    yield ""
    for line in wrapped(f"{code} {_counted(len(problems), 'row')}: {catalogue.get_title(code)}"):
        yield paint(line, tone)
    if problems[0].hint:
        yield from (paint(line, Tone.QUIET) for line in wrapped(f"-> {problems[0].hint}", 2))
    yield from map(_found, problems)


def _found(problem: RowFinding) -> str:
    seen = f', {problem.column} "{problem.value[:_LONGEST_VALUE]}"' if problem.column else ""
    message = f": {problem.message}" if problem.message else ""
    return visible(f"  {RowLocation(problem.file, problem.row, problem.sheet)}{seen}{message}")


# -- words ----------------------------------------------------------------------------------------------------------


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
