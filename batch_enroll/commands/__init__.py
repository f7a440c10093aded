"""The only place that picks concrete classes and puts the parts together.

What a command needs is brought in when it is first asked for: most need neither a planner nor a workbook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from batch_enroll.adapters.rosters.template import blank_csv, write_blank
    from batch_enroll.commands.apply import Carried
    from batch_enroll.commands.doctor import doctor
    from batch_enroll.commands.enrollments import enrollments
    from batch_enroll.commands.fix import fix
    from batch_enroll.commands.report import report
    from batch_enroll.commands.resume import resume, retry, retry_from
    from batch_enroll.commands.run import check, rehearse, run, run_within, show
    from batch_enroll.commands.runs import purge, runs
    from batch_enroll.commands.sync import SyncWish, apply, plan, sync
    from batch_enroll.commands.undo import undo
    from batch_enroll.commands.verify import verify
    from batch_enroll.wiring.guest import Guest
    from batch_enroll.wiring.run_hooks import Watch
    from batch_enroll.wiring.withdrawing import nobody_to_ask

_HOME: Final = {
    "Carried": "batch_enroll.commands.apply",
    "Guest": "batch_enroll.wiring.guest",
    "SyncWish": "batch_enroll.commands.sync",
    "Watch": "batch_enroll.wiring.run_hooks",
    "apply": "batch_enroll.commands.sync",
    "blank_csv": "batch_enroll.adapters.rosters.template",
    "check": "batch_enroll.commands.run",
    "doctor": "batch_enroll.commands.doctor",
    "enrollments": "batch_enroll.commands.enrollments",
    "fix": "batch_enroll.commands.fix",
    "nobody_to_ask": "batch_enroll.wiring.withdrawing",
    "plan": "batch_enroll.commands.sync",
    "purge": "batch_enroll.commands.runs",
    "rehearse": "batch_enroll.commands.run",
    "report": "batch_enroll.commands.report",
    "resume": "batch_enroll.commands.resume",
    "retry": "batch_enroll.commands.resume",
    "retry_from": "batch_enroll.commands.resume",
    "run": "batch_enroll.commands.run",
    "run_within": "batch_enroll.commands.run",
    "runs": "batch_enroll.commands.runs",
    "show": "batch_enroll.commands.run",
    "sync": "batch_enroll.commands.sync",
    "undo": "batch_enroll.commands.undo",
    "verify": "batch_enroll.commands.verify",
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
