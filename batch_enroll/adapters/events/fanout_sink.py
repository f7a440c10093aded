"""One event, every sink."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_enroll.core.events import Event
    from batch_enroll.ports import EventSink


class FanoutSink:
    """Hands each event to each of its sinks, in order."""

    def __init__(self, *sinks: EventSink) -> None:
        self._sinks = sinks

    def emit(self, event: Event) -> None:
        """Tells everybody."""
        for sink in self._sinks:
            sink.emit(event)
