"""The only place that picks concrete classes and puts the parts together.

What a command needs is brought in when it is first asked for: most need neither a planner nor a workbook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from batch_enroll.adapters.rosters.template import blank_csv, write_blank
    from batch_enroll.bootstrap.carrying import Carried
    from batch_enroll.bootstrap.commands import check, rehearse, run, run_within, show
    from batch_enroll.bootstrap.diagnosing import doctor
    from batch_enroll.bootstrap.going_on import resume, retry, retry_from
    from batch_enroll.bootstrap.guest import Guest
    from batch_enroll.bootstrap.history import purge, runs
    from batch_enroll.bootstrap.listing import enrollments
    from batch_enroll.bootstrap.mending import fix
    from batch_enroll.bootstrap.plans import SyncWish, apply, plan, sync
    from batch_enroll.bootstrap.reports import report
    from batch_enroll.bootstrap.unattended import Watch
    from batch_enroll.bootstrap.undoing import undo
    from batch_enroll.bootstrap.verifying import verify
    from batch_enroll.bootstrap.withdrawing import nobody_to_ask

_HOME: Final = {
    "Carried": "batch_enroll.bootstrap.carrying",
    "Guest": "batch_enroll.bootstrap.guest",
    "SyncWish": "batch_enroll.bootstrap.plans",
    "Watch": "batch_enroll.bootstrap.unattended",
    "apply": "batch_enroll.bootstrap.plans",
    "blank_csv": "batch_enroll.adapters.rosters.template",
    "check": "batch_enroll.bootstrap.commands",
    "doctor": "batch_enroll.bootstrap.diagnosing",
    "enrollments": "batch_enroll.bootstrap.listing",
    "fix": "batch_enroll.bootstrap.mending",
    "nobody_to_ask": "batch_enroll.bootstrap.withdrawing",
    "plan": "batch_enroll.bootstrap.plans",
    "purge": "batch_enroll.bootstrap.history",
    "rehearse": "batch_enroll.bootstrap.commands",
    "report": "batch_enroll.bootstrap.reports",
    "resume": "batch_enroll.bootstrap.going_on",
    "retry": "batch_enroll.bootstrap.going_on",
    "retry_from": "batch_enroll.bootstrap.going_on",
    "run": "batch_enroll.bootstrap.commands",
    "run_within": "batch_enroll.bootstrap.commands",
    "runs": "batch_enroll.bootstrap.history",
    "show": "batch_enroll.bootstrap.commands",
    "sync": "batch_enroll.bootstrap.plans",
    "undo": "batch_enroll.bootstrap.undoing",
    "verify": "batch_enroll.bootstrap.verifying",
    "write_blank": "batch_enroll.adapters.rosters.template",
}

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

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A public name, from the module that it is at home in."""
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
