"""A run from its first row to the goodbye, and how an earlier one is gone on with."""

from batch_enroll.job.corrections import Corrections
from batch_enroll.job.finding import FoundRoster
from batch_enroll.job.going_on import GoingOn, GoneOn, Rows, go_on
from batch_enroll.job.guarding import GuardedRoster, KeptAhead, counted_ahead
from batch_enroll.job.history import history
from batch_enroll.job.leaving import Leaving, leaving
from batch_enroll.job.lists import Lists
from batch_enroll.job.lookups import Lookups
from batch_enroll.job.planning import RosterPlanning
from batch_enroll.job.run import DRY_RUN, Books, check, finish, leave_all, retell, run
from batch_enroll.job.sync import Desired, desired, seats_of, steps_of_run
from batch_enroll.job.verify import Comparison
from batch_enroll.job.watching import WatchedRoster

__all__ = [
    "DRY_RUN",
    "Books",
    "Comparison",
    "Corrections",
    "Desired",
    "FoundRoster",
    "GoingOn",
    "GoneOn",
    "GuardedRoster",
    "KeptAhead",
    "Leaving",
    "Lists",
    "Lookups",
    "RosterPlanning",
    "Rows",
    "WatchedRoster",
    "check",
    "counted_ahead",
    "desired",
    "finish",
    "go_on",
    "history",
    "leave_all",
    "leaving",
    "retell",
    "run",
    "seats_of",
    "steps_of_run",
]
