"""The checks of `batch-enroll doctor`: one result for each thing that a run depends on, and what to fix."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from batch_enroll.core.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from batch_enroll.core.model import Json

UNREACHABLE_ADVICE: Final = "Check the network and --base-url."
UNTRUSTED_ADVICE: Final = (
    "If the network inspects TLS, set SSL_CERT_FILE to the file with the certificate of its authority."
)
_SKEW_S: Final = 30.0  # tokens are valid for an hour; some servers reject a clock that is a minute off
_LITTLE_BYTES: Final = 1_000_000_000  # a run of 1,000,000 rows writes about half of that
_ADVICE: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "The API rejects the token: check that --token-url and --base-url belong together.",
    HTTPStatus.FORBIDDEN: "Ask for access to rostering for this client.",
    HTTPStatus.TOO_MANY_REQUESTS: "Another program is using this client; a run would slow down to the remaining rate.",
}
_SUCCESS: Final = range(200, 300)


class Health(StrEnum):
    """The result of a check; the values appear in `doctor --json`."""

    GOOD = "ok"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    NOT_CHECKED = "not looked at"


@frozen
class HealthCheck:
    """The result for one thing, with what was seen and what to do."""

    name: str
    health: Health
    seen: str
    advice: str = ""

    def as_json(self) -> dict[str, Json]:
        """The shape of one check in `doctor --json`."""
        return {"name": self.name, "health": self.health.value, "seen": self.seen, "advice": self.advice}


def check_clock(ours: datetime, theirs: datetime | None) -> HealthCheck:
    """Compares this machine's clock with a server's Date header, which has whole seconds."""
    if theirs is None:
        return HealthCheck("clock", Health.NOT_CHECKED, "the server sends no Date header")
    skew_s = (ours - theirs).total_seconds()
    if abs(skew_s) <= _SKEW_S:
        return HealthCheck("clock", Health.GOOD, f"within {max(1, round(abs(skew_s)))} s of the server's")
    way = "ahead of" if skew_s > 0 else "behind"
    seen = f"{abs(skew_s):,.0f} s {way} the server's"
    return HealthCheck(
        "clock", Health.DOUBTFUL, seen, "Set this machine's clock (NTP); the expiry of tokens depends on it."
    )


def check_disk(name: str, free_bytes: int) -> HealthCheck:
    """Checks the free space of a disk."""
    seen = f"{free_bytes / 1e9:,.1f} GB free"
    if free_bytes >= _LITTLE_BYTES:
        return HealthCheck(name, Health.GOOD, seen)
    return HealthCheck(
        name, Health.DOUBTFUL, seen, "Make room: a full disk stops a run (nothing is lost, resume continues it)."
    )


def check_api(status: int, elapsed_s: float) -> HealthCheck:
    """Checks the API's answer to a look-up with a fresh token; an unknown user is a good answer."""
    seen = f"answered {status} in {max(1.0, elapsed_s * 1e3):,.0f} ms"
    if status in _SUCCESS or status in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return HealthCheck("api", Health.GOOD, seen)
    return HealthCheck("api", Health.BAD, seen, _ADVICE.get(status, "Try again later."))
