"""Options for what a command leaves behind and shows, for its ledger, and for runs that no one watches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from batch_enroll.settings.declaration import Option, Panel, declare
from batch_enroll.settings.values import Folder, Secret, SecretUrl


def _find_state_folder() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - not for --help

    return user_state_path("batch-enroll")


@declare(Panel.OUTPUT)
class Results:
    """The files of a run."""

    out: Annotated[Folder, Option("Folder in which each run gets a folder of its own.", metavar="DIR")] = Path(
        "batch-enroll-runs"
    )
    no_roster_columns: Annotated[bool, Option("Leave the roster's own columns out of the results.", recorded=True)] = (
        False
    )


@declare(Panel.OUTPUT)
class Terminal:
    """The text on the terminal."""

    quiet: Annotated[
        bool,
        Option(
            "Show no progress; run also prints nothing if every row is fine and nothing changed since the last run."
        ),
    ] = False
    log_format: Annotated[
        Literal["console", "json"] | None,
        Option("Write log records to stderr too, instead of the progress: console or json.", metavar="FORMAT"),
    ] = None


@declare(Panel.LEDGER)
class State:
    """The memory of past runs, and the settings file."""

    state: Annotated[
        Folder,
        Field(default_factory=_find_state_folder),
        Option(
            "Folder of the ledger, which remembers past runs.",
            metavar="DIR",
            default_text="BATCH_ENROLL_STATE, else the user's state folder",
        ),
    ]
    ledger_url: Annotated[
        Secret,
        Option(
            "Keep the ledger in PostgreSQL instead: postgresql://user@host/database.",
            metavar="URL",
            default_text="BATCH_ENROLL_LEDGER_URL, which is the place for one with a password",
        ),
    ] = SecretStr("")
    config: Annotated[
        Path | None,
        Option("Settings file in TOML.", metavar="FILE", default_text="batch-enroll.toml here, if there is one"),
    ] = None


@declare(Panel.UNATTENDED)
class Unattended:
    """Reports of runs that no one watches."""

    metrics_file: Annotated[Folder | None, Option("Write the outcome as a Prometheus textfile.", metavar="FILE")] = None
    on_change_only: Annotated[bool, Option("Notify only if something differs from the last run of the roster.")] = False
    notify: Annotated[
        tuple[SecretStr, ...],
        Option("Addresses to notify of the end of a run, as apprise takes them; they may hold passwords.", flag=None),
    ] = ()
    ping_url: Annotated[
        SecretUrl,
        Option(
            "URL to ping at start, success and failure, as healthchecks.io takes it; anyone who knows it can use it.",
            flag=None,
        ),
    ] = SecretStr("")
