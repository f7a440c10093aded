"""What `batch-enroll doctor` found: one finding for each thing a run depends on, and what to mend."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from batch_enroll.core.model import Json

NO_WAY_THERE: Final = "Check the network and --base-url."
NOT_TRUSTED: Final = "Where the network inspects TLS, name the file with its authority's certificate in SSL_CERT_FILE."
_SKEW_S: Final = 30.0  # tokens live an hour; a minute off is noticed by some servers
_LITTLE_BYTES: Final = 1_000_000_000  # a run of 1,000,000 rows leaves about half of that
_ADVICE: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "The token is not taken here: do --token-url and --base-url belong together?",
    HTTPStatus.FORBIDDEN: "Ask for access to rostering for this client.",
    HTTPStatus.TOO_MANY_REQUESTS: "Somebody else uses this client now; a run would slow down to what is left.",
}
_SUCCESS: Final = range(200, 300)


class Health(StrEnum):
    """How a finding is meant."""

    GOOD = "ok"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    NOT_LOOKED_AT = "not looked at"


@frozen
class HealthCheck:
    """One thing, how it is, and what to do about it."""

    name: str
    health: Health
    seen: str
    advice: str = ""

    def as_json(self) -> dict[str, Json]:
        """Its shape in `doctor --json`."""
        return {"name": self.name, "health": self.health.value, "seen": self.seen, "advice": self.advice}


def clock(ours: datetime, theirs: datetime | None) -> HealthCheck:
    """This machine's clock beside a server's Date, which has whole seconds."""
    if theirs is None:
        return HealthCheck("clock", Health.NOT_LOOKED_AT, "the server does not tell its time")
    skew_s = (ours - theirs).total_seconds()
    if abs(skew_s) <= _SKEW_S:
        return HealthCheck("clock", Health.GOOD, f"within {max(1, round(abs(skew_s)))} s of the server's")
    way = "ahead of" if skew_s > 0 else "behind"
    seen = f"{abs(skew_s):,.0f} s {way} the server's"
    return HealthCheck("clock", Health.DOUBTFUL, seen, "Set this machine's clock (NTP); tokens expire by it.")


def disk(name: str, free_bytes: int) -> HealthCheck:
    """The room that is left where something is written."""
    seen = f"{free_bytes / 1e9:,.1f} GB free"
    if free_bytes >= _LITTLE_BYTES:
        return HealthCheck(name, Health.GOOD, seen)
    return HealthCheck(
        name, Health.DOUBTFUL, seen, "Make room: a full disk stops a run (nothing is lost, resume goes on)."
    )


def api(status: int, elapsed_s: float) -> HealthCheck:
    """The API's answer to a look-up with a fresh token; that it does not know the user asked for is fine."""
    seen = f"answered {status} in {max(1.0, elapsed_s * 1e3):,.0f} ms"
    if status in _SUCCESS or status in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return HealthCheck("api", Health.GOOD, seen)
    return HealthCheck("api", Health.BAD, seen, _ADVICE.get(status, "Try again later."))
