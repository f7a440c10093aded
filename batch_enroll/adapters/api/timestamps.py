"""Dates and times as the vendor writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_enroll.core.model import Json


def parse_timestamp(value: Json) -> datetime | None:
    """A date or a time; None when it is neither. A bare date is midnight in UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
