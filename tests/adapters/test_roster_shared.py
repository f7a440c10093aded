"""Real and hostile files of many systems: each ends in rows or in one clear line."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rosters import SHARED

from batch_enroll.adapters import roster_oneroster, roster_xlsx
from batch_enroll.adapters.roster_csv import CsvRoster
from batch_enroll.adapters.roster_oneroster import OneRosterBundle
from batch_enroll.adapters.roster_xlsx import XlsxRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.intake import Defaults, read_row
from batch_enroll.core.model import RosterRow

if TYPE_CHECKING:
    from batch_enroll.ports import RosterSource

NO_COURSE = frozenset({"course_id"})
DISTRICT = SHARED / "oneroster_1p1" / "gospelnerd" / "oneroster-district-small.zip"
MOST_BYTES = 100_000_000

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="shared rosters are not here")


def names() -> list[str]:
    files = [path for path in SHARED.rglob("*") if path.is_file()]
    folders = {path.parent for path in files}
    return sorted(path.relative_to(SHARED).as_posix() for path in (*files, *folders))


def opened(path: Path) -> RosterSource:
    if roster_oneroster.recognises(path):
        return OneRosterBundle(path)
    if roster_xlsx.recognises(path):
        return XlsxRoster(path, overrides={}, defaults_present=NO_COURSE)
    return CsvRoster(path, defaults_present=NO_COURSE)


def refusal(source: RosterSource) -> str:
    """Reads every row; the reason if the roster was refused, else nothing."""
    try:
        for row in source.rows():
            assert len(row.cells) == len(source.columns)
            read_row(row, Defaults(course_id="c"))
    except RosterError as why:
        return str(why)
    return ""


@pytest.mark.parametrize("name", names())
def test_every_file_ends_in_rows_or_in_one_clear_line_that_names_it(name: str) -> None:
    why = refusal(opened(SHARED / name))
    assert not why or Path(name).name in why
    assert "\n" not in why
    assert len(why) < 2000


@pytest.mark.parametrize(
    "name", ["xlsx/poi/poc-xmlbomb.xlsx", "xlsx/poi/poc-shared-strings.xlsx", "xlsx/poi/54764.xlsx"]
)
def test_bombs_stay_small(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RosterError):
            _ = XlsxRoster(SHARED / name).columns
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


def test_a_real_districts_enrollments_are_fewer_seats_than_rows() -> None:
    rows = [read_row(row, Defaults()) for row in OneRosterBundle(DISTRICT).rows()]
    seats = {(row.user_id, row.course_id, row.school_id, row.role) for row in rows if isinstance(row, RosterRow)}
    assert (len(rows), len(seats)) == (1855, 1827)
    assert sum(role == "student" for *_, role in seats) == 1736


def test_a_plain_enrollment_export_with_its_own_ids_reads_as_it_is() -> None:
    source = CsvRoster(SHARED / "sds" / "oea_base_truth" / "enrollment.csv")
    rows = [read_row(row, Defaults()) for row in source.rows()]
    assert sum(isinstance(row, RosterRow) for row in rows) == 3600
