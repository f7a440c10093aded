"""`batch-enroll demo`: the whole way on invented rows, with some that fail."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from batch_enroll.cli import options as opt  # noqa: TC001 - typer reads the annotations
from batch_enroll.cli.output import CommandOutput, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.reporting.run_summary import RunSummary

HELP = """Enrolls an invented roster on a rehearsal server and shows the report.

Nothing leaves this machine, and nothing is remembered but the results folder. Some rows are meant to fail, so that you
see how that looks; the demo exits with 0 all the same.
"""
EPILOG = """Example:

\b
  batch-enroll demo
"""
ROSTER: Final = "demo_roster.csv"
SCENARIOS: Final = ("two-percent-5xx", "unknown-users=5")


def demo(
    out: opt.Out = None,
    quiet: opt.Quiet = False,  # noqa: FBT002 - a flag
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of the demo run."""
    del as_json
    from batch_enroll.commands import run as command  # noqa: PLC0415 - not for --help
    from batch_enroll.settings import sealed  # noqa: PLC0415 - not for --help

    tell("A rehearsal server starts inside this process; an invented roster is enrolled over real HTTP.")
    roster = resources.files("batch_enroll.sandbox") / ROSTER
    with TemporaryDirectory(prefix="batch-enroll-demo-") as folder, resources.as_file(roster) as path:
        settings = sealed(
            {"env": "sandbox", "state": folder, "out": out, "quiet": quiet, "sandbox_scenarios": SCENARIOS}
        )
        summary = command.run(settings, [str(path)])
    return CommandOutput(0, summary.as_json(), lambda paint: _lines(summary, paint))


def _lines(summary: RunSummary, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.text_report import run_lines  # noqa: PLC0415 - not for --help

    yield from run_lines(summary, paint)
    yield ""
    yield "That was the demo: the rows above were made to fail, and nothing left this machine."
    if results := summary.files.get("results"):
        yield f"Every row has its line in {Path(results)}"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo", help=HELP, short_help="Enroll an invented roster on a rehearsal server.", epilog=EPILOG)(demo)
