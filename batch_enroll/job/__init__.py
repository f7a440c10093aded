"""A run from its first row to the goodbye, and how an earlier one is gone on with."""

from batch_enroll.job.going_on import GoingOn, GoneOn, go_on
from batch_enroll.job.history import history
from batch_enroll.job.planning import RosterPlanning
from batch_enroll.job.run import DRY_RUN, Books, check, finish, retell, run

__all__ = [
    "DRY_RUN", "Books", "GoingOn", "GoneOn", "RosterPlanning", "check", "finish", "go_on", "history", "retell", "run",
]  # fmt: skip
