"""The real command line in a process that kills itself with SIGKILL at a named point: killed.py POINT NTH ARGUMENT...

A profile hook watches the calls of the program as it is, so nothing is patched and nothing is composed anew: what dies
here is what users run. POINT is `when:name`, the name being the function's qualified name:

- `before:Engine.run` when it is called, `after:...` when it has returned or raised;
- `during:...` when a coroutine gives way to wait for something, as a request does for its answer.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from inspect import CO_COROUTINE
from typing import TYPE_CHECKING

from batch_enroll.cli import main
from batch_enroll.core.model import NoReply, Reply, UserEnrollments

if TYPE_CHECKING:
    from types import CodeType, FrameType


class Reaper:
    """Kills this process at the `nth` time that the point is met."""

    def __init__(self, point: str, nth: int) -> None:
        self._when, _, self._name = point.partition(":")
        self._left = nth
        self._first_step: dict[CodeType, int] = {}

    def __call__(self, frame: FrameType, event: str, given: object) -> None:
        code = frame.f_code
        if event not in {"call", "return"} or code.co_qualname != self._name or not self._is_ours(code):
            return
        if self._when == self._moment(frame, event, given):
            self._left -= 1
            if self._left == 0:
                if sys.platform == "win32":
                    raise NotImplementedError
                os.kill(os.getpid(), signal.SIGKILL)

    def _moment(self, frame: FrameType, event: str, given: object) -> str:
        code = frame.f_code
        if not code.co_flags & CO_COROUTINE:
            return "before" if event == "call" else "after"
        if event == "call":
            # A coroutine is "called" each time it goes on; only at its start it stands at its first step.
            first_step = self._first_step.setdefault(code, frame.f_lasti)
            return "before" if frame.f_lasti == first_step else "going on"
        return "after" if isinstance(given, Reply | NoReply | UserEnrollments) else "during"

    @staticmethod
    def _is_ours(code: CodeType) -> bool:
        return "batch_enroll" in code.co_filename


if __name__ == "__main__":
    reaper = Reaper(sys.argv[1], int(sys.argv[2]))
    threading.setprofile(reaper)  # the ledger works in a thread of its own
    sys.setprofile(reaper)
    main(sys.argv[3:])
