"""Every sample roster, run by the real command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.e2e_cli import desk
from support.paths import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

# Counted by hand: enrolled, invalid, skipped.
EXPECTED = {
    "term_start.csv": (62, 0, 0),
    "messy.csv": (4, 8, 4),
    "number_ids.xlsx": (12, 0, 0),
    "oneroster_11.zip": (22, 0, 1),
    "oneroster_12": (3, 4, 3),
    "rerun.csv": (4, 0, 0),
    "clever": (7, 2, 0),
    "moodle_upload.csv": (5, 1, 1),
    "emails.csv": (3, 3, 0),
}
SCHOOLS = {"emails.csv": SAMPLES / "oneroster_12"}  # who is found by name must be known by name


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", EXPECTED)
async def test_a_sample_ends_as_counted_by_hand(name: str, tmp_path: Path) -> None:
    async with desk(tmp_path, school=SCHOOLS.get(name)) as at:
        done = await at.run(str(SAMPLES / name), "--as-of", "2025-09-01")
        seats = at.sandbox.school.active_enrollments()
    outcomes = done.summary["outcomes"]
    assert (outcomes["enrolled"], outcomes["invalid"], outcomes["skipped"]) == EXPECTED[name]
    assert len(seats) == EXPECTED[name][0]
    assert done.status == (1 if EXPECTED[name][1] else 0)
    assert len(done.rows()) == sum(EXPECTED[name])


@pytest.mark.asyncio
async def test_several_rosters_are_one_run_and_each_row_names_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        done = await at.run(*(str(SAMPLES / name) for name in ("term_start.csv", "number_ids.xlsx")))
    rows = done.rows()
    assert len(rows) == 62 + 12
    assert {row["enroll_roster"] for row in rows} == {"term_start.csv", "number_ids.xlsx"}
    assert [roster["rows"] for roster in done.summary["roster"]] == [62, 12]
