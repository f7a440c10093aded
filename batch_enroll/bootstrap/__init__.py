"""The only place that picks concrete classes and puts the parts together."""

from batch_enroll.bootstrap.commands import check, rehearse, run, show
from batch_enroll.bootstrap.going_on import resume, retry, retry_from
from batch_enroll.bootstrap.history import purge, runs
from batch_enroll.bootstrap.unattended import Watch
from batch_enroll.bootstrap.withdrawing import nobody_to_ask

__all__ = [
    "Watch", "check", "nobody_to_ask", "purge", "rehearse", "resume", "retry", "retry_from", "run", "runs", "show",
]  # fmt: skip
