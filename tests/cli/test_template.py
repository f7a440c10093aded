from __future__ import annotations

import json
from typing import TYPE_CHECKING

from openpyxl import load_workbook
from support.roster_files import cells

from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.roster.column_docs import NOTES, explained

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

from batch_enroll.cli import main


def batch_enroll(*arguments: object) -> int:
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as done:
        return int(done.code or 0)
    raise AssertionError


def test_the_blank_roster_goes_to_stdout_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    assert batch_enroll("template") == 0
    assert capsys.readouterr().out == ",".join(NOTES) + "\n"


def test_a_workbook_keeps_what_is_typed_as_text_and_explains_each_column(tmp_path: Path) -> None:
    path = tmp_path / "term.xlsx"
    assert batch_enroll("template", "-o", path) == 0
    book = load_workbook(path)
    roster, notes = book.worksheets
    assert roster.column_dimensions["A"].number_format == "@"
    table = [tuple(cell or "" for cell in row) for row in notes.iter_rows(values_only=True)]
    assert table[-len(explained()) :] == explained()
    roster["A2"], roster["B2"] = "00412", "MATH-7"
    book.save(path)
    assert cells(XlsxRoster(path)) == [("00412", "MATH-7", *[""] * 6)]


def test_a_workbook_is_written_here_unless_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [batch_enroll("template", "--xlsx"), batch_enroll("template", "--xlsx")] == [0, 2]
    assert XlsxRoster(tmp_path / "roster.xlsx").columns[:2] == ("user_id", "course_id")


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "term.csv"
    assert batch_enroll("template", "-o", path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(path)
    assert path.read_bytes() == (",".join(NOTES) + "\r\n").encode()
    assert batch_enroll("template", "-o", path) == 2
    assert "is there already" in capsys.readouterr().err
    assert batch_enroll("template", "-o", tmp_path / "no" / "where.csv") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_check_fix_writes_a_copy_and_lists_the_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster, copy = tmp_path / "term.csv", tmp_path / "fixed.csv"
    roster.write_text(
        "Student ID,Course_ID,Start Date,Note\n 007 ,M-7,27.08.2025,a\n007,M-7,2025-08-27,b\n,M-7,,c\n"
        + "u,M-7,,d,e\n" * 30
    )
    assert batch_enroll("check", roster, "--fix", copy, "--state", tmp_path) == 1
    written = capsys.readouterr().out
    assert "Repaired copy:" in written
    assert '"Student ID" is now user_id' in written
    assert 'term.csv row 2, Student ID: " 007 "' in written
    assert "term.csv row 3, which repeats term.csv row 2" in written
    assert "keeps them" in written
    first, second, third, *broken = copy.read_text().splitlines()
    assert first == "user_id,course_id,begin_date,Note,enroll_row,enroll_outcome,enroll_code"
    assert (second, third) == ("007,M-7,2025-08-27,a,,,", ",M-7,,c,,,")
    assert broken == ["u,M-7,,d,,invalid,E108"] * 30
    assert copy.stat().st_mode & 0o777 == 0o600
    assert batch_enroll("check", copy, "--json", "--state", tmp_path) == 1
    assert json.loads(capsys.readouterr().out)["outcomes"]["invalid"] == 31


def test_another_table_stays_one_in_the_copy_and_in_what_a_check_says_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster, copy = tmp_path / "term.csv", tmp_path / "fixed.csv"
    rows_twice = "u1,M-7\nu2,M-7\n"
    roster.write_text(f"Student ID,course_id\n{rows_twice}\nu3,M-7\n\nLeft,\n{rows_twice}")
    assert batch_enroll("check", roster, "--fix", copy, "--state", tmp_path) == 1
    written = capsys.readouterr().out
    assert "W104 1 row: Possible start of another table" in written
    assert "E127 3 rows: Second header, title or table" in written
    header, *rows = copy.read_text().splitlines()
    assert header.startswith("user_id,course_id,enroll_row")
    assert rows[2:4] == ["", "u3,M-7,,,"]
    assert rows[4:] == ["Left,,,invalid,E127", "u1,M-7,,invalid,E127", "u2,M-7,,invalid,E127"]
    assert batch_enroll("check", copy, "--json", "--state", tmp_path) == 1
    again = json.loads(capsys.readouterr().out)
    assert (again["outcomes"]["invalid"], len(again["warnings"])) == (3, 1)
    assert batch_enroll("plan", roster, "-o", tmp_path / "plan.json", "--env", "sandbox", "--state", tmp_path) == 0
    assert "Unusual: 1 row: Possible start of another table (W104), at term.csv" in capsys.readouterr().out


def test_the_changes_are_in_the_json_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster = tmp_path / "term.csv"
    roster.write_text("user_id,course_id\n" + "".join(f" u{nth},M\n" for nth in range(40)))
    assert batch_enroll("check", roster, "--fix", tmp_path / "a.csv", "--state", tmp_path) == 0
    assert "and 20 more; --json has them all" in capsys.readouterr().out
    assert batch_enroll("check", roster, "--fix", tmp_path / "a.csv", "--json", "--state", tmp_path) == 0
    fixed = json.loads(capsys.readouterr().out)["fixed"]
    assert (fixed["rows"], len(fixed["changes"])) == (40, 40)


def test_a_copy_is_never_written_over_the_roster_or_of_anything_but_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = tmp_path / "term.csv"
    roster.write_text("user_id,course_id\nu,c\n")
    (tmp_path / "other.csv").hardlink_to(roster)
    assert batch_enroll("check", roster, "--fix", roster, "--state", tmp_path) == 2
    assert batch_enroll("check", roster, "--fix", tmp_path / "other.csv", "--state", tmp_path) == 2
    assert batch_enroll("check", roster, "--fix", tmp_path / "a.xlsx", "--state", tmp_path) == 2
    assert batch_enroll("check", roster, "--fix", tmp_path / "no" / "a.csv", "--state", tmp_path) == 2
    assert batch_enroll("check", roster, roster, "--fix", tmp_path / "a.csv", "--state", tmp_path) == 2
    written = capsys.readouterr().err
    assert "is the roster itself" in written
    assert "call the copy a.csv" in written
    assert "one roster at a time" in written
    assert roster.read_text() == "user_id,course_id\nu,c\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.csv", "term.csv"]
