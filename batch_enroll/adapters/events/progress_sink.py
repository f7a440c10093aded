"""Events -> one look at how the run goes: a live display on a terminal, one plain line now and then elsewhere (rich).

The display is drawn from `emit` itself, at most five times a second: no thread of its own that could outlive the run
or meet a count half way.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from functools import partial
from math import inf
from textwrap import wrap
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batch_enroll.core.codes import catalogue
from batch_enroll.core.durations import clock_time
from batch_enroll.core.events import (
    AttemptFailed,
    LookingUp,
    PaceChanged,
    ReportFailed,
    RowSettled,
    RowsRead,
    RunEnded,
    RunStarted,
    Stopping,
)
from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import Outcome

_REDRAW_S: Final = 0.2
_PLAIN_LINE_S: Final = 10.0
_LOOKS: Final = 50  # the rate is that of the last 50 looks: ten seconds of a display
_CAUSES: Final = 3
_WIDEST: Final = 80
_STOPPING: Final = {
    "interrupted": "Stopping: what is in flight is finished, then the results are written. Ctrl-C again stops at once.",
    "deadline": "Its deadline has come: what is in flight is finished, then the results are written.",
    "api_down": "Stopping: the API is down.",
    "auth_refused": "Stopping: the credentials were refused.",
    "too_many_failures": "Stopping: too many rows fail.",
}
_GIVEN_UP: Final = {
    "interrupted": "Stopping: ids are looked up no further and nothing is sent; the results are written.",
    "deadline": "Its deadline has come: ids are looked up no further and nothing is sent; the results are written.",
}


@dataclass(slots=True)
class _Count:
    """What has happened so far."""

    in_flight_limit: int
    estimated: int | None = None
    read: int = 0
    done: int = 0
    throttled: int = 0
    to_fix: Counter[tuple[OutcomeKind, str]] = field(default_factory=Counter)
    paused_until: float = 0.0
    rate_per_s: float | None = None
    lost_s: float = 0.0
    stopping: str = ""
    looking_up: LookingUp | None = None

    @property
    def in_flight(self) -> int:
        """Rows whose turn it may be; the pace allows no more at once."""
        return max(0, min(self.in_flight_limit, self.read - self.done))

    @property
    def walked(self) -> int:
        """How far the work has come that goes on now."""
        return self.done if self.looking_up is None else self.looking_up.done

    @property
    def end(self) -> int | None:
        """Where it ends, as far as that is known."""
        return self.estimated if self.looking_up is None else self.looking_up.total

    def top_causes(self) -> list[tuple[int, str]]:
        """The causes with most rows, with their counts."""
        return [
            (count, f"{code} {catalogue.get_title(code)}" if code else kind.value.replace("_", " "))
            for (kind, code), count in self.to_fix.most_common(_CAUSES)
        ]


class _Console(Console):
    """rich ends the whole program when its stream is closed; here that only ends the display."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class ProgressSink:
    """Shows counts, speed and causes of failure; never a name, an id or a file's content. A context manager.

    Args:
        stream: where to write, usually stderr.
        clock: monotonic seconds.
        max_in_flight: requests at once, until the pace changes it.
        quiet: say nothing but which report could not be written.
        is_terminal: whether a live display makes sense; None: ask the stream.
        width: columns; None: ask the terminal.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float],
        *,
        max_in_flight: int = 10,
        quiet: bool = False,
        is_terminal: bool | None = None,
        width: int | None = None,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._silent = quiet
        self._count = _Count(max_in_flight)
        self._console = _Console(file=stream, force_terminal=is_terminal, width=width, highlight=False)
        self._live: Live | None = None
        self._began_at = clock()
        self._next_look_at = inf  # until there is something to see
        self._looks: deque[tuple[float, int]] = deque(maxlen=_LOOKS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._safely(self._close)

    def emit(self, event: Event) -> None:
        """Takes note, and looks up now and then."""
        match event:
            case RowSettled(_, outcome):
                self._settled(outcome)
            case RowsRead(rows):
                self._count.read += rows
            case AttemptFailed(cause=cause):
                self._count.throttled += cause.endswith("429")
            case _:
                self._note(event)
        if not self._silent and (now := self._clock()) >= self._next_look_at:
            self._safely(lambda: self._look(now))

    def _settled(self, outcome: Outcome) -> None:
        """A row that was never tried is neither done nor failed."""
        if outcome.kind is OutcomeKind.NOT_ATTEMPTED:
            return
        self._count.done += 1
        if outcome.kind in KINDS_TO_FIX:
            self._count.to_fix[outcome.kind, outcome.code] += 1

    def _note(self, event: Event) -> None:
        """What happens seldom."""
        match event:
            case LookingUp():
                self._look_up(event)
            case RunStarted(estimated_rows=estimated):
                self._count.estimated = estimated
                self._count.looking_up = None
                self._safely(self._open)
            case PaceChanged(in_flight_limit, rate_per_s, paused_s, lost_s=lost_s):
                self._count.in_flight_limit, self._count.rate_per_s = in_flight_limit, rate_per_s
                self._count.lost_s = lost_s
                self._count.paused_until = self._clock() + paused_s
            case Stopping(reason):
                words = _STOPPING if self._count.looking_up is None else _GIVEN_UP
                self._count.stopping = words.get(reason, "Stopping; what is in flight is finished first.")
                self._next_look_at = self._clock()
            case ReportFailed():
                self._safely(partial(self._report_failed, event))
            case RunEnded(run):
                self._silent |= run.dry_run  # nothing was sent, so there is no speed to tell
                self._safely(self._finish)
            case _:
                pass

    def _look_up(self, event: LookingUp) -> None:
        before, self._count.looking_up = self._count.looking_up, event
        if self._next_look_at == inf:
            self._safely(self._open)
        if before is None or before.what != event.what:  # its own speed
            self._looks.clear()
            self._looks.append((self._clock(), event.done))
        if event.done == event.total:  # somebody may be asked something next, and must see the question
            self._safely(self._close)
            self._next_look_at = inf

    def _safely(self, act: Callable[[], None]) -> None:
        """A display that cannot be written to is no reason to lose a run."""
        try:
            act()
        except (OSError, ValueError):
            self._silent = True
            self._live = None

    def _open(self) -> None:
        now = self._clock()
        self._began_at = now
        self._looks.clear()
        self._looks.append((now, self._count.done))
        self._next_look_at = now
        if self._silent or self._live is not None:
            return
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            live = Live(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            live.start()
            self._live = live
        else:
            self._next_look_at = now + _PLAIN_LINE_S

    def _look(self, now: float) -> None:
        if self._live is not None:
            self._live.update(self._display(now), refresh=True)
            self._next_look_at = now + _REDRAW_S
        else:
            stopping = f"; {self._count.stopping}" if self._count.stopping else ""
            self._say(f"{self._progress()}, {', '.join(self._figures(now))}{stopping}")
            self._next_look_at = now + _PLAIN_LINE_S
        self._looks.append((now, self._count.walked))

    def _finish(self) -> None:
        self._close()
        if not self._silent and self._count.read + self._count.done:  # a run gone on with may have nothing left
            elapsed_s = self._clock() - self._began_at
            rate = f", {self._count.done / elapsed_s:,.1f} rows/s" if elapsed_s > 0 else ""
            self._say(f"{_counted(self._count.done, 'row')} in {clock_time(elapsed_s)}{rate}")
        self._silent = True

    def _report_failed(self, event: ReportFailed) -> None:
        self._close()
        self._next_look_at = inf  # every row has its outcome, so there is no progress to show
        self._say(f"{event.report} could not be written ({event.reason}); get it with: {event.remedy}")

    def _close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def _progress(self) -> str:
        count = self._count
        if (names := count.looking_up) is not None:
            return f"looking up {names.what}: {names.done:,} of {names.total:,}"
        if count.estimated is None:
            return _counted(count.done, "row")
        if count.done >= count.estimated:  # the estimate was too low; do not pretend to know
            return _counted(count.done, "row")
        return f"{count.done:,} of about {_counted(count.estimated, 'row')}"

    def _figures(self, now: float) -> Iterator[str]:
        """The parts of the line, the most wanted first."""
        count = self._count
        rate, end = self._walked_per_s(now), count.end
        yield f"{rate:,.1f} {'rows' if count.looking_up is None else count.looking_up.unit}/s"
        if end is not None and rate > 0 and count.walked < end and not count.stopping:
            yield f"ETA {clock_time((end - count.walked) / rate)}"
        if count.looking_up is None:
            yield f"in flight {count.in_flight}"
        if count.rate_per_s is not None:
            yield f"limit {count.rate_per_s:,.0f}/s"
        if count.looking_up is None:
            yield f"throttled {count.throttled:,}"
        if count.lost_s >= 1.0:
            yield f"lost {count.lost_s:,.0f} s"
        if now < count.paused_until:
            yield f"paused {count.paused_until - now:.0f} s"
        if count.to_fix:
            yield f"not enrolled {count.to_fix.total():,}"

    def _walked_per_s(self, now: float) -> float:
        then, walked = self._looks[0] if self._looks else (now, 0)
        return (self._count.walked - walked) / (now - then) if now > then else 0.0

    def _display(self, now: float) -> Group:
        # No wider than most terminals: one that is made narrower would wrap what was drawn, and never clear it.
        width = min(self._console.width, _WIDEST)
        lines: list[Text | Table] = [self._bar(width)]
        lines += [Text(line, no_wrap=True, overflow="ellipsis") for line in _filled(self._figures(now), width)]
        lines += [Text(line) for line in wrap(self._count.stopping, width)]
        for number, cause in self._count.top_causes():
            lines.append(Text(f"{number:>7,}  {cause}", style="yellow", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)

    def _bar(self, width: int) -> Table:
        """The bar with its counts; the bar gives way when the terminal is narrow."""
        count = self._count
        total = None if count.end is None else max(count.end, count.walked)
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.width = width
        grid.add_column(ratio=1)
        grid.add_column(justify="right", no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=total, completed=count.walked, pulse=total is None, animation_time=count.walked)
        grid.add_row(bar, Text(self._progress()))
        return grid


def _filled(parts: Iterator[str], width: int) -> list[str]:
    """`parts` on as few lines of `width` as they need."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return lines


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
