"""The only concurrent code: planned rows -> workers that pull from one shared queue -> ledger."""

from batch_enroll.engine.cancellation import unless_stopped
from batch_enroll.engine.engine import Ending, Engine, Parts
from batch_enroll.engine.query_runner import Asking, Means
from batch_enroll.engine.row_queue import OneThread, Planning
from batch_enroll.engine.verification import verify

__all__ = ["Asking", "Ending", "Engine", "Means", "OneThread", "Parts", "Planning", "unless_stopped", "verify"]
