"""Values to columns and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
    ClassId,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    EnrollmentState,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    PlannedRow,
    ResultRow,
    Role,
    RowLocation,
    RunId,
    SchoolId,
    UserId,
)
from batch_enroll.core.run_record import Owner, Requests, RosterRef, RunRecord
from batch_enroll.core.verdict.enrollment_matching import state_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from batch_enroll.core.model import SettledRow

Params: TypeAlias = "dict[str, str | int | bool | None]"
Line: TypeAlias = "tuple[str | int | bytearray, ...]"  # for bytes, SQLite's driver would look for an adapter first
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
PlainRow: TypeAlias = "Sequence[Any]"

INTERRUPTED: Final = OutcomeKind.UNKNOWN, catalogue.INTERRUPTED, "the run ended before its answer was recorded"
_KINDS: Final = {kind.value: kind for kind in OutcomeKind}
_STATES: Final = {state.value: state for state in EnrollmentState}
_KIND_TEXTS: Final = {kind: kind.value for kind in OutcomeKind}
_STATE_TEXTS: Final = {state: state.value for state in EnrollmentState}
_OPEN: Final = _STATE_TEXTS[EnrollmentState.OPEN]
_ENROLL, _LOOK_UP = Action.ENROLL, Action.LOOK_UP  # Python 3.11 takes long to look up a member of an enum
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NOT_TRIED: Final = frozenset({OutcomeKind.NOT_ATTEMPTED, OutcomeKind.FAILED})
_encode: Final = msgspec.json.encode
_decode_cells: Final = msgspec.json.Decoder(tuple[str, ...]).decode  # eight times as fast as json
_encode_json: Final = json.JSONEncoder(separators=(",", ":")).encode  # ASCII, so NUL and lone surrogates are safe


def micros(from_micros: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    return (from_micros - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)  # the rows of a group have one time, and are read one after the other
def from_micros(stored: int | None) -> datetime | None:
    """The reverse of `micros`."""
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


def run_columns(run: RunRecord) -> Params:
    """Columns of `runs`."""
    return {
        "run_id": run.run_id,
        "environment": run.environment,
        "base_url": run.base_url,
        "scope": run.scope,
        "columns": _encode_json(run.columns),
        "started_at": micros(run.started_at),
        "folder": _plain(run.folder),
        "options": _encode_json(dict(run.options)),
        "kind": run.kind,
        **end_columns(run),
    }


def end_columns(run: RunRecord) -> Params:
    """Those columns of `runs` that are known when the run is over."""
    return {
        "rosters": _encode_json([(ref.path, ref.sha256, ref.rows, ref.read_as) for ref in run.rosters]),
        "requests": _encode_json((run.requests.sent, run.requests.retried, run.requests.throttled)),
        "finished_at": None if run.finished_at is None else micros(run.finished_at),
        "exit_status": run.exit_status,
        "ending": _plain(run.ending),
        "dry_run": run.dry_run,
        "outcomes": _encode_json(dict(run.outcomes)),
        "facts": _encode_json(dict(run.facts)),
    }


def run_from(row: AnyRow) -> RunRecord:
    """One line of `runs`."""
    return RunRecord(
        run_id=RunId(row.run_id),
        environment=row.environment,
        base_url=row.base_url,
        scope=row.scope,
        columns=tuple(json.loads(row.columns)),
        started_at=_EPOCH + timedelta(microseconds=row.started_at),
        folder=row.folder,
        rosters=tuple(RosterRef(*ref) for ref in json.loads(row.rosters)),
        requests=Requests(*json.loads(row.requests)),
        finished_at=from_micros(row.finished_at),
        exit_status=row.exit_status,
        ending=row.ending,
        dry_run=row.dry_run,
        options=json.loads(row.options),
        outcomes=json.loads(row.outcomes),
        kind=row.kind,
        facts=json.loads(row.facts),
    )


def owner_columns(scope: str, owner: Owner) -> Params:
    """Columns of `owners`."""
    return {
        "scope": scope,
        "pid": owner.pid,
        "host": _plain(owner.host),
        "command": owner.command,
        "started_at": micros(owner.started_at),
    }


def owner_from(row: AnyRow) -> Owner:
    """One line of `owners`."""
    return Owner(row.pid, row.host, row.command, _EPOCH + timedelta(microseconds=row.started_at))


def row_line(run_no: int, row: PlannedRow) -> Line:
    """A line of `run_rows` for a row as it is claimed."""
    place, request = row.location, row.request
    return (
        run_no,
        row.row_no,
        _plain_name(place.file),
        place.row,
        "" if place.sheet is None else _plain_name(place.sheet),
        _encode_cells(row.cells),
        "" if request is None else _encode_request(request),
        0 if request is None or request.action is not _LOOK_UP else 1,
    )


def settled_line(run_no: int, settled: SettledRow, now: int) -> Line:
    """A line of `outcomes` for a row that settled."""
    outcome = settled.outcome
    state = _STATE_TEXTS[state_after(outcome, settled.purpose)]
    if state is _OPEN and outcome.attempts == 0 and outcome.kind in _NOT_TRIED:
        state = ""  # nobody asked the server: what the seat was when it was claimed
    return ended_line(run_no, settled.row_no, outcome, now, state)


def ended_line(run_no: int, row_no: int, outcome: Outcome, now: int, seat: str = "") -> Line:
    """A line of `outcomes`; without a `seat` it says nothing of one."""
    detail, enrollment_id = outcome.detail, outcome.enrollment_id
    return (
        run_no,
        row_no,
        _KIND_TEXTS[outcome.kind],
        outcome.code,
        detail and _plain(detail),
        outcome.attempts,
        outcome.status or 0,
        _plain(enrollment_id) if enrollment_id else "",
        now,
        seat,
    )


def result_from(line: PlainRow) -> ResultRow:
    """One line of `statements.RESULTS` as a line of the results."""
    row_no, file, file_row, sheet, cells, kind, code, detail, attempts, status, enrollment_id, finished_at = line
    if kind is None:
        kind, code, detail, attempts = *INTERRUPTED, attempts or 0
    outcome = Outcome(_KINDS[kind], code, detail, attempts, status, enrollment_id)
    return ResultRow(row_no, RowLocation(file, file_row, sheet), _cells_from(cells), outcome, from_micros(finished_at))


def unsettled_from(line: PlainRow, scope: str) -> PlannedRow:
    """One line of `statements.UNSETTLED` as a row that has to be looked up before it is sent."""
    row_no, file, file_row, sheet, cells, request = line
    asked = replace(request_from(row_no, request, scope), action=Action.LOOK_UP)
    return PlannedRow(row_no, RowLocation(file, file_row, sheet), _cells_from(cells), asked)


def request_from(row_no: int, text: str, scope: str) -> EnrollmentRequest:
    """The request of one line of `run_rows`."""
    user_id, course_id, school_id, role, begin_date, sourced_id, metadata, *more = json.loads(text)
    return EnrollmentRequest(
        row_no=row_no,
        key=EnrollmentKey(
            scope,
            UserId(user_id),
            CourseId(course_id),
            None if school_id is None else SchoolId(school_id),
            Role(role),
            ClassId(more[1]) if len(more) > 1 else None,
        ),
        begin_date=None if begin_date is None else datetime.fromisoformat(begin_date),
        sourced_id=sourced_id,
        metadata=metadata,
        purpose=Action(more[0]) if more else Action.ENROLL,
    )


def entry_from(row: AnyRow) -> tuple[bytes, LedgerEntry]:
    """One line of `statements.Lookup`: a digest and what is known of it; a purged row has left no place."""
    digest, row_no, state, settled_at, run_id, file, file_row, sheet = row
    place = RowLocation("", row_no) if file is None else RowLocation(file, file_row, sheet)
    return digest, LedgerEntry(_STATES[state], RunId(run_id), row_no, place, from_micros(settled_at))


def _cells_from(text: str) -> tuple[str, ...]:
    try:
        return _decode_cells(text)
    except msgspec.DecodeError:  # a lone surrogate, which a damaged workbook can hold
        return tuple(json.loads(text))


def _encode_cells(cells: tuple[str, ...]) -> str:
    try:
        return _encode(cells).decode()
    except UnicodeEncodeError:  # a lone surrogate
        return _encode_json(cells)


def _encode_request(request: EnrollmentRequest) -> str:
    key = request.key
    parts = (
        key.user_id,
        key.course_id,
        key.school_id,
        str(key.role),
        None if request.begin_date is None else request.begin_date.isoformat(),
        request.sourced_id,
        dict(request.metadata),
        *(_more(request) if key.class_id is not None or request.purpose is not _ENROLL else ()),
    )
    try:
        return _encode(parts).decode()
    except UnicodeEncodeError:  # a lone surrogate in the metadata
        return _encode_json(parts)


def _more(request: EnrollmentRequest) -> tuple[str, ...]:
    """What most requests have not: another aim than to enroll, and a class."""
    return (request.purpose,) if request.key.class_id is None else (request.purpose, request.key.class_id)


def _plain(text: str) -> str:
    """`text` as both databases can store it: file names and server texts may hold lone surrogates or NUL."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


_plain_name: Final = lru_cache(maxsize=64)(_plain)  # files and sheets, which many rows share
