"""`batch-enroll runs`: list past runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, Tone
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json as JsonValue
    from batch_enroll.core.run_record import RunRecord

HELP = """Lists past runs, the latest first: time, environment, number of rows, and how many of them are enrolled.

A run without an exit code is still in progress, or was killed; batch-enroll resume finishes it.
"""
EPILOG = """Examples:

\b
  batch-enroll runs
  batch-enroll runs --limit 100 --json
"""


@takes(State, Json)
def list_runs(
    flags: FlagValues,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, show_default=False, help="Show the latest N runs. Default: 20.")
    ] = 20,
) -> CommandOutput:
    """Runs the command."""
    settings = flags.load(Needs.STATE)
    from batch_enroll.commands import runs as command  # noqa: PLC0415 - not for --help

    past = command.list_runs(settings, limit)
    summary: dict[str, JsonValue] = {"runs": [format_run_as_json(run) for run in past], "exit_status": 0}
    return CommandOutput(0, summary, partial(format_runs, past))


def format_runs(past: Sequence[RunRecord], paint: Paint) -> Iterator[str]:
    """Yields one line for each run under a heading; the run's id comes last, because it has no fixed length."""
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


def format_run_as_json(run: RunRecord) -> dict[str, JsonValue]:
    """Returns one run of `runs --json`; a run that has not ended has null for its end and exit status."""
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
    """Returns the number of rows that are enrolled, by this run or before."""
    from batch_enroll.core.model import ENROLLED_KINDS  # noqa: PLC0415 - not for --help

    return sum(run.outcomes.get(kind, 0) for kind in ENROLLED_KINDS)


COMMAND = Command("runs", "List past runs.", HELP, EPILOG, list_runs)
