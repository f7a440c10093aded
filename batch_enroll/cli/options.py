"""The flags of commands, made from the declared options, and the values that a command was called with.

Values remain text here: Settings checks them, so that every problem is reported at once and with its origin.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import typer

from batch_enroll.settings.declaration import Option, Panel, declare, list_options
from batch_enroll.settings.options.output import Results, State, Terminal, Unattended
from batch_enroll.settings.options.rehearsal import Rehearsal
from batch_enroll.settings.options.roster import Reading, RowDefaults
from batch_enroll.settings.options.safety import Overriding, Verifying, Withdrawing
from batch_enroll.settings.options.sending import Requests, Sending, Stopping
from batch_enroll.settings.options.server import Server
from batch_enroll.settings.servers import Needs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from batch_enroll.core.guards.rules import Allowance
    from batch_enroll.settings import Settings

R = TypeVar("R")


@declare(Panel.SAFETY)
class Confirming:
    """Consent given in advance."""

    yes: Annotated[bool, Option("Withdraw without asking.")] = False


@declare(Panel.OUTPUT)
class Json:
    """Output for programs."""

    json: Annotated[bool, Option("Print the summary as one line of JSON.")] = False


@declare(Panel.ROSTER)
class Resuming:
    """Consent to a roster that is not as it was."""

    accept_changes: Annotated[
        bool, Option("Continue although the roster has changed; changed rows are read again.")
    ] = False


SENDING: Final = (Server, Sending, Stopping, Confirming, Overriding, Terminal, Json, State)
READING: Final = (Reading, RowDefaults)
_GROUPS: Final = (
    Server, Reading, RowDefaults, Resuming, Requests, Sending, Stopping, Withdrawing, Confirming, Verifying, Overriding,
    Results, Terminal, Json, State, Unattended, Rehearsal,
)  # fmt: skip
_FLAGS: Final = {option.name: option for option in list_options(_GROUPS) if option.flag is not None}

Rosters: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ROSTER",
        help="A table (.csv, .tsv, .txt, .xlsx, or - for stdin), or a folder, .zip or .xlsx of several files, as "
        "OneRoster, School Data Sync, Clever, Canvas or Apple School Manager export them.",
    ),
]
PastRun: TypeAlias = Annotated[str | None, typer.Argument(metavar="RUN", help="The run's id. Default: the latest run.")]


@dataclass(frozen=True, slots=True)
class FlagValues:
    """The values of the options that a command was called with, by name."""

    values: Mapping[str, Any]

    def load(self, needs: Needs = Needs.SERVER, **more: object) -> Settings:
        """Returns the settings for the command; `more` are flags of its own.

        Raises:
            UsageError: with every problem.
        """
        from batch_enroll.settings import load  # noqa: PLC0415 - not for --help

        return load(self._settings(more), needs=needs)

    def load_sealed(self, **more: object) -> Settings:
        """Returns settings that neither the shell nor a file can change.

        Raises:
            UsageError: with every problem.
        """
        from batch_enroll.settings import load_sealed  # noqa: PLC0415 - not for --help

        return load_sealed(self._settings(more))

    def _settings(self, more: Mapping[str, object]) -> dict[str, object]:
        from batch_enroll.settings.model import OPTIONS  # noqa: PLC0415 - not for --help

        return {**{name: value for name, value in self.values.items() if name in OPTIONS}, **more}

    def read_allowance(self) -> Allowance:
        """Returns the guards to overrule, and the reason.

        Raises:
            UsageError: an unknown guard, or no reason.
        """
        from batch_enroll.core.guards.rules import parse_allowance  # noqa: PLC0415 - not for --help

        return parse_allowance(self.values["allow"] or (), self.values["reason"])

    def confirm(self, question: str) -> None:
        """Asks on a terminal unless --yes was given.

        Raises:
            UsageError: the person declined, or there is no terminal to ask on.
        """
        from batch_enroll.core.errors import UsageError  # noqa: PLC0415 - not for --help
        from batch_enroll.wiring.guards import refuse_unconfirmed  # noqa: PLC0415 - not for --help

        if self.values["yes"]:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            refuse_unconfirmed(question)
        elif not _ask(question):
            raise UsageError("not confirmed; nothing was sent")


def _ask(question: str) -> bool:
    try:
        return typer.confirm(f"{question}. Continue?", err=True)
    except typer.Abort:  # Ctrl-C or Ctrl-D at a question is a no
        return False


def takes(*wanted: type | str, without: Collection[str] = ()) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Gives a command the flags of the options of some classes, and of single ones by name, except those `without`.

    The function gets their values as its first argument, a `FlagValues`; its other parameters stay the command's own.
    """
    names = {name for each in wanted for name in _list_names(each)}
    chosen = [option for name, option in _FLAGS.items() if name in names.difference(without)]

    def declare(function: Callable[..., R]) -> Callable[..., R]:
        def command(**arguments: object) -> R:
            flags = FlagValues({option.name: arguments.pop(option.name) for option in chosen})
            return function(flags, **arguments)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
        parameters += [_make_parameter(option) for option in chosen]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect looks for it
        return command

    return declare


def _list_names(wanted: type | str) -> list[str]:
    return [_FLAGS[wanted].name] if isinstance(wanted, str) else [option.name for option in list_options([wanted])]


def _make_parameter(option: Option) -> inspect.Parameter:
    kind: object = bool if option.is_switch else list[str] | None if option.is_repeatable else str | None
    flag = typer.Option(
        option.flag,
        metavar=option.metavar or None,
        help=option.described,
        rich_help_panel=option.panel,
        autocompletion=option.list_completions if option.has_choices else None,
    )
    default = False if option.is_switch else None
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, flag]
    )
