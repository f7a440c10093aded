"""Exceptions to messages and exit codes: the one place. A test compares the README's table with `EXIT_CODES`."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, raise_signal, signal
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from batch_enroll.cli.output import CommandOutput, write_json, write_message, write_output
from batch_enroll.core.errors import BatchEnrollError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_CODES: Final[dict[int, str]] = {
    0: "every row is enrolled or withdrawn, already was, or was skipped for a reason",
    1: "some rows were not enrolled or not withdrawn",
    2: "the command or the settings cannot be used; nothing was sent",
    3: "the roster cannot be read or has no usable row; nothing was sent",
    4: "the credentials were refused",
    5: "the API is down, or a guard stopped the run",
    6: "the state is locked or damaged",
    130: "interrupted by Ctrl-C (SIGINT)",
    143: "interrupted by SIGTERM",
}
_INTERRUPTED: Final = 130
_TERMINATED: Final = 143
_SENDING: Final = frozenset({"run", "resume", "retry", "undo", "sync", "apply", "demo"})


def describe_exit_status(exit_status: int) -> str:
    """Returns the meaning of an exit status."""
    return EXIT_CODES.get(exit_status, "an unexpected end")


class Failure(NamedTuple):
    """The failure of a command: its exit status and its message."""

    exit_status: int
    message: str


def run_guarded(command: Callable[[], object], *, as_json: bool, name: str = "run") -> int:
    """Runs the command called `name`, writes its result or its failure, and returns the exit status."""
    with _treat_sigterm_as_ctrl_c() as terminated:
        try:
            result = command()
        except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001 - the top of the program
            failure = _describe(_find_root(error), name)
        else:
            if isinstance(result, CommandOutput):
                write_output(result, as_json=as_json)
                return result.exit_status
            if result != _INTERRUPTED:  # typer turns Ctrl-C into this number
                return result if isinstance(result, int) else 0
            failure = _describe(KeyboardInterrupt(), name)
    if failure.exit_status == _INTERRUPTED and terminated.is_set():
        failure = failure._replace(exit_status=_TERMINATED)
    return _report(failure, as_json=as_json)


@contextmanager
def _treat_sigterm_as_ctrl_c() -> Iterator[Event]:
    """Interrupts on SIGTERM as on Ctrl-C, so that nothing is left behind; the event is set when the signal came.

    Code that sends rows, or looks ids up for them, handles both signals itself.
    """
    terminated = Event()

    def interrupt(*_: object) -> None:
        terminated.set()
        raise_signal(SIGINT)

    if current_thread() is not main_thread():  # other threads cannot receive signals
        yield terminated
        return
    before = signal(SIGTERM, interrupt)
    try:
        yield terminated
    finally:
        signal(SIGTERM, before)


def _report(failure: Failure, *, as_json: bool) -> int:
    write_message(f"error: {failure.message}")
    if as_json:
        write_json({"exit_status": failure.exit_status, "error": failure.message})
    return failure.exit_status


def _find_root(error: BaseException) -> BaseException:
    """Returns the first real error inside groups of errors; prints the traceback if debugging is on."""
    if os.environ.get("BATCH_ENROLL_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _describe(error: BaseException, name: str) -> Failure:
    match error:
        case BatchEnrollError():
            return Failure(error.exit_status, str(error))
        case typer.TyperException():
            return Failure(error.exit_code, f"{error.format_message().rstrip('.')}; try `batch-enroll --help`")
        case KeyboardInterrupt() | typer.Abort():
            return Failure(_INTERRUPTED, f"interrupted; {_advise_after_interrupt(name)}")
        case _:
            # The text of a foreign exception may hold anything, so only its type is shown.
            return Failure(
                1,
                f"internal error: {type(error).__name__}; please report it with the log of the run's folder "
                "(BATCH_ENROLL_DEBUG=1 shows where it happened)",
            )


def _advise_after_interrupt(name: str) -> str:
    """Returns what to do after an interrupt; a run that sends or looks ids up ends by itself instead."""
    if name in _SENDING:
        return "`batch-enroll resume` finishes the run if it had started (`batch-enroll runs` shows it)"
    return "nothing was sent; start it again"
