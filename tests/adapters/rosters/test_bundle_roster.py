from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.roster_files import cells, read, write_bundle, write_csv

from batch_enroll.adapters.rosters.bundle_roster import BundleFiles, BundleRoster
from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RosterRow
from batch_enroll.core.roster.row_parser import Defaults, read_row

if TYPE_CHECKING:
    from pathlib import Path

ENROLLMENTS = "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\r\n"
PARTS = {
    "manifest.csv": "propertyName,value\r\noneroster.version,1.1\r\nfile.users,bulk\r\n",
    "academicSessions.csv": "sourcedId,title,startDate\r\nt0,Open,\r\nt1,Fall,2025-08-25\r\nt2,Spring,2026-01-19\r\n",
    "classes.csv": (
        "sourcedId,status,courseSourcedId,schoolSourcedId,termSourcedIds\r\n"
        'k1,,crs,sch,"t0, t1,t2"\r\n'
        "k2,,crs,,\r\n"
        "k-blank,,,sch,\r\n"
        "k-del,tobedeleted,crs,sch,\r\n"
        "k-two,,crs,sch,\r\nk-two,,other,sch,\r\n"
        "k-same,,crs,sch,t1\r\nk-same,,crs,sch,t2\r\n"
    ),
    "users.csv": (
        "sourcedId,status,role,primaryOrgSourcedId,role\r\n"
        "u1,,student,org1,\r\n"
        "u2,,student,,\r\n"
        "u3,,student,,\r\n"
        "u-del,toBeDeleted,student,,\r\n"
        "u-two,,student,,\r\nu-two,tobedeleted,student,,\r\n"
    ),
    "roles.csv": (
        "sourcedId,status,userSourcedId,roleType,role,orgSourcedId\r\n"
        "r1,,u2,primary,student,org2\r\n"
        "r2,,u2,secondary,student,org9\r\n"
        "r3,tobedeleted,u2,primary,student,org8\r\n"
        "r4,,u3,primary,student,org3\r\n"
        "r5,,u3,primary,student,org4\r\n"
    ),
}


def opened(path: Path, *, limit: int | None = None) -> BundleRoster:
    return BundleRoster(BundleFiles(path), limit=limit)


def bundle(path: Path, *rows: str, without: str = "", **parts: str) -> BundleRoster:
    held = {**PARTS, "enrollments.csv": ENROLLMENTS + "\r\n".join(rows) + "\r\n"}
    held |= {f"{name}.csv": text for name, text in parts.items()}
    held.pop(without, None)
    return opened(write_bundle(path / "bundle.zip", held))


def joined(roster: BundleRoster) -> list[tuple[str, str, str]]:
    return [
        (row.fields.get("course_id", ""), row.fields.get("school_id", ""), row.fields.get("begin_date", ""))
        for row in roster.rows()
    ]


def problems(roster: BundleRoster) -> list[str]:
    return ["" if row.problem is None else f"{row.problem.code} {row.problem}" for row in roster.rows()]


def test_the_course_is_the_classes_course_and_the_first_day_its_terms(tmp_path: Path) -> None:
    roster = bundle(tmp_path, "e1,,k1,sch,u1,student,,", "e2,,k1,sch,u1,student,2025-09-09,")
    assert joined(roster) == [("crs", "sch", "2025-08-25"), ("crs", "sch", "2025-09-09")]
    assert problems(roster) == ["", ""]


def test_the_school_is_the_enrollments_then_the_classes_then_the_users_one_primary_org(tmp_path: Path) -> None:
    rows = ["e1,,k1,own,u1,student,,", "e2,,k1,,u1,student,,"]
    rows += [f"e,,k2,,{user},student,," for user in ("u1", "u2", "u3")]
    assert [school for _, school, _ in joined(bundle(tmp_path, *rows))] == ["own", "sch", "org1", "org2", ""]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("e,,k-none,sch,u1,student,,", 'E107 classSourcedId: "k-none" is not in classes.csv'),
        ("e,,,sch,u1,student,,", "E107 classSourcedId: is empty, so that no course can be told"),
        ("e,,k-blank,sch,u1,student,,", 'E118 classSourcedId: "k-blank" has no course in classes.csv'),
        (
            "e,,k-two,sch,u1,student,,",
            'E107 classSourcedId: "k-two" stands in classes.csv twice, with different courses',
        ),
        ("e,,k-del,sch,u1,student,,", 'E107 classSourcedId: "k-del" is marked as deleted in classes.csv'),
        ("e,,k1,sch,u-none,student,,", 'E107 userSourcedId: "u-none" is not in users.csv'),
        ("e,,k1,sch,u-del,student,,", 'E107 userSourcedId: "u-del" is marked as deleted in users.csv'),
        ("e,,k1,sch,u-two,student,,", 'E107 userSourcedId: "u-two" stands in users.csv twice, once as deleted'),
        ("e,,k1,sch,u1,student,,,lost", "E108 9 cells below 8 headers; left over: lost"),
    ],
)
def test_a_row_that_cannot_be_joined_names_the_missing_piece(tmp_path: Path, row: str, problem: str) -> None:
    roster = bundle(tmp_path, row, "e,,k1,sch,u1,student,,")
    assert problems(roster) == [problem, ""]
    assert all(not read.fields.get("course_id", "").startswith("k") for read in roster.rows())


def test_a_class_that_stands_twice_with_one_course_is_clear(tmp_path: Path) -> None:
    assert problems(bundle(tmp_path, "e,,k-same,sch,u1,student,,")) == [""]


def test_a_row_without_a_user_is_left_to_be_told_as_such(tmp_path: Path) -> None:
    (row,) = read(bundle(tmp_path, "e,,k1,sch,,student,,"))
    assert row.problem is None
    assert "user_id" not in row.fields


def test_a_withdrawal_keeps_its_course_though_class_and_user_are_gone(tmp_path: Path) -> None:
    roster = bundle(tmp_path, "e,tobedeleted,k-del,sch,u-del,student,,", "e,inactive,k1,sch,u-none,student,,")
    assert problems(roster) == ["", ""]
    assert joined(roster)[0][0] == "crs"


@pytest.mark.parametrize("manifest", ["file.users,delta", "file.users,Absent"])
def test_a_user_need_not_be_in_a_list_that_is_not_complete(tmp_path: Path, manifest: str) -> None:
    roster = bundle(tmp_path, "e,,k1,sch,u-none,student,,", manifest=f"propertyName,value\r\n{manifest}\r\n")
    assert problems(roster) == [""]


def test_parts_that_are_absent_are_no_obstacle_as_long_as_the_class_names_a_course(tmp_path: Path) -> None:
    row = "e,,k1,sch,u9,student,,"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert problems(bundle(tmp_path, row, without="users.csv")) == [""]
    assert problems(bundle(tmp_path / "a", row, without="manifest.csv")) == [
        'E107 userSourcedId: "u9" is not in users.csv'
    ]
    assert "is not in classes.csv" in problems(bundle(tmp_path / "b", row, without="classes.csv"))[0]


def test_the_joined_columns_stand_behind_the_bundles_own_and_read_back_as_a_table(tmp_path: Path) -> None:
    roster = bundle(tmp_path, "e1,,k1,,u1,Teacher,,", "e2,active,k2,own,u2,student,2025-09-09,2026-06-01")
    assert roster.columns[-3:] == ("course_id", "school_id", "begin_date")
    assert roster.describe()[-1] == ("begin_date", "begin_date")
    again = CsvRoster(write_csv(tmp_path / "failed.csv", [roster.columns, *cells(roster)]))
    assert [read_row(row, Defaults()) for row in again.rows()] == [read_row(row, Defaults()) for row in roster.rows()]


def test_rows_are_numbered_within_the_file_of_the_bundle(tmp_path: Path) -> None:
    roster = bundle(tmp_path, "e1,,k1,,u1,student,,", ",,,,,,,", "e2,,k1,,u1,student,,")
    assert [str(row.location) for row in roster.rows()] == [
        "bundle.zip/enrollments.csv row 2",
        "bundle.zip/enrollments.csv row 4",
    ]
    assert roster.estimated_rows == 3
    assert (roster.refs()[0].rows, len(roster.refs()[0].sha256)) == (2, 64)


def test_a_limit_ends_the_reading_early(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "b", {**PARTS, "enrollments.csv": ENROLLMENTS + "e,,k1,,u1,student,,\r\n" * 5})
    roster = opened(path, limit=2)
    assert (roster.estimated_rows, len(read(roster))) == (2, 2)
    assert (roster.refs()[0].path, roster.refs()[0].rows, len(roster.refs()[0].sha256)) == (str(path), 2, 64)


@pytest.mark.parametrize("name", ["bundle.zip", "bundle"])
@pytest.mark.parametrize("inside", ["", "export/"])
def test_an_archive_and_a_folder_with_or_without_an_enclosing_folder_read_alike(
    tmp_path: Path, name: str, inside: str
) -> None:
    parts = {**PARTS, "Enrollments.CSV": "\ufeff" + ENROLLMENTS + "e,,k1,,u1,student,,\r\n"}
    path = write_bundle(tmp_path / name, parts, inside=inside)
    (row,) = read(opened(path))
    assert row.location.file == f"{name}/{inside}Enrollments.CSV"
    typed = read_row(row, Defaults())
    assert isinstance(typed, RosterRow)
    assert (typed.course_id, typed.begin_date, typed.sourced_id) == ("crs", datetime(2025, 8, 25, tzinfo=UTC), "e")


def test_what_archivers_leave_beside_the_files_does_not_count(tmp_path: Path) -> None:
    parts = {**PARTS, "enrollments.csv": ENROLLMENTS + "e,,k1,,u1,student,,\r\n", "__MACOSX/enrollments.csv": "\x00"}
    assert len(read(opened(write_bundle(tmp_path / "b.zip", parts)))) == 1


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"users.csv": ""}, r"b\.zip: no enrollments\.csv, .* or rosters\.csv in the bundle; files: users\.csv"),
        ({}, r"no enrollments\.csv, .* in the bundle; files: none"),
        ({"a/enrollments.csv": "", "b/enrollments.csv": ""}, "several rosters in one, in a, b; give one"),
        ({"enrollments.csv": ENROLLMENTS}, r"b\.zip/enrollments\.csv: there are no rows below the header"),
        ({"enrollments.csv": "a,b\n1,2\n"}, r"no column for user_id and class_id"),
        ({"enrollments.csv": ENROLLMENTS + "e,,k,,u,,,", "classes.csv": "a,b\n"}, r"classes\.csv: no column sourcedid"),
        ({"enrollments.csv": ENROLLMENTS, "../users.csv": ""}, "leads out of it"),
    ],
)
def test_a_bundle_that_cannot_be_used_says_what_it_holds(tmp_path: Path, parts: dict[str, str], why: str) -> None:
    with pytest.raises(RosterError, match=why):
        read(opened(write_bundle(tmp_path / "b.zip", parts)))


def test_a_damaged_archive_is_told_in_one_line(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "b.zip", {"enrollments.csv": ENROLLMENTS + "e,,k1,,u1,student,,\r\n" * 500})
    raw = bytearray(path.read_bytes())
    raw[45:60] = b"\xff" * 15
    path.write_bytes(raw)
    with pytest.raises(RosterError, match=r"b\.zip cannot be unpacked"):
        read(opened(path))


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "b", {**PARTS, "enrollments.csv": ENROLLMENTS})
    (path / "orgs.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(RosterError, match="symbolic link"):
        _ = opened(path).columns
