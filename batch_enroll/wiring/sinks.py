"""Who is told what happens: the log in the run's folder, and the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from batch_enroll.adapters.events.callback_sink import CallbackSink
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.events.log_sink import LogSink
from batch_enroll.adapters.events.progress_sink import ProgressSink
from batch_enroll.adapters.events.timeline_sink import TimelineSink
from batch_enroll.adapters.files.run_folder import LOG
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from batch_enroll.ports import EventSink
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.guest import HostProgram


def open_log(folder: Path, settings: Settings, stack: ExitStack) -> EventSink:
    """The log of a run; closed with `stack`."""
    return stack.enter_context(LogSink(folder / LOG, sys.stderr, settings.log_format, utc_now, run_id=folder.name))


def open_display(settings: Settings, stack: ExitStack, guest: HostProgram | None) -> EventSink:
    """Who is told while it goes on: the guest, or else the person at the terminal."""
    if guest is None:
        return open_progress(settings, stack)
    return FanoutSink() if guest.on_event is None else CallbackSink(guest.on_event)


def open_progress(settings: Settings, stack: ExitStack) -> EventSink:
    """The progress display; records on stderr take its place when they were asked for."""
    if settings.log_format is not None:
        return FanoutSink()
    display = ProgressSink(sys.stderr, time.monotonic, max_in_flight=settings.at_once, quiet=settings.quiet)
    return stack.enter_context(display)


def make_timeline() -> TimelineSink:
    """What remembers how the run goes over time, for its report."""
    return TimelineSink(time.monotonic)
