"""The only concurrent code: planned rows -> workers that pull from one shared queue -> ledger."""

from batch_enroll.engine.engine import Ending, Engine, OneThread, Parts, Planning

__all__ = ["Ending", "Engine", "OneThread", "Parts", "Planning"]
