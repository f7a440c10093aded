"""When to stop trying: a run-wide retry budget, patience with an API that answers nobody, a limit on failed rows.

Per-row limits cannot tell one bad row from a dead server or a wrong file; these can. The budget caps what retries may
cost over the whole run (Source: Google SRE book, "Handling Overload", retry budgets); patience ends a run in which
nothing has succeeded for long. A run that never had a success gives up much sooner: its address is probably wrong.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import Outcome


_FAILED: Final = frozenset({OutcomeKind.REJECTED, OutcomeKind.FAILED, OutcomeKind.UNKNOWN})


@frozen
class BreakerLimits:
    """How much failure a run takes.

    Attributes:
        budget: failed attempts that may be retried before anything has succeeded; each success earns one more.
        patience_s: seconds without any success, while attempts fail, before the run gives up.
        first_patience_s: the same before the first success.
        window: rows over which the share of failed ones is taken.
        max_failed_share: the share of rejected, failed and unknown rows in a full window that stops the run; high on
            purpose: a third of unknown users is a bad roster, nine of ten are the wrong file or environment.
    """

    budget: int = 200
    patience_s: float = 600.0
    first_patience_s: float = 30.0
    window: int = 200
    max_failed_share: float = 0.9


class Breaker:
    """Counts successes and failures of attempts; says when the run must stop. Times are seconds of any one clock."""

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._left = limits.budget
        self._proven = False
        self._failing_since: float | None = None
        self._window: deque[bool] = deque(maxlen=limits.window)
        self._failed_in_window = 0

    def succeeded(self) -> None:
        """Notes an attempt that the API answered sensibly, whatever it said of the row."""
        self._proven = True
        self._failing_since = None
        self._left = min(self._left + 1, max(self._limits.budget, 1_000))

    def throttled(self, now: float) -> str | None:
        """Notes an answer that asked us to slow down: it costs no budget, only patience. Says why to stop, or None."""
        since = self._failing_since = now if self._failing_since is None else self._failing_since
        patience_s = self._limits.patience_s if self._proven else self._limits.first_patience_s
        return None if now - since < patience_s else f"nothing succeeded for {patience_s:.0f} s"

    def failed(self, now: float, *, down: bool = False) -> str | None:
        """Notes a 5xx, a time-out or a broken connection. Says why to stop, or None.

        Args:
            now: seconds.
            down: the server is taken for down and only probed, which costs no budget, only patience.
        """
        self._left -= not down
        if self._left < 0:
            return f"more than {self._limits.budget} requests failed beyond those that succeeded"
        return self.throttled(now)

    def settled(self, outcome: Outcome) -> str | None:
        """Notes how a row that was sent ended. Says why to stop, or None."""
        if outcome.attempts == 0:
            return None
        if len(self._window) == self._limits.window:
            self._failed_in_window -= self._window[0]
        failed = outcome.kind in _FAILED
        self._window.append(failed)
        self._failed_in_window += failed
        if len(self._window) < self._limits.window:
            return None
        if self._failed_in_window <= self._limits.max_failed_share * self._limits.window:
            return None
        return f"{self._failed_in_window} of the last {self._limits.window} rows sent were not enrolled"
