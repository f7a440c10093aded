"""Events -> the timeline of a run, kept with the run for its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_enroll.core.events import AttemptFailed, RowSettled, RunStarted
from batch_enroll.core.model import SETTLED_WELL
from batch_enroll.core.timeline import Timeline, timeline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import Json

_TOPIC = "timeline"


class TimelineSink:
    """Counts rows that were sent, and answers that throttled us, as time goes by.

    A run that is gone on with goes on with its timeline too.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._timeline = Timeline()
        self._zero_at = clock()

    def emit(self, event: Event) -> None:
        """Takes note; a few additions, since this is called for every row."""
        match event:
            case RowSettled(_, outcome, elapsed_s):
                if elapsed_s > 0:  # rows settled without a request come in batches and tell nothing of the server
                    self._timeline.row(self._clock() - self._zero_at, elapsed_s, well=outcome.kind in SETTLED_WELL)
            case AttemptFailed(cause=cause):
                if cause.endswith("429"):
                    self._timeline.throttle(self._clock() - self._zero_at)
            case RunStarted(run):
                self._timeline = timeline_of(run.facts.get(_TOPIC))
                self._zero_at = self._clock() - self._timeline.begin()
            case _:
                pass

    def facts(self) -> Mapping[str, Json]:
        """What is to be kept with the run."""
        return {_TOPIC: self._timeline.as_json()}
