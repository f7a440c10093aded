"""`batch-enroll doctor`: check everything that a run depends on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, Tone, wrap
from batch_enroll.settings import Needs
from batch_enroll.settings.options.output import State
from batch_enroll.settings.options.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json as JsonValue
    from batch_enroll.core.reporting.health_checks import HealthCheck

HELP = """Checks everything that a run depends on, and says what to fix: settings and their origins, token, server,
clock, ledger, folders, disk.

Fetches one token and asks the API for the enrollments of a user that does not exist; changes nothing. Exits with 1 if
something must be fixed.
"""
EPILOG = """Examples:

\b
  batch-enroll doctor --env staging
  batch-enroll doctor --json
"""


@takes(Server, "out", State, Json)
def diagnose(flags: FlagValues) -> CommandOutput:
    """Runs the command."""
    settings = flags.load(Needs.ROSTER)
    from batch_enroll.commands import doctor as command  # noqa: PLC0415 - not for --help

    found = command.doctor(settings)
    exit_status = int(any(check.health == "bad" for check in found))
    origins = {name: origin for name, origin in settings.sources().items() if origin != "default"}
    summary: dict[str, JsonValue] = {
        "findings": [check.as_json() for check in found], "settings": dict(origins), "exit_status": exit_status,
    }  # fmt: skip
    return CommandOutput(exit_status, summary, partial(_format_checks, found, origins))


def _format_checks(found: Sequence[HealthCheck], origins: Mapping[str, str], paint: Paint) -> Iterator[str]:
    for check in found:
        yield from _format_check(check, paint)
    yield ""
    yield paint("Settings that are not the default", Tone.STRONG)
    yield from (f"  {name:<18} from {origin}" for name, origin in origins.items())
    if not origins:
        yield "  none"


def _format_check(check: HealthCheck, paint: Paint) -> Iterator[str]:
    tone = {"ok": Tone.GOOD, "bad": Tone.BAD}.get(check.health, Tone.QUIET)
    first, *rest = wrap(f"{check.name:<15} {check.seen}", 10)
    yield paint(f"{check.health.value:<9}", tone) + first[9:]
    yield from rest
    if check.advice:
        yield from (paint(line, Tone.QUIET) for line in wrap(f"-> {check.advice}", 10))


COMMAND = Command("doctor", "Check settings, token, server and disk.", HELP, EPILOG, diagnose)
