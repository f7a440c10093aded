"""Forks: each runs one function in silence, within limits of time and memory."""

from __future__ import annotations

import os
import pickle
import resource
import sys
import traceback
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_TIMES_LONGER: Final = 4  # what takes so many times the CPU time of its tests loops for ever
_AT_LEAST_S: Final = 2
_MEMORY_BYTES: Final = 3 << 30  # what collects things for ever ends here
_UNDECIDED_STATUS: Final = 99
_NO_FORK: Final = "mutants are tried in forks, which Windows does not have"


class Outcome(Enum):
    """The end of a run of tests."""

    PASSED = auto()
    FAILED = auto()
    UNDECIDED = auto()  # the mutant could not be put in place

    @property
    def status(self) -> int:
        """The exit status of a fork that ends so."""
        return {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.UNDECIDED: _UNDECIDED_STATUS}[self]


class Forks:
    """Runs functions in forks, at most `jobs` at a time."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._running: dict[int, Callable[[Outcome], None]] = {}

    def start(self, run: Callable[[], Outcome], done: Callable[[Outcome], None], *, cpu_s: float) -> None:
        """Starts a fork as soon as there is room. Its outcome is handed to `done`; a fork that dies has failed."""
        while len(self._running) >= self._jobs:
            self._wait()
        if sys.platform == "win32":
            raise OSError(_NO_FORK)
        pid = os.fork()
        if not pid:
            _end_with(run, int(_AT_LEAST_S + _TIMES_LONGER * cpu_s))
        self._running[pid] = done

    def finish(self) -> None:
        """Waits for all of them."""
        while self._running:
            self._wait()

    def _wait(self) -> None:
        pid, status = os.waitpid(-1, 0)
        code = os.waitstatus_to_exitcode(status)
        self._running.pop(pid)(next((each for each in Outcome if each.status == code), Outcome.FAILED))


def call_in_fork(function: Callable[[], T]) -> T:
    """Returns what a function returns, called in a fork whose modules and patches die with it.

    Raises:
        RuntimeError: the function raised.
    """
    if sys.platform == "win32":
        raise OSError(_NO_FORK)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _answer(function, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    if not answer:
        raise RuntimeError("a fork died")
    result, error = pickle.loads(answer)  # noqa: S301 - from a fork of ours
    if error:
        raise RuntimeError(error)
    given: T = result
    return given


def _answer(function: Callable[[], T], writer: int) -> NoReturn:
    """Ends this process with what a function returns or raises, written to a pipe."""
    silence()
    try:
        answer: tuple[T | None, str] = function(), ""
    except BaseException:  # noqa: BLE001 - shown by the process that waits for it
        answer = None, traceback.format_exc()
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump(answer, pipe)
    os._exit(0)


def silence() -> None:
    """Sends what this process prints nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _end_with(run: Callable[[], Outcome], most_cpu_s: int) -> None:
    if sys.platform == "win32":
        raise OSError(_NO_FORK)
    status = Outcome.FAILED.status
    try:
        silence()
        resource.setrlimit(resource.RLIMIT_CPU, (most_cpu_s, most_cpu_s))
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
        status = run().status
    finally:
        os._exit(status)
