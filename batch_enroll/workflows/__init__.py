"""A run from its first row to the goodbye, and how an earlier one is gone on with."""

from batch_enroll.workflows.batch_planner import RosterPlanning
from batch_enroll.workflows.corrections import Corrections
from batch_enroll.workflows.directory_pages import Lists
from batch_enroll.workflows.finding import FoundRoster
from batch_enroll.workflows.guarded_roster import GuardedRoster, KeptAhead, counted_ahead
from batch_enroll.workflows.history import history
from batch_enroll.workflows.id_lookup import Lookups
from batch_enroll.workflows.resume import GoingOn, GoneOn, Rows, go_on
from batch_enroll.workflows.run import DRY_RUN, Books, check, finish, leave_all, retell, run
from batch_enroll.workflows.sync import Desired, desired, seats_of, steps_of_run
from batch_enroll.workflows.verify import Comparison
from batch_enroll.workflows.watching import WatchedRoster
from batch_enroll.workflows.withdrawals import Leaving, leaving

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
