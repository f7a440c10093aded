"""`batch-enroll resume`: finish an interrupted run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.cli.command import Command
from batch_enroll.cli.errors import describe_exit_status
from batch_enroll.cli.options import SENDING, FlagValues, PastRun, Resuming, takes
from batch_enroll.cli.output import CommandOutput, Tone, write_message
from batch_enroll.settings.options.output import Unattended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.workflows import ResumeResult

HELP = """Finishes a run that was interrupted by Ctrl-C, a guard, a crash, or a power cut.

Rows whose answer was lost are looked up before anything is sent again; then come the rows that were never sent or never
read. The results are written again for the whole roster. If nothing is left to do, it says so and exits with 0.
"""
EPILOG = """Examples:

\b
  batch-enroll resume --env staging
  batch-enroll resume 20260901T060000Z-term --env production
"""


@takes(*SENDING, Unattended, Resuming)
def resume(flags: FlagValues, run: PastRun = None) -> CommandOutput:
    """Runs the command."""
    settings = flags.load()
    from batch_enroll.commands import resume as command  # noqa: PLC0415 - not for --help
    from batch_enroll.wiring.run_hooks import RunHooks  # noqa: PLC0415 - not for --help

    hooks = RunHooks(settings, write_message, describe_exit_status)
    finish = partial(
        command.resume,
        settings,
        run,
        accept_changes=flags.values["accept_changes"],
        confirm=flags.confirm,
        allowed=flags.read_allowance(),
    )
    return present_resumed(hooks.around(finish, summary_if_resumed), "resume")


def summary_if_resumed(outcome: ResumeResult) -> RunSummary | None:
    """Returns the summary of a run that was resumed; None if nothing was left to do."""
    return outcome.summary if outcome.had_work else None


def present_resumed(outcome: ResumeResult, verb: str) -> CommandOutput:
    """Returns the output for a run that was resumed; nothing left to do is a success, however the run ended."""
    for note in outcome.notes:
        write_message(f"note: {note}")
    summary = outcome.summary
    exit_status = summary.exit_status if outcome.had_work else 0
    return CommandOutput(exit_status, summary.as_json(), partial(_format_resumed, outcome, summary, verb))


def _format_resumed(outcome: ResumeResult, summary: RunSummary, verb: str, paint: Paint) -> Iterator[str]:
    from batch_enroll.cli.text_report import format_run  # noqa: PLC0415 - not for --help

    if not outcome.had_work:
        yield paint(f"Nothing to {verb}; nothing was sent.", Tone.STRONG)
        yield ""
    yield from format_run(summary, paint)


COMMAND = Command("resume", "Finish a run that was interrupted.", HELP, EPILOG, resume)
