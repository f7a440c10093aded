"""Ids that a spreadsheet has destroyed."""

from __future__ import annotations

from typing import Final

ID_FIELDS: Final = ("user_id", "course_id", "school_id", "class_id", "sourced_id")
