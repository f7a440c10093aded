"""What refusals prove: how many of the answers, and which of the two limits."""

from __future__ import annotations

from collections import deque
from typing import Final

_RECENT: Final = 200
_THROUGH: Final = 0.25  # of those with as many in flight: the number was not what was refused
_IN_A_ROW: Final = 3
_STRAIN: Final = 20
_STRAINED: Final = 0.25  # of the latest answers failed: the server is overloaded


class RefusalShare:
    """The share of refused answers; old ones count less and less."""

    def __init__(self) -> None:
        self.all = 0.0
        self._refused = 0.0

    def add(self, *, refused: bool) -> None:
        """Notes an answer."""
        self.all += 1.0
        self._refused += refused
        if self.all >= _RECENT:
            self.all, self._refused = self.all / 2.0, self._refused / 2.0

    @property
    def refused(self) -> float:
        """From 0 to 1."""
        return self._refused / self.all if self.all else 0.0


class RefusalEvidence:
    """The latest answers with how many were in flight at their starts, and the latest failures."""

    def __init__(self) -> None:
        self._recent: deque[tuple[int, bool]] = deque(maxlen=_RECENT)
        self._failures: deque[bool] = deque(maxlen=_STRAIN)

    def borne(self, in_flight: int) -> None:
        """Notes a healthy answer."""
        self._recent.append((in_flight, True))
        self._failures.append(False)

    def refused(self, in_flight: int) -> None:
        """Notes a refusal."""
        self._recent.append((in_flight, False))

    def failed(self) -> bool:
        """Notes a failure; True when there were so many lately that the server must be overloaded."""
        self._failures.append(True)
        if len(self._failures) < _STRAIN or sum(self._failures) < _STRAINED * _STRAIN:
            return False
        self._failures.clear()
        return True

    def too_many(self, in_flight: int, *, full: bool) -> bool:
        """Whether so many at once were what was refused, and not the rate.

        With fewer others got through, and with as many hardly anybody did: in the window that was full, or time after
        time.
        """
        if in_flight <= 1 or not any(borne for others, borne in self._recent if others < in_flight):
            return False
        if full:
            as_many = [borne for others, borne in self._recent if others >= in_flight]
            return sum(as_many) < _THROUGH * len(as_many)
        refused = [others for others, borne in self._recent if not borne][-_IN_A_ROW:]
        return len(refused) == _IN_A_ROW and min(refused) > max(others for others, borne in self._recent if borne)
