"""Runs a roster from its first row to its results, and resumes, verifies, compares and undoes runs, on ports."""

from batch_enroll.workflows.batch_planner import BatchPlanner
from batch_enroll.workflows.capacity_guard import CapacityGuard, count_first_rows
from batch_enroll.workflows.check import check
from batch_enroll.workflows.corrections import Corrections
from batch_enroll.workflows.directory_pages import DirectoryPages
from batch_enroll.workflows.id_lookup import IdLookups
from batch_enroll.workflows.resume import ResumePlanner, ResumeResult, Rows, resume_run
from batch_enroll.workflows.roster_wrappers import PreparedRoster, ScreenedRoster
from batch_enroll.workflows.run import (
    DRY_RUN,
    RunOutputs,
    hold_all_rows,
    list_runs,
    run,
    summarize_past_run,
    write_results,
)
from batch_enroll.workflows.sync import (
    DesiredState,
    SchoolEnrollments,
    list_enrollments,
    plan_steps,
    read_desired_state,
)
from batch_enroll.workflows.verify import Comparison
from batch_enroll.workflows.withdrawals import PlannedWithdrawals, count_withdrawals

__all__ = [
    "DRY_RUN",
    "BatchPlanner",
    "CapacityGuard",
    "Comparison",
    "Corrections",
    "DesiredState",
    "DirectoryPages",
    "IdLookups",
    "PlannedWithdrawals",
    "PreparedRoster",
    "ResumePlanner",
    "ResumeResult",
    "Rows",
    "RunOutputs",
    "SchoolEnrollments",
    "ScreenedRoster",
    "check",
    "count_first_rows",
    "count_withdrawals",
    "hold_all_rows",
    "list_enrollments",
    "list_runs",
    "plan_steps",
    "read_desired_state",
    "resume_run",
    "run",
    "summarize_past_run",
    "write_results",
]
