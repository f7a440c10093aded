"""`batch-enroll sandbox`: start the rehearsal server for other programs and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, takes
from batch_enroll.cli.output import write_line, write_message
from batch_enroll.settings.options.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Iterator

HELP = """Starts the rehearsal server and prints the variables that lead other programs to it.

It knows every id it is asked for, keeps its enrollments in memory and listens on this machine only. Ctrl-C ends it.
"""
EPILOG = """Examples:

\b
  batch-enroll sandbox --port 8080
  batch-enroll sandbox --scenario two-percent-5xx --scenario token-lifetime-s=2
  batch-enroll sandbox --school oneroster.zip
"""


class RehearsalServer(Protocol):
    """A rehearsal server that listens."""

    @property
    def base_url(self) -> str:
        """The address of the API."""

    @property
    def token_url(self) -> str:
        """The address of tokens."""

    @property
    def client_id(self) -> str:
        """An invented client."""

    @property
    def client_secret(self) -> str:
        """Its invented secret."""


@takes(Rehearsal)
def start_sandbox(
    flags: FlagValues,
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, show_default=False, help="The port to listen on. Default: a free one."
        ),
    ] = 0,
) -> None:
    """Runs the command: serves until interrupted."""
    from batch_enroll.commands import sandbox as command  # noqa: PLC0415 - not for --help

    command.rehearse(flags.load_sealed(env="sandbox"), port=port, announce=announce)


def announce(server: RehearsalServer) -> None:
    """Prints how to reach the server, ready to be pasted into a shell."""
    for line in list_exports(server):
        write_line(line)
    write_message("The rehearsal server is running; Ctrl-C ends it.")


def list_exports(server: RehearsalServer) -> Iterator[str]:
    """Yields shell lines that set the variables."""
    yield "export TIMEBACK_ENV=sandbox"
    yield f"export TIMEBACK_API_BASE_URL={server.base_url}"
    yield f"export TIMEBACK_API_AUTH_URL={server.token_url}"
    yield f"export TIMEBACK_API_CLIENT_ID={server.client_id}"
    yield f"export TIMEBACK_API_CLIENT_SECRET={server.client_secret}"


COMMAND = Command("sandbox", "Start the rehearsal server for other programs.", HELP, EPILOG, start_sandbox)
