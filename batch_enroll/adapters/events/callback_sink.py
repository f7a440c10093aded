"""Events for a program that enrolls from within."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.events import Event


class CallbackSink:
    """Hands every event to `callback`, until it fails: then it is warned of and not called again."""

    def __init__(self, callback: Callable[[Event], object]) -> None:
        self._callback: Callable[[Event], object] | None = callback

    def emit(self, event: Event) -> None:
        """Tells the program."""
        if self._callback is None:
            return
        try:
            self._callback(event)
        except Exception as error:  # noqa: BLE001 - it is not our code, and it must not cost a row
            self._callback = None
            text = f"on_event raised {type(error).__name__}; it is not called again, and the run goes on"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
