"""The only concurrent code: planned rows -> workers that pull from one shared queue -> ledger."""

from batch_enroll.engine.asking import Asking, Means
from batch_enroll.engine.engine import Ending, Engine, Parts
from batch_enroll.engine.feed import OneThread, Planning
from batch_enroll.engine.stoppable import unless_stopped
from batch_enroll.engine.verifying import verify

__all__ = ["Asking", "Ending", "Engine", "Means", "OneThread", "Parts", "Planning", "unless_stopped", "verify"]
