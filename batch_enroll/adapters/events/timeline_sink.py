"""Events -> the timeline of a run, kept with the run for its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.events import AttemptFailed, RowSettled, RunStarted
from batch_enroll.core.model import SUCCESS_KINDS, OutcomeKind
from batch_enroll.core.reporting.timeline import Timeline, read_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import Json

_TOPIC: Final = "timeline"
# A tuple with the usual outcome first: a set would hash the outcome of every row, which takes longer than all the rest.
_WELL: Final = (OutcomeKind.ENROLLED, *(SUCCESS_KINDS - {OutcomeKind.ENROLLED}))


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
        if isinstance(event, RowSettled):
            if event.elapsed_s > 0:  # rows settled without a request come in batches and tell nothing of the server
                well = event.outcome.kind in _WELL
                self._timeline.count_row(self._clock() - self._zero_at, succeeded=well)
            if event.took_s is not None:
                self._timeline.count_answer(event.took_s)
        elif isinstance(event, AttemptFailed):
            self._timeline.count_answer(event.took_s)
            if event.cause.endswith("429"):
                self._timeline.count_throttled(self._clock() - self._zero_at)
        elif isinstance(event, RunStarted):
            self._timeline = read_timeline(event.run.facts.get(_TOPIC))
            self._zero_at = self._clock() - self._timeline.begin_attempt()

    def facts(self) -> Mapping[str, Json]:
        """What is to be kept with the run."""
        return {_TOPIC: self._timeline.as_json()}
