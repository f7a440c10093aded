"""`batch-enroll doctor`: whether a run would find all it needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from batch_enroll.cli import options as opt
from batch_enroll.cli.output import CommandOutput, Tone, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import typer

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.model import Json
    from batch_enroll.core.reporting.health_checks import HealthCheck

HELP = """Looks at everything a run depends on and says what to mend: settings and where each came from, token, server,
clock, ledger, folders, disk.

Fetches one token and asks the API for the seats of a user that does not exist; changes nothing. Exits with 1 if
something must be mended.
"""
EPILOG = """Examples:

\b
  batch-enroll doctor --env staging
  batch-enroll doctor --json
"""


def doctor(
    env: opt.Env = None,
    base_url: opt.BaseUrl = None,
    token_url: opt.TokenUrl = None,
    out: opt.Out = None,
    state: opt.State = None,
    ledger_url: opt.LedgerUrl = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer of a look at everything."""
    given = opt.given(locals())
    from batch_enroll.settings import Needs, load  # noqa: PLC0415 - not for --help

    settings = load(given, needs=Needs.ROSTER)
    from batch_enroll.commands import doctor as command  # noqa: PLC0415 - not for --help

    found = command.doctor(settings)
    exit_status = int(any(finding.health == "bad" for finding in found))
    origins = {name: origin for name, origin in settings.sources().items() if origin != "default"}
    summary: dict[str, Json] = {
        "findings": [finding.as_json() for finding in found], "settings": dict(origins), "exit_status": exit_status,
    }  # fmt: skip
    return CommandOutput(exit_status, summary, partial(_lines, found, origins))


def _lines(found: Sequence[HealthCheck], origins: Mapping[str, str], paint: Paint) -> Iterator[str]:
    for finding in found:
        yield from _finding(finding, paint)
    yield ""
    yield paint("Settings that are not the default", Tone.STRONG)
    yield from (f"  {name:<18} from {origin}" for name, origin in origins.items())
    if not origins:
        yield "  none"


def _finding(finding: HealthCheck, paint: Paint) -> Iterator[str]:
    tone = {"ok": Tone.GOOD, "bad": Tone.BAD}.get(finding.health, Tone.QUIET)
    first, *rest = wrapped(f"{finding.name:<15} {finding.seen}", 10)
    yield paint(f"{finding.health.value:<9}", tone) + first[9:]
    yield from rest
    if finding.advice:
        yield from (paint(line, Tone.QUIET) for line in wrapped(f"-> {finding.advice}", 10))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor", help=HELP, short_help="Check settings, token, server and disk.", epilog=EPILOG)(doctor)
