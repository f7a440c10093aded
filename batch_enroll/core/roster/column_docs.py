"""What each column of a plain roster holds, in words for people: the one table for all that tells it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Note(NamedTuple):
    """A column: whether a roster can do without it, what stands in it, and an example."""

    needed: str
    holds: str
    example: str = ""


NOTES: Final[dict[str, Note]] = {
    "user_id": Note("yes", "The person's sourcedId.", "00412"),
    "course_id": Note("yes, or give --course-id", "The course's sourcedId; not that of a class.", "MATH-7"),
    "school_id": Note("no", "The school's sourcedId. Blank: the person's primary school.", "north"),
    "role": Note("no", "student, teacher, proctor or administrator. Blank: student.", "student"),
    "begin_date": Note("no", "The first day, as YYYY-MM-DD. Blank: the server's choice.", "2026-09-01"),
    "end_date": Note("no", "The day after the last one, as YYYY-MM-DD. A row that has ended is skipped.", "2027-06-30"),
    "status": Note("no", "active, inactive (is skipped) or tobedeleted (a withdrawal). Blank: active.", "active"),
    "sourced_id": Note("no", "A sourcedId for the enrollment itself. Blank: the server makes one."),
}
# Read too, and of use on one route only; a blank roster does without them.
ROUTE_NOTES: Final[dict[str, Note]] = {
    "class_id": Note(
        "no", "With --via oneroster: the class's sourcedId. Blank: the course's default class.", "MATH-7-A"
    ),
    "primary": Note("no", "With --via oneroster: true or false, whether it is the person's main class.", "true"),
}
METADATA: Final = Note(
    "no",
    "Goes along with the enrollment, as do other columns called metadata.NAME; goals and metrics are numbers.",
    "30",
)
METADATA_COLUMN: Final = "metadata.goals.dailyXp"


def explained() -> list[tuple[str, ...]]:
    """The table: a header, and a line for each column."""
    lines = [(column, *note) for column, note in (*NOTES.items(), *ROUTE_NOTES.items(), (METADATA_COLUMN, METADATA))]
    return [("Column", "Needed", "What it holds", "Example"), *lines]
