from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from support.paths import SAMPLES
from support.roster_files import opened

from batch_enroll.adapters.rosters.bundle_roster import BundleFiles, BundleRoster
from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.model import Role, RosterRow, RowProblem, RowStatus
from batch_enroll.core.roster.row_parser import Defaults, read_row

if TYPE_CHECKING:
    from batch_enroll.ports import RosterSource


def typed(source: RosterSource) -> list[RosterRow | RowProblem]:
    return [read_row(row, Defaults()) for row in source.rows()]


def good(source: RosterSource) -> list[RosterRow]:
    return [row for row in typed(source) if isinstance(row, RosterRow)]


def test_the_term_start_sample_is_a_plain_table_without_a_fault() -> None:
    roster = CsvRoster(SAMPLES / "term_start.csv")
    rows = good(roster)
    assert roster.columns[-2:] == ("given_name", "family_name")
    assert Counter(row.role for row in rows) == {Role.STUDENT: 58, Role.TEACHER: 4}
    assert len({(row.user_id, row.course_id) for row in rows}) == roster.refs()[0].rows == 62


def test_the_messy_sample_holds_every_kind_of_bad_row_and_none_blocks_a_good_one() -> None:
    roster = CsvRoster(SAMPLES / "messy.csv")
    read = list(roster.rows())
    rows = [read_row(row, Defaults()) for row in read]
    problems = {
        source.location.row: row.code for source, row in zip(read, rows, strict=True) if isinstance(row, RowProblem)
    }
    assert problems == {
        9: "E101",
        10: "E102",
        11: "E103",
        12: "E104",
        13: "E105",
        14: "E106",
        15: "E108",
        16: "E110",
    }
    fine = [row for row in rows if isinstance(row, RosterRow)]
    assert [row.user_id for row in fine[:4]] == ["0010041", "0010048", "0010055", "NA"]
    assert [row.begin_date for row in fine[1:4]] == [
        datetime(2025, 8, 27, tzinfo=UTC),
        None,
        datetime(2025, 8, 27, tzinfo=UTC),
    ]
    assert fine[1].metadata == {"goals": {"dailyXp": 30}}
    assert [row.status for row in fine[4:]] == [
        RowStatus.ACTIVE,
        RowStatus.TO_BE_DELETED,
        RowStatus.INACTIVE,
        RowStatus.ACTIVE,
    ]
    assert "Zoë Fontaine" in read[0].cells
    assert "two\nlines" in read[2].cells


def test_the_workbook_sample_keeps_the_zeros_that_the_office_sees() -> None:
    rows = good(XlsxRoster(SAMPLES / "number_ids.xlsx"))
    assert [(row.user_id, row.course_id, row.school_id) for row in rows[:2]] == [
        ("00412", "70010", "031"),
        ("00421", "70011", "031"),
    ]
    assert {row.begin_date for row in rows} == {datetime(2025, 9, 1, tzinfo=UTC)}
    assert len(rows) == 12


def test_the_oneroster_1_1_sample_enrolls_in_courses_not_in_classes() -> None:
    rows = good(BundleRoster(BundleFiles(SAMPLES / "oneroster_11.zip")))
    assert Counter((row.course_id, row.role) for row in rows) == {
        ("crs-math", Role.STUDENT): 10,
        ("crs-sci", Role.STUDENT): 10,
        ("crs-math", Role.TEACHER): 2,
        ("crs-sci", Role.TEACHER): 1,
    }
    assert {row.begin_date for row in rows if row.role is Role.TEACHER} == {datetime(2025, 8, 25, tzinfo=UTC)}
    assert len({(row.user_id, row.course_id, row.school_id, row.role) for row in rows}) == 22


def test_the_oneroster_1_2_sample_shows_what_a_bundle_can_lack() -> None:
    rows = typed(BundleRoster(BundleFiles(SAMPLES / "oneroster_12")))
    assert [row.code if isinstance(row, RowProblem) else row.status.value for row in rows] == [
        "active",
        "active",
        "active",
        "tobedeleted",
        "active",
        "active",
        "E118",
        "E107",
        "E107",
        "E104",
    ]
    fine = [row for row in rows if isinstance(row, RosterRow)]
    assert {(row.user_id, row.course_id, row.school_id) for row in fine[:2]} == {("usr-001", "crs-math", "org-lake")}
    assert fine[5].school_id == "org-lake"


def test_the_clever_sample_enrolls_students_and_teachers_in_their_sections_courses() -> None:
    rows = typed(opened(SAMPLES / "clever"))
    codes = [row.code if isinstance(row, RowProblem) else "" for row in rows]
    assert codes == ["", "", "", "", "E118", "E107", "", "", ""]
    assert Counter((row.course_id, row.role) for row in rows if isinstance(row, RosterRow)) == {
        ("MATH-7", Role.STUDENT): 2,
        ("MATH-7", Role.TEACHER): 2,
        ("SCI-7", Role.STUDENT): 2,
        ("SCI-7", Role.TEACHER): 1,
    }


def test_the_moodle_sample_has_a_seat_for_each_course_of_a_line() -> None:
    rows = typed(opened(SAMPLES / "moodle_upload.csv"))
    assert [(row.user_id, row.course_id, row.status) for row in rows if isinstance(row, RosterRow)] == [
        ("u-0101", "MATH-7", RowStatus.ACTIVE),
        ("u-0101", "SCI-7", RowStatus.ACTIVE),
        ("u-0102", "MATH-7", RowStatus.ACTIVE),
        ("u-0102", "SCI-7", RowStatus.INACTIVE),
        ("u-9001", "MATH-7", RowStatus.ACTIVE),
        ("u-9002", "SCI-7", RowStatus.ACTIVE),
    ]
    assert len(rows) == 7


def test_the_rerun_sample_is_read_without_the_columns_of_the_earlier_run() -> None:
    roster = CsvRoster(SAMPLES / "rerun.csv")
    assert roster.columns == ("user_id", "course_id", "school_id", "role", "begin_date", "remark")
    assert [row.cells[-1] for row in roster.rows()] == ["=was in 7B", "-2 days", "@late", ""]
    assert len(good(roster)) == 4
