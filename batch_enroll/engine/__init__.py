"""The only concurrent code: planned rows -> workers that pull from one shared queue -> ledger."""

from batch_enroll.engine.cancellation import run_until_stopped
from batch_enroll.engine.engine import Engine, EngineDependencies, EngineResult
from batch_enroll.engine.query_runner import QueryDependencies, QueryRunner
from batch_enroll.engine.row_queue import BatchSource, SingleThreadRunner
from batch_enroll.engine.verification import verify

__all__ = [
    "BatchSource",
    "Engine",
    "EngineDependencies",
    "EngineResult",
    "QueryDependencies",
    "QueryRunner",
    "SingleThreadRunner",
    "run_until_stopped",
    "verify",
]
