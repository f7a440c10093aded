"""The only place that picks concrete classes and puts the parts together."""

from batch_enroll.adapters.roster_blank import blank_csv, write_blank
from batch_enroll.bootstrap.commands import check, rehearse, run, run_within, show
from batch_enroll.bootstrap.doctor import doctor
from batch_enroll.bootstrap.enrollments import enrollments
from batch_enroll.bootstrap.going_on import resume, retry, retry_from
from batch_enroll.bootstrap.guest import Guest
from batch_enroll.bootstrap.history import purge, runs
from batch_enroll.bootstrap.mending import fix
from batch_enroll.bootstrap.plans import Carried, SyncWish, apply, plan, sync
from batch_enroll.bootstrap.reports import report
from batch_enroll.bootstrap.unattended import Watch
from batch_enroll.bootstrap.undoing import undo
from batch_enroll.bootstrap.verifying import verify
from batch_enroll.bootstrap.withdrawing import nobody_to_ask

__all__ = [
    "Carried",
    "Guest",
    "SyncWish",
    "Watch",
    "apply",
    "blank_csv",
    "check",
    "doctor",
    "enrollments",
    "fix",
    "nobody_to_ask",
    "plan",
    "purge",
    "rehearse",
    "report",
    "resume",
    "retry",
    "retry_from",
    "run",
    "run_within",
    "runs",
    "show",
    "sync",
    "undo",
    "verify",
    "write_blank",
]
