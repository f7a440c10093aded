"""A run as JSON: every row, the counts by course and school, the timeline, and the summary."""

from __future__ import annotations

import json
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes.catalogue import get_remedy
from batch_enroll.core.reporting.breakdown import Breakdown, breakdown_as_json
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from batch_enroll.core.model import Json, ResultRow
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord

_IN_MEMORY: Final = 1 << 24  # bytes; a larger file goes to disk


class JsonDocument:
    """The Document for programs: one object, each row on its own line.

    `cells` are a row's unchanged cells in the order of `columns`; a list, because two columns can have the same name.
    """

    def __init__(self, run: RunRecord, columns: Sequence[str]) -> None:
        self._breakdown = Breakdown(run)
        self._width = len(columns)
        self._file = SpooledTemporaryFile(  # noqa: SIM115 - closed by `pieces`
            _IN_MEMORY, "w+", encoding="ascii", newline=""
        )
        self._file.write(f'{{"columns": {json.dumps(list(columns))},\n"rows": [')
        self._between = "\n"

    def write(self, row: ResultRow) -> None:
        """Adds one row."""
        self._breakdown.add(row)
        self._file.write(self._between + json.dumps(self._row_as_json(row)))
        self._between = ",\n"

    def pieces(self, summary: RunSummary) -> Iterator[bytes]:
        """The object."""
        rest = {
            "by_course": breakdown_as_json(self._breakdown.courses()),
            "by_school": breakdown_as_json(self._breakdown.schools()),
            "timeline": summary.run.facts.get("timeline"),
            "summary": summary.as_json(),
        }
        ending = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in rest.items())
        with self._file as file:
            file.write(f"\n],\n{ending}}}\n")
            file.seek(0)
            for line in file:
                yield line.encode()

    def _row_as_json(self, row: ResultRow) -> dict[str, Json]:
        outcome = row.outcome
        return {
            "file": row.location.file,
            "sheet": row.location.sheet,
            "row": row.location.row,
            "outcome": outcome.kind.value,
            "code": outcome.code,
            "detail": outcome.detail,
            "hint": get_remedy(outcome.code),
            "http_status": outcome.status,
            "attempts": outcome.attempts,
            "enrollment_id": outcome.enrollment_id,
            "finished_at": None if row.finished_at is None else iso_utc(row.finished_at),
            "cells": list(row.cells[: self._width]),
        }
