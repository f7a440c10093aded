"""When to stop trying: a run-wide retry budget, and patience with an API that answers nobody.

Per-row limits cannot tell one bad row from a dead server; these two can. The budget caps what retries may cost over
the whole run (Source: Google SRE book, "Handling Overload", retry budgets); patience ends a run in which nothing has
succeeded for long. A run that never had a single success gives up much sooner: its address is probably wrong.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """How much failure a run takes.

    Attributes:
        budget: failed attempts that may be retried before anything has succeeded; each success earns one more.
        patience_s: seconds without any success, while attempts fail, before the run gives up.
        first_patience_s: the same before the first success.
    """

    budget: int = 200
    patience_s: float = 600.0
    first_patience_s: float = 30.0


class Breaker:
    """Counts successes and failures of attempts; says when the run must stop. Times are seconds of any one clock."""

    def __init__(self, limits: BreakerLimits) -> None:
        self._limits = limits
        self._left = limits.budget
        self._proven = False
        self._failing_since: float | None = None

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

    def failed(self, now: float) -> str | None:
        """Notes a 5xx, a time-out or a broken connection. Says why to stop, or None."""
        self._left -= 1
        if self._left < 0:
            return f"more than {self._limits.budget} requests failed beyond those that succeeded"
        return self.throttled(now)
