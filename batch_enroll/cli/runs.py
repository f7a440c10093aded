"""`batch-enroll runs`: the list of past runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli import options as opt  # noqa: TC001 - typer reads the annotations
from batch_enroll.cli.output import CommandOutput, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json
    from batch_enroll.core.run_record import RunRecord

HELP = """Lists past runs, the latest first: time, environment, number of rows, and how many of them are enrolled.

A run without an exit code is still in progress, or was killed; batch-enroll resume finishes it.
"""
EPILOG = """Examples:

\b
  batch-enroll runs
  batch-enroll runs --limit 100 --json
"""


def runs(
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Show the latest N runs.")] = 20,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The list of past runs."""
    del as_json
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load({"state": state, "ledger_url": ledger_url, "config": config}, needs=Needs.STATE)
    from batch_enroll.commands import runs as command  # noqa: PLC0415 - not for --help

    past = command.list_runs(settings, limit)
    return CommandOutput(0, {"runs": [run_as_json(run) for run in past], "exit_status": 0}, partial(runs_lines, past))


def runs_lines(past: Sequence[RunRecord], paint: Paint) -> Iterator[str]:
    """One line for each run under a heading; the run's id comes last, since it is as long as the roster's name."""
    if not past:
        yield "There are no runs yet; start one with: batch-enroll run ROSTER"
        return
    yield paint(f"{'started':<19}{'environment':<11}{'rows':>9}{'enrolled':>10}{'exit':>6}  run", Tone.STRONG)
    for run in past:
        tone = Tone.GOOD if run.exit_status == 0 else Tone.BAD
        exit_status = paint(f"{'-' if run.exit_status is None else run.exit_status:>6}", tone)
        when = f"{run.started_at:%Y-%m-%d %H:%M}Z"
        undoes = f" (undoes {run.facts['undone']})" if "undone" in run.facts else ""
        counts = f"{sum(run.outcomes.values()):>9,}{count_enrolled(run):>10,}"
        yield f"{when:<19}{run.environment:<11}{counts}{exit_status}  {run.run_id}{undoes}"


def run_as_json(run: RunRecord) -> dict[str, Json]:
    """The shape of one run in `runs --json`; a run that has not ended has null for its end and exit status."""
    from batch_enroll.core.roster.dates import iso_utc  # noqa: PLC0415 - not for --help

    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "environment": run.environment,
        "base_url": run.base_url,
        "started_at": iso_utc(run.started_at),
        "finished_at": None if run.finished_at is None else iso_utc(run.finished_at),
        "rosters": [ref.path for ref in run.rosters],
        "rows": sum(run.outcomes.values()),
        "outcomes": dict(run.outcomes),
        "exit_status": run.exit_status,
    }


def count_enrolled(run: RunRecord) -> int:
    """Rows that are enrolled, by this run or before."""
    from batch_enroll.core.model import ENROLLED_KINDS  # noqa: PLC0415 - not for --help

    return sum(run.outcomes.get(kind, 0) for kind in ENROLLED_KINDS)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("runs", help=HELP, short_help="List past runs.", epilog=EPILOG)(runs)
