"""Exceptions -> message and exit code: the one place. The README's table is compared with `EXIT_CODES` by a test."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, raise_signal, signal
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from batch_enroll.cli.output import CommandOutput, present, say_json, tell
from batch_enroll.core.errors import BatchEnrollError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXIT_CODES: Final[dict[int, str]] = {
    0: "every row is enrolled or withdrawn, was so already, or was skipped for a reason",
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


def meaning(exit_status: int) -> str:
    """What an exit status says, in words."""
    return EXIT_CODES.get(exit_status, "an unexpected end")


class Failure(NamedTuple):
    """How a command failed: what to exit with, and what to say."""

    exit_status: int
    message: str


def guarded(command: Callable[[], object], *, as_json: bool, name: str = "run") -> int:
    """The exit status of the command called `name`, after its answer or its failure was told."""
    with _sigterm_as_ctrl_c() as terminated:
        try:
            answer = command()
        except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001 - the top of the program
            failure = _failure_of(_root(error), name)
        else:
            if isinstance(answer, CommandOutput):
                present(answer, as_json=as_json)
                return answer.exit_status
            if answer != _INTERRUPTED:  # typer turns Ctrl-C into this number
                return answer if isinstance(answer, int) else 0
            failure = _failure_of(KeyboardInterrupt(), name)
    if failure.exit_status == _INTERRUPTED and terminated.is_set():
        failure = failure._replace(exit_status=_TERMINATED)
    return _told(failure, as_json=as_json)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[Event]:
    """Breaks off on SIGTERM as on Ctrl-C, so that nothing is left behind; the event tells that it came.

    Who sends rows or looks ids up for them listens for both by itself.
    """
    terminated = Event()

    def interrupt(*_: object) -> None:
        terminated.set()
        raise_signal(SIGINT)

    if current_thread() is not main_thread():  # others cannot be told of signals
        yield terminated
        return
    before = signal(SIGTERM, interrupt)
    try:
        yield terminated
    finally:
        signal(SIGTERM, before)


def _told(failure: Failure, *, as_json: bool) -> int:
    tell(f"error: {failure.message}")
    if as_json:
        say_json({"exit_status": failure.exit_status, "error": failure.message})
    return failure.exit_status


def _root(error: BaseException) -> BaseException:
    """The first real error inside groups of errors; that it is shown too when debugging is asked for."""
    if os.environ.get("BATCH_ENROLL_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _failure_of(error: BaseException, name: str) -> Failure:
    match error:
        case BatchEnrollError():
            return Failure(error.exit_status, str(error))
        case typer.TyperException():
            return Failure(error.exit_code, f"{error.format_message().rstrip('.')}; try `batch-enroll --help`")
        case KeyboardInterrupt() | typer.Abort():
            return Failure(_INTERRUPTED, f"interrupted; {_after_interrupt(name)}")
        case _:
            # The text of a foreign exception may hold anything, so only its type is told.
            return Failure(
                1,
                f"internal error: {type(error).__name__}; please report it with the log of the run's folder "
                "(BATCH_ENROLL_DEBUG=1 shows where it happened)",
            )


def _after_interrupt(name: str) -> str:
    """What is true of a command that was broken off; while it sends, and while it looks ids up, a run ends itself."""
    if name in _SENDING:
        return "`batch-enroll resume` goes on with the run if it had begun (`batch-enroll runs` shows it)"
    return "nothing was sent, so start it again"
