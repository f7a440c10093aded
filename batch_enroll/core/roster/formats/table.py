"""A plain table with a header: a row for each enrollment."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import TableFormat

FORMAT: Final = TableFormat(name="table", title="plain table", order=10)
