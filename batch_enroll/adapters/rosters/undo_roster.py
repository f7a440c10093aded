"""The roster of an undo: each seat that a run created, kept in the folder of the undo for going on with it."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from batch_enroll.core.model import EnrollmentRequest, ResultRow

SEATS: Final = "seats.csv"
_COLUMNS: Final = (
    "user_id",
    "course_id",
    "school_id",
    "class_id",
    "role",
    "status",
    "begin_date",
    "sourced_id",
    "undoes",
)


def write_enrollments(path: Path, created: Iterable[tuple[EnrollmentRequest, ResultRow]], began_at: datetime) -> None:
    """Writes the roster whole or not at all, readable by its owner only. `began_at`: when seats began by default.

    Raises:
        RunStoppedError: it cannot be written; nothing was sent.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(_cells(request, row, began_at) for request, row in created)
        draft.replace(path)
    except OSError as error:
        raise RunStoppedError(f"{path} cannot be written ({error.strerror}); nothing was sent") from error


def _cells(request: EnrollmentRequest, row: ResultRow, began_at: datetime) -> Iterator[str]:
    key = request.key
    yield from (key.user_id, key.course_id, key.school_id or "", key.class_id or "", key.role.value, "tobedeleted")
    yield iso_utc(request.begin_date or row.finished_at or began_at)
    yield row.outcome.enrollment_id or ""
    yield str(row.location)
