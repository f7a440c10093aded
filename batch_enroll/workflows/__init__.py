"""A run from its first row to the goodbye, and how an earlier one is gone on with."""

from batch_enroll.workflows.batch_planner import BatchPlanner
from batch_enroll.workflows.corrections import Corrections
from batch_enroll.workflows.directory_pages import DirectoryPages
from batch_enroll.workflows.finding import ResolvedRoster
from batch_enroll.workflows.guarded_roster import CapacityGuardedRoster, PrefetchedRoster, count_first_rows
from batch_enroll.workflows.history import history
from batch_enroll.workflows.id_lookup import IdLookups
from batch_enroll.workflows.resume import ResumePlanner, ResumeResult, Rows, resume_run
from batch_enroll.workflows.run import DRY_RUN, RunOutputs, check, hold_all_rows, run, summarize_past_run, write_results
from batch_enroll.workflows.sync import DesiredState, SchoolEnrollments, desired_state, list_enrollments, steps_of_run
from batch_enroll.workflows.verify import Comparison
from batch_enroll.workflows.watching import ScreenedRoster
from batch_enroll.workflows.withdrawals import PlannedWithdrawals, count_withdrawals

__all__ = [
    "DRY_RUN",
    "BatchPlanner",
    "CapacityGuardedRoster",
    "Comparison",
    "Corrections",
    "DesiredState",
    "DirectoryPages",
    "IdLookups",
    "PlannedWithdrawals",
    "PrefetchedRoster",
    "ResolvedRoster",
    "ResumePlanner",
    "ResumeResult",
    "Rows",
    "RunOutputs",
    "SchoolEnrollments",
    "ScreenedRoster",
    "check",
    "count_first_rows",
    "count_withdrawals",
    "desired_state",
    "history",
    "hold_all_rows",
    "list_enrollments",
    "resume_run",
    "run",
    "steps_of_run",
    "summarize_past_run",
    "write_results",
]
