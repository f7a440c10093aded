"""The only place that picks concrete classes and puts the parts together."""

from batch_enroll.bootstrap.commands import check, rehearse, run, show

__all__ = ["check", "rehearse", "run", "show"]
