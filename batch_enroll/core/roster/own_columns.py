"""Columns that our own files add to a roster's: results, corrections and plans."""

from __future__ import annotations

from typing import Final

OUR_PREFIX: Final = "enroll_"  # columns that earlier results added
ROW_MARK: Final = "enroll_row"  # the row of the first roster that a line of our files belongs to
ROSTER_MARK: Final = "enroll_roster"  # and, of several rosters, which one
SEAT_FROM: Final = "seat_from"  # the column, or file and column, that an enrollment was read from
ROW: Final = "plan_row"  # the roster's row that a step of a plan comes from
WHY: Final = "plan_why"
