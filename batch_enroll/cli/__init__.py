"""The command line: argv to Settings, exceptions to exit codes, nothing else.

Commands import what they need when they are called, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from batch_enroll import __version__
from batch_enroll.cli import (
    apply,
    check,
    demo,
    doctor,
    enrollments,
    explain,
    plan,
    purge,
    report,
    resume,
    retry,
    run,
    runs,
    sandbox,
    show,
    sync,
    template,
    undo,
    verify,
)
from batch_enroll.cli.errors import run_guarded
from batch_enroll.cli.output import allow_any_text, write_line, write_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from batch_enroll.cli.command import Command

PROGRAM = "batch-enroll"
_COMMANDS: Final = tuple(
    module.COMMAND
    for module in (
        run, resume, retry, undo, check, verify, sync, plan, apply, show, report, enrollments, explain, runs, purge,
        template, sandbox, demo, doctor,
    )
)  # fmt: skip


def make_app(commands: Iterable[Command] = _COMMANDS) -> typer.Typer:
    """Returns the program with the commands; typer builds the parameters of each one, whichever is called."""
    app = typer.Typer(
        name=PROGRAM,
        help="Enrolls a whole school roster through the Timeback EduBridge API: one honest result for every row.",
        epilog=(
            "Start with a rehearsal that needs no credentials:\n\n\b\n"
            "  batch-enroll demo\n"
            "  batch-enroll check term.csv\n"
            "  batch-enroll run term.csv --env sandbox"
        ),
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(invoke_without_command=True)(start)
    for command in commands:
        command.add_to(app)
    return app


def _show_version(requested: bool) -> None:  # noqa: FBT001 - typer calls it so
    if requested:
        from importlib.metadata import version  # noqa: PLC0415 - not for --help

        built_with = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "sqlalchemy", "pandas"))
        python = ".".join(map(str, sys.version_info[:3]))
        write_line(f"{PROGRAM} {__version__} (Python {python} on {sys.platform}; {built_with})")
        raise typer.Exit


def start(
    context: typer.Context,
    version: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Shows the help if no command was given."""
    del version
    if context.invoked_subcommand is None:
        write_message(context.get_help())
        raise typer.Exit(2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with its status; never with a traceback."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    allow_any_text()
    name = next(iter(given), "")
    app = make_app([command for command in _COMMANDS if command.name == name] or _COMMANDS)
    as_json = "--json" in given
    sys.exit(run_guarded(lambda: app(args=given, prog_name=PROGRAM, standalone_mode=False), as_json=as_json, name=name))
