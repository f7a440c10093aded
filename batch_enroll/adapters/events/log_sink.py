"""Events -> log records: always JSON lines in the run folder, and on stderr if asked (structlog).

Records hold row numbers, codes, statuses and times; never an id, a name, an address, a token or an answer's text.
Nothing is configured for the whole process: whoever uses this package as a library keeps their own structlog.
"""

from __future__ import annotations

import logging
import os
import stat
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, Self

import structlog

from batch_enroll import __version__
from batch_enroll.core.events import (
    AttemptFailed,
    LookingUp,
    PaceChanged,
    ReportFailed,
    RowSettled,
    RowsRead,
    RunEnded,
    RunStarted,
    Stopping,
    TokenRenewed,
)
from batch_enroll.core.model import KINDS_TO_FIX, OutcomeKind
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from datetime import datetime
    from pathlib import Path
    from typing import Any, Literal, TextIO, TypeAlias

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import Outcome
    from batch_enroll.core.run_record import RunRecord

    Fields: TypeAlias = dict[str, str | int | float | bool | None]

_OWNER_ONLY: Final = stat.S_IRUSR | stat.S_IWUSR


class LogSink:
    """Writes each event as a record. A context manager: leaving it closes the file.

    A record that cannot be written (a full disk, a closed stderr) ends that log, never the run.

    Args:
        path: the JSON-lines file; None: none.
        stream: where `log_format` is written, usually stderr.
        log_format: `console` for people, `json` for machines, None for neither.
        utc_now: the wall clock.
        level: the least level that is written; rows that went well are at `logging.DEBUG`.
    """

    def __init__(
        self,
        path: Path | None,
        stream: TextIO | None,
        log_format: Literal["console", "json"] | None,
        utc_now: Callable[[], datetime],
        *,
        level: int = logging.INFO,
        run_id: str = "",
    ) -> None:
        self._files = ExitStack()
        self._loggers: list[structlog.typing.FilteringBoundLogger] = []
        self._run_id = run_id
        self._level = level
        if path is not None and (file := self._opened(path)) is not None:
            self._loggers.append(_logger(file, structlog.processors.JSONRenderer(), utc_now, level))
        if stream is not None and log_format is not None:
            self._loggers.append(_logger(stream, _renderer(stream, log_format), utc_now, level))

    def _opened(self, path: Path) -> TextIO | None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
        except OSError:
            return None
        return self._files.enter_context(os.fdopen(descriptor, "w", encoding="utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        with suppress(OSError, ValueError):  # what a full disk did not take before
            self._files.close()

    def emit(self, event: Event) -> None:
        """Writes the record."""
        if self._level > logging.DEBUG and isinstance(event, RowSettled) and not _worth_a_record(event.outcome):
            return  # nearly every event of a run, so nothing is built for it
        if isinstance(event, RunStarted):
            self._run_id = event.run.run_id
        level, name, fields = record_of(event)
        if level < self._level:
            return
        for logger in tuple(self._loggers):
            try:
                logger.log(level, name, run_id=self._run_id, **fields)
            except (OSError, ValueError):
                self._loggers.remove(logger)


def record_of(event: Event) -> tuple[int, str, Fields]:
    """Level, name and fields of an event's record: only what cannot tell who anybody is."""
    match event:
        case RowSettled():
            return _settled(event)
        case AttemptFailed(row_no, attempt, cause, wait_s):
            fields: Fields = {"row_no": row_no, "attempt": attempt, "cause": cause, "wait_s": round(wait_s, 3)}
            return logging.INFO, "attempt_failed", fields
        case RowsRead(rows, settled):
            return logging.DEBUG, "rows_read", {"rows": rows, "settled": settled}
        case RunStarted(run, estimated_rows):
            return logging.INFO, "run_started", {**_start(run), "estimated_rows": estimated_rows}
        case RunEnded(run):
            return logging.INFO, "run_ended", _end(run)
        case LookingUp() | PaceChanged() | TokenRenewed() | Stopping() | ReportFailed():
            return _seldom(event)


def _seldom(event: LookingUp | PaceChanged | TokenRenewed | Stopping | ReportFailed) -> tuple[int, str, Fields]:
    match event:
        case LookingUp(what, done, total):
            return logging.DEBUG if done else logging.INFO, "looking_up", {"what": what, "done": done, "total": total}
        case PaceChanged(in_flight_limit, rate_per_s, paused_s, reason):
            pace: Fields = {"in_flight_limit": in_flight_limit, "rate_per_s": rate_per_s, "paused_s": paused_s}
            return logging.INFO, "pace_changed", {**pace, "reason": reason}
        case TokenRenewed(expires_in_s):
            return logging.INFO, "token_renewed", {"expires_in_s": round(expires_in_s, 1)}
        case Stopping(reason):
            return logging.WARNING, "stopping", {"reason": reason}
        case ReportFailed(report, reason, remedy):
            return logging.WARNING, "report_failed", {"report": report, "reason": reason, "remedy": remedy}


def _settled(event: RowSettled) -> tuple[int, str, Fields]:
    outcome = event.outcome
    return (
        logging.WARNING if _worth_a_record(outcome) else logging.DEBUG,
        "row_settled",
        {
            "row_no": event.row_no,
            "outcome": outcome.kind.value,
            "code": outcome.code,
            "status": outcome.status,
            "attempts": outcome.attempts,
            "elapsed_s": round(event.elapsed_s, 3),
        },
    )


def _worth_a_record(outcome: Outcome) -> bool:
    # A stopped run leaves hundreds of thousands of rows that were never tried; one record said so already.
    never_tried = outcome.kind is OutcomeKind.NOT_ATTEMPTED and not outcome.attempts
    return outcome.kind in KINDS_TO_FIX and not never_tried


def _start(run: RunRecord) -> Fields:
    return {
        "version": __version__,
        "environment": run.environment,
        "base_url": run.base_url,
        "dry_run": run.dry_run,
    }


def _end(run: RunRecord) -> Fields:
    return {
        "exit_status": run.exit_status,
        "rows": sum(roster.rows for roster in run.rosters),
        "sent": run.requests.sent,
        "retried": run.requests.retried,
        "throttled": run.requests.throttled,
    }


def _logger(
    stream: TextIO, renderer: structlog.typing.Processor, utc_now: Callable[[], datetime], level: int
) -> structlog.typing.FilteringBoundLogger:
    def stamp(_logger: object, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"timestamp": iso_utc(utc_now()), **record}

    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[structlog.processors.add_log_level, stamp, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return logger


def _renderer(stream: TextIO, log_format: Literal["console", "json"]) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())
