from __future__ import annotations

from support.paths import README

from batch_enroll.core.model import RosterRow, RowLocation
from batch_enroll.core.roster.column_docs import METADATA_COLUMN, NOTES, ROUTE_NOTES, explained
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.row_parser import Defaults, read_row


def test_every_field_that_names_no_one_to_be_found_has_a_note() -> None:
    found_by = {field for field in FIELDS if field.startswith(("user_", "course_", "school_")) and field[-3:] != "_id"}
    assert [*NOTES, *ROUTE_NOTES] == [field for field in FIELDS if field not in found_by]


def test_the_examples_are_a_row_that_can_be_sent() -> None:
    _, *lines = explained()
    header, cells = [line[0] for line in lines], [line[3] for line in lines]
    source = map_headers(header).row(RowLocation("a", 2), cells)
    assert source is not None
    row = read_row(source, Defaults())
    assert isinstance(row, RosterRow)
    assert row.metadata == {"goals": {"dailyXp": 30}}


def test_the_readme_names_the_same_columns() -> None:
    told = " ".join(README.read_text().split())
    assert ", ".join(f"`{column}`" for column in NOTES) in told
    assert f"`{METADATA_COLUMN}`" in told
