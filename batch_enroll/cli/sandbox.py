"""`batch-enroll sandbox`: the rehearsal server, for other programs and terminals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from batch_enroll.cli import options as opt  # noqa: TC001 - typer reads the annotations
from batch_enroll.cli.output import say, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

HELP = """Starts the rehearsal server and prints the variables that lead other programs to it.

It knows every id it is asked for, keeps its seats in memory and listens on this machine only. Ctrl-C ends it.
"""
EPILOG = """Examples:

\b
  batch-enroll sandbox --port 8080
  batch-enroll sandbox --scenario two-percent-5xx --scenario token-lifetime-s=2
  batch-enroll sandbox --school oneroster.zip
"""


class Rehearsal(Protocol):
    """A rehearsal server that listens."""

    @property
    def base_url(self) -> str:
        """Where the API is."""

    @property
    def token_url(self) -> str:
        """Where tokens are."""

    @property
    def client_id(self) -> str:
        """An invented client."""

    @property
    def client_secret(self) -> str:
        """Its invented secret."""


def sandbox(
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Where to listen. Default: a free port.")
    ] = 0,
    scenarios: opt.Scenarios = None,
    school: opt.School = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Where its dice begin.")] = 0,
) -> None:
    """Serves until interrupted."""
    from batch_enroll.commands import sandbox as command  # noqa: PLC0415 - not for --help
    from batch_enroll.settings import sealed  # noqa: PLC0415 - not for --help

    command.rehearse(
        sealed({"env": "sandbox"}),
        port=port,
        scenarios=tuple(scenarios or ()),
        school=None if school is None else Path(school),
        seed=seed,
        announce=announce,
    )


def announce(rehearsal: Rehearsal) -> None:
    """Prints how to get there, ready to be pasted into a shell."""
    for line in exports(rehearsal):
        say(line)
    tell("The rehearsal server is up; Ctrl-C ends it.")


def exports(rehearsal: Rehearsal) -> Iterator[str]:
    """Shell lines that set the variables."""
    yield "export TIMEBACK_ENV=sandbox"
    yield f"export TIMEBACK_API_BASE_URL={rehearsal.base_url}"
    yield f"export TIMEBACK_API_AUTH_URL={rehearsal.token_url}"
    yield f"export TIMEBACK_API_CLIENT_ID={rehearsal.client_id}"
    yield f"export TIMEBACK_API_CLIENT_SECRET={rehearsal.client_secret}"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sandbox", help=HELP, short_help="Start the rehearsal server for other programs.", epilog=EPILOG)(
        sandbox
    )
