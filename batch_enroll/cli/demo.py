"""`batch-enroll demo`: enroll an invented roster, with some rows that fail."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, write_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.reporting.run_summary import RunSummary

HELP = """Enrolls an invented roster on a rehearsal server and shows the report.

Nothing leaves this machine, and only the results folder remains. Some rows are meant to fail, so that you see what that
looks like; the demo exits with 0 all the same.
"""
EPILOG = """Example:

\b
  batch-enroll demo
"""
ROSTER: Final = "demo_roster.csv"
SCENARIOS: Final = ("two-percent-5xx", "unknown-users=5")


@takes("out", "quiet", Json)
def run_demo(flags: FlagValues) -> CommandOutput:
    """Runs the command."""
    from batch_enroll.commands import run as command  # noqa: PLC0415 - not for --help

    write_message("A rehearsal server starts inside this process; an invented roster is enrolled over real HTTP.")
    roster = resources.files("batch_enroll.sandbox") / ROSTER
    with TemporaryDirectory(prefix="batch-enroll-demo-") as folder, resources.as_file(roster) as path:
        settings = flags.load_sealed(env="sandbox", state=folder, sandbox_scenarios=SCENARIOS)
        summary = command.run(settings, [str(path)])
    return CommandOutput(0, summary.as_json(), lambda paint: _format_demo(summary, paint))


def _format_demo(summary: RunSummary, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.text_report import format_run  # noqa: PLC0415 - not for --help

    yield from format_run(summary, paint)
    yield ""
    yield "That was the demo: the rows above were made to fail, and nothing left this machine."
    if results := summary.files.get("results"):
        yield f"Every row has its line in {Path(results)}"


COMMAND = Command("demo", "Enroll an invented roster on a rehearsal server.", HELP, EPILOG, run_demo)
